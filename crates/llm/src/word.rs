//! Closed lists of words for the fields of a response, and the meaning of each word.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A closed list of words for one field.
pub(crate) trait Word: DeserializeOwned + Copy + Eq + 'static {
    /// Every word with its meaning, as the prompt explains it.
    const WORDS: &'static [(&'static str, &'static str)];
}

/// Defines an enumeration whose variants are the words of a [`Word`].
macro_rules! words {
    (
        $(#[$of:meta])*
        $name:ident {
            $($variant:ident = $word:literal: $meaning:literal,)+
        }
    ) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
        pub(crate) enum $name {
            $(#[serde(rename = $word)] $variant,)+
        }

        impl $crate::word::Word for $name {
            const WORDS: &'static [(&'static str, &'static str)] = &[$(($word, $meaning),)+];
        }
    };
}
pub(crate) use words;

/// Parses a response. The error repeats no part of it, because anyone may have written the text.
pub(crate) fn read<T: DeserializeOwned>(response: &str) -> Result<T, String> {
    serde_json::from_str(response).map_err(|error| {
        let problem = if error.is_data() {
            "a field is missing, was not asked for, or holds a word that is not listed"
        } else {
            "it is not one JSON object"
        };
        problem.to_owned()
    })
}

/// Returns the schema of one word.
pub(crate) fn one<W: Word>() -> Value {
    let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
    json!({"type": "string", "enum": words})
}

/// Returns the schema of a list of words.
pub(crate) fn several<W: Word>() -> Value {
    json!({"type": "array", "items": one::<W>()})
}

/// Returns the schema of an object that has exactly these members.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    let properties: serde_json::Map<String, Value> = members.into_iter().collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Adds a field and its words to a prompt.
pub(crate) fn explain<W: Word>(prompt: &mut String, field: &str, question: &str) {
    prompt.push_str("\n`");
    prompt.push_str(field);
    prompt.push_str("`: ");
    prompt.push_str(question);
    for (word, meaning) in W::WORDS {
        prompt.push_str("\n  - ");
        prompt.push_str(word);
        prompt.push_str(": ");
        prompt.push_str(meaning);
    }
}
