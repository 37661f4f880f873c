//! The facts that every comparison reads.

use std::cell::OnceCell;

use gaiterguard_history::History;
use gaiterguard_request::opened::{self, Request};
use gaiterguard_text::quantities::Given;
use gaiterguard_text::words::{Stem, Stems, of_name, stem};

use crate::alternatives::Sides;
use crate::field::{Fields, Leaf, LeafKind};
use crate::impact::Verb;
use crate::intent::IntentWords;
use crate::requested_effects::RequestedEffects;
use crate::route::Route;

/// The request and the facts that it is compared with.
pub(crate) struct Compared<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) verb: Verb,
    pub(crate) route: &'a Route<'a>,
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) intent: &'a str,
    pub(crate) intent_words: &'a IntentWords<'a>,
    pub(crate) history: Option<&'a dyn History>,
    /// When the request arrived, in seconds since 1970.
    pub(crate) arrived: Option<i64>,
    /// The documented descriptions of the body's fields, by their JSON pointers.
    pub(crate) descriptions: &'a [(&'a str, &'a str)],
    /// The effects that the intent asks for.
    pub(crate) asked: RequestedEffects,
    /// The numbers that the intent gives; computed on first use.
    pub(crate) given: OnceCell<Given>,
    /// The sides of choices that the intent names.
    pub(crate) intent_sides: Sides,
}

/// The longest value that may be a word of a list of choices, in bytes. Longer ones are texts or
/// identifiers.
const WORD_BYTES_MAX: usize = 40;

impl<'a> Compared<'a> {
    pub(crate) fn given(&self) -> &Given {
        self.given.get_or_init(|| Given::in_text(self.intent))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Leaf<'a>> {
        self.fields.leaves.iter()
    }

    /// The words of the operation: the end of the path and the calls in the request.
    pub(crate) fn operation(&self) -> impl Iterator<Item = Stem> {
        let words: Vec<&str> = self.route.own_words().flat_map(of_name).collect();
        let first = words.len().saturating_sub(2);
        let own: Vec<Stem> = words[first..].iter().map(|word| stem(word)).collect();
        let calls = self.fields.calls.iter();
        own.into_iter()
            .chain(calls.flat_map(|call| of_name(call.name).map(stem)))
    }
}

/// A value that says yes or no.
pub(crate) fn truth(leaf: &Leaf<'_>) -> Option<bool> {
    match (leaf.kind, leaf.found.value) {
        (LeafKind::Bool(value), _) => Some(value),
        (LeafKind::Text, "true" | "True" | "TRUE") => Some(true),
        (LeafKind::Text, "false" | "False" | "FALSE") => Some(false),
        _ => None,
    }
}

/// Whether a value is a word or two that names a choice.
pub(crate) fn is_word(leaf: &Leaf<'_>) -> bool {
    leaf.kind == LeafKind::Text
        && leaf.found.value.len() <= WORD_BYTES_MAX
        && !opened::is_method_name(leaf.found.name)
        && !leaf.found.value.contains(char::is_whitespace)
        // A path within a document says where, not what.
        && !leaf.found.value.starts_with('/')
        && of_name(leaf.found.value).nth(3).is_none()
}

/// Returns the stems of a list of words.
pub(crate) fn set(words: &str) -> Stems {
    words.split_ascii_whitespace().map(stem).collect()
}
