//! The values of a request and the words of its intent, as dangers are looked for in them.

use std::cell::OnceCell;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_name::mentions_secret;
use gaiterguard_text::stated::{self, Stated};
use gaiterguard_text::words::{of_name, of_text};

use crate::compare::Compared;
use crate::field::{Leaf, LeafKind};
use crate::finding::Finding;
use crate::signal::{self, SignalKind};

/// The most values that are searched. A longer list has more of the same, and a danger only explains.
const VALUES_MAX: usize = 2048;

/// A value of the request, with its words in lower case.
pub(super) struct Value<'a> {
    pub(super) leaf: &'a Leaf<'a>,
    /// The words of its own name.
    pub(super) name: Vec<String>,
    /// The words of all names on the way to it.
    pub(super) path: Vec<String>,
    /// The value in lower case.
    pub(super) text: String,
}

/// A request as its dangers are looked for.
pub(super) struct Scene<'a> {
    pub(super) compared: &'a Compared<'a>,
    pub(super) effect: Effect,
    pub(super) values: Vec<Value<'a>>,
    /// The words of the intent in lower case.
    pub(super) intent: Vec<String>,
    /// The intent in lower case.
    pub(super) intent_text: String,
    /// The letters and digits of the intent alone, in lower case and without accents.
    pub(super) intent_squeezed: String,
    stated: OnceCell<Vec<Stated<'a>>>,
}

impl<'a> Value<'a> {
    pub(super) fn of(leaf: &'a Leaf<'a>) -> Self {
        let found = &leaf.found;
        Self {
            leaf,
            name: words_of(found.name),
            path: words_of(found.evidence),
            text: found.value.trim().to_lowercase(),
        }
    }

    /// Whether its own name has one of these words.
    pub(super) fn is_named(&self, words: &[&str]) -> bool {
        has_any(&self.name, words)
    }

    /// Whether its own name, or one on the way to it, has one of these words.
    pub(super) fn is_in(&self, words: &[&str]) -> bool {
        self.is_named(words) || has_any(&self.path, words)
    }

    /// Whether it is written for people, so that a word in it has no effect.
    pub(super) fn is_prose(&self) -> bool {
        const PROSE: &[&str] = list![
            title label description subject text body message comment note notes summary content
            reason caption details html
        ];
        let last = self.name.last().map_or("", String::as_str);
        self.text.contains('\n') || self.text.len() > 120 || PROSE.contains(&last)
    }

    /// Whether it says yes.
    pub(super) fn says_yes(&self) -> bool {
        matches!(self.leaf.kind, LeafKind::Bool(true))
            || matches!(&*self.text, "true" | "yes" | "on" | "1")
    }

    /// Whether it says no.
    pub(super) fn says_no(&self) -> bool {
        matches!(self.leaf.kind, LeafKind::Bool(false))
            || matches!(&*self.text, "false" | "no" | "off")
    }

    /// Whether it is a database statement that changes rows.
    pub(super) fn is_statement(&self) -> bool {
        let text = self.text.trim_start();
        self.leaf.kind == LeafKind::Text
            && [
                "update ",
                "update\n",
                "delete from",
                "delete\n",
                "merge into",
            ]
            .iter()
            .any(|start| text.starts_with(start))
            || self.leaf.kind == LeafKind::Text
                && text.starts_with("alter table")
                && text.contains("delete")
                && text.contains("where")
    }

    /// Where its container is.
    pub(super) fn parent(&self) -> &str {
        let evidence = self.leaf.found.evidence;
        evidence.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The name and the value as a sentence has them.
    pub(super) fn shown(&self) -> String {
        let found = &self.leaf.found;
        let name = crate::finding::shown(last_part(found.name));
        match self.leaf.kind {
            LeafKind::Text if mentions_secret(found.name) => format!("“{name}”"),
            LeafKind::Text if found.value.is_empty() => format!("“{name}” is empty"),
            LeafKind::Text => format!("“{name}” is “{}”", crate::finding::shown(found.value)),
            LeafKind::Null => format!("“{name}” is null"),
            LeafKind::Bool(_) | LeafKind::Number => format!("“{name}” is {}", found.value),
        }
    }

    pub(super) fn danger(&self, sentence: String) -> Finding {
        self.finding(signal::DANGER, sentence)
    }

    pub(super) fn finding(&self, kind: SignalKind, sentence: String) -> Finding {
        Finding::new(kind, self.leaf.found.evidence, sentence)
    }
}

impl<'a> Scene<'a> {
    /// Reads a request and its intent.
    pub(super) fn of(compared: &'a Compared<'a>, effect: Effect) -> Self {
        Self {
            compared,
            effect,
            values: compared.leaves().take(VALUES_MAX).map(Value::of).collect(),
            intent: of_text(compared.intent).map(str::to_lowercase).collect(),
            intent_text: compared.intent.to_lowercase(),
            intent_squeezed: squeezed(compared.intent),
            stated: OnceCell::new(),
        }
    }

    /// Returns the quantities that the intent states.
    pub(super) fn stated(&self) -> &[Stated<'a>] {
        self.stated
            .get_or_init(|| stated::in_intent(self.compared.intent))
    }

    /// Whether the intent has a word that begins with one of these.
    pub(super) fn says(&self, beginnings: &[&str]) -> bool {
        let mut words = self.intent.iter();
        words.any(|word| {
            beginnings
                .iter()
                .any(|beginning| word.starts_with(beginning))
        })
    }

    /// Whether the intent has one of these words as it is.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        has_any(&self.intent, words)
    }

    /// Whether the intent says one of the words of a value or a name.
    pub(super) fn mentions(&self, words: &[String]) -> bool {
        words
            .iter()
            .filter(|word| word.len() > 2)
            .any(|word| self.compared.intent_words.has_word(word))
    }

    /// The values with the same container as another one, and that one.
    pub(super) fn siblings<'v>(&'v self, of: &'v Value<'_>) -> impl Iterator<Item = &'v Value<'v>> {
        let parent = of.parent();
        self.values.iter().filter(move |one| one.parent() == parent)
    }

    /// Whether the request changes or ends what exists.
    pub(super) fn changes(&self) -> bool {
        self.effect != Effect::Read
    }
}

/// The letters and digits of a text alone, in lower case and without accents: in it, a name is the same whether it has
/// spaces, points, or capitals, and an account number however it is grouped.
pub(super) fn squeezed(text: &str) -> String {
    const PLAIN: &[(&str, char)] = &[
        ("àáâãäåā", 'a'),
        ("çćč", 'c'),
        ("ďð", 'd'),
        ("èéêëēėęě", 'e'),
        ("ğ", 'g'),
        ("ìíîïī", 'i'),
        ("ł", 'l'),
        ("ñńň", 'n'),
        ("òóôõöøő", 'o'),
        ("ř", 'r'),
        ("śšş", 's'),
        ("ť", 't'),
        ("ùúûüůűū", 'u'),
        ("ýÿ", 'y'),
        ("źżž", 'z'),
    ];
    let plain = |c: char| {
        let known = PLAIN.iter().find(|(letters, _)| letters.contains(c));
        known.map_or(c, |(_, plain)| *plain)
    };
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_ascii() { c } else { plain(c) })
        .collect()
}

/// The words of a name or a value in lower case.
pub(super) fn words_of(text: &str) -> Vec<String> {
    of_name(text).map(str::to_lowercase).collect()
}

/// The last part of a dotted name.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

pub(super) fn has_any(words: &[String], known: &[&str]) -> bool {
    words.iter().any(|word| known.contains(&word.as_str()))
}
