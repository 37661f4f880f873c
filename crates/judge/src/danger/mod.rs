//! Names the danger of a request in a sentence: what it opens, grants, diverts, switches off or enlarges that its intent
//! does not ask for.
//!
//! A danger never counts: the weights are fitted without it. It says why a request deserves attention, and the score
//! says how much.

mod access;
mod amounts;
mod diverts;
mod extent;
mod limits;
mod rights;
mod switches;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_name::mentions_secret;

use crate::compare::Compared;
use crate::field::{Leaf, LeafKind};
use crate::finding::Finding;
use crate::signal::{self, SignalKind};
use crate::words::{of_name, of_text};

/// The most values that are searched. A longer list has more of the same, and a danger only explains.
const VALUES_MAX: usize = 2048;

/// A value of the request, with its words in lower case.
struct Value<'a> {
    leaf: &'a Leaf<'a>,
    /// The words of its own name.
    name: Vec<String>,
    /// The words of all names on the way to it.
    path: Vec<String>,
    /// The value in lower case.
    text: String,
}

/// A request as its dangers are looked for.
struct Scene<'a> {
    compared: &'a Compared<'a>,
    effect: Effect,
    values: Vec<Value<'a>>,
    /// The words of the intent in lower case.
    intent: Vec<String>,
}

/// Returns the dangers of a request, the gravest first.
pub(crate) fn of(compared: &Compared<'_>, effect: Effect) -> Vec<Finding> {
    if compared.intent.trim().is_empty() {
        return Vec::new();
    }
    let leaves = compared.leaves().take(VALUES_MAX);
    let scene = Scene {
        compared,
        effect,
        values: leaves.map(Value::of).collect(),
        intent: of_text(compared.intent).map(str::to_lowercase).collect(),
    };
    [
        amounts::is_scaled(&scene),
        access::opens(&scene),
        extent::destroys(&scene),
        rights::gives(&scene),
        diverts::diverts(&scene),
        switches::protection_off(&scene),
        extent::acts_on_more(&scene),
        limits::removed(&scene),
        extent::acts_at_once(&scene),
        limits::every_day(&scene),
        switches::switched_off(&scene),
        amounts::is_close(&scene),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl<'a> Value<'a> {
    fn of(leaf: &'a Leaf<'a>) -> Self {
        let found = &leaf.found;
        let lower = |text: &str| of_name(text).map(str::to_lowercase).collect::<Vec<_>>();
        Self {
            leaf,
            name: lower(found.name),
            path: lower(found.evidence),
            text: found.value.trim().to_lowercase(),
        }
    }

    /// Whether its own name has one of these words.
    fn is_named(&self, words: &[&str]) -> bool {
        has_any(&self.name, words)
    }

    /// Whether its own name, or one on the way to it, has one of these words.
    fn is_in(&self, words: &[&str]) -> bool {
        self.is_named(words) || has_any(&self.path, words)
    }

    /// Whether it is written for people, so that a word in it has no effect.
    fn is_prose(&self) -> bool {
        const PROSE: &[&str] = &[
            "title",
            "label",
            "description",
            "subject",
            "text",
            "body",
            "message",
            "comment",
            "note",
            "notes",
            "summary",
            "content",
            "reason",
            "caption",
            "details",
            "html",
        ];
        let last = self.name.last().map_or("", String::as_str);
        self.text.contains('\n') || self.text.len() > 120 || PROSE.contains(&last)
    }

    /// Whether it says yes.
    fn is_yes(&self) -> bool {
        matches!(self.leaf.kind, LeafKind::Bool(true))
            || matches!(&*self.text, "true" | "yes" | "on" | "1")
    }

    /// Whether it says no.
    fn is_no(&self) -> bool {
        matches!(self.leaf.kind, LeafKind::Bool(false))
            || matches!(&*self.text, "false" | "no" | "off")
    }

    /// Where its container is.
    fn parent(&self) -> &str {
        let evidence = self.leaf.found.evidence;
        evidence.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The name and the value as a sentence has them.
    fn shown(&self) -> String {
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

    fn danger(&self, sentence: String) -> Finding {
        self.finding(signal::DANGER, sentence)
    }

    fn finding(&self, kind: SignalKind, sentence: String) -> Finding {
        Finding::new(kind, self.leaf.found.evidence, sentence)
    }
}

impl Scene<'_> {
    /// Whether the intent has a word that begins with one of these.
    fn says(&self, beginnings: &[&str]) -> bool {
        let mut words = self.intent.iter();
        words.any(|word| {
            beginnings
                .iter()
                .any(|beginning| word.starts_with(beginning))
        })
    }

    /// Whether the intent has one of these words as it is.
    fn has(&self, words: &[&str]) -> bool {
        has_any(&self.intent, words)
    }

    /// Whether the intent says one of the words of a value or a name.
    fn mentions(&self, words: &[String]) -> bool {
        words
            .iter()
            .filter(|word| word.len() > 2)
            .any(|word| self.compared.intent_words.has_word(word))
    }

    /// The values with the same container as another one, and that one.
    fn siblings<'v>(&'v self, of: &'v Value<'_>) -> impl Iterator<Item = &'v Value<'v>> {
        let parent = of.parent();
        self.values.iter().filter(move |one| one.parent() == parent)
    }

    /// Whether the request changes or ends what exists.
    fn changes(&self) -> bool {
        self.effect != Effect::Read
    }
}

/// The last part of a dotted name.
fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

fn has_any(words: &[String], known: &[&str]) -> bool {
    words.iter().any(|word| known.contains(&word.as_str()))
}
