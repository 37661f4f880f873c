//! The headline: verb, object, amount, recipient, and the beginning of the content, in the order that
//! fits the effect.

use gaiterguard_domain::effect::Effect;
use serde::{Deserialize, Serialize};

use crate::fact::{Fact, FactKind};
use crate::values::{Calls, beginning};
use crate::verb::Phrase;
use crate::words::{is_in, noun_of, spaced};

/// The longest value of a headline, in characters: one line on a phone.
const VALUE_CHARS_MAX: usize = 60;

/// The longest content of a headline, in characters: two lines on a phone.
const CONTENT_CHARS_MAX: usize = 110;

/// How many recipients or calls are named; the others are counted.
const NAMED_MAX: usize = 2;

/// How many other values follow the object.
const DETAILS_MAX: usize = 2;

/// The kinds of other values, the most important first.
const DETAILS: &[FactKind] = &[
    FactKind::Access,
    FactKind::Command,
    FactKind::Link,
    FactKind::Account,
    FactKind::Object,
    FactKind::Quantity,
    FactKind::Date,
    FactKind::Content,
    FactKind::Other,
];

/// A piece of a headline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = HeadlinePart))]
pub struct Part {
    /// The text.
    pub text: String,
    /// Whether the text is a value that the agent chose, and not the gateway's own words.
    pub is_value: bool,
}

/// The content of a headline.
pub(crate) struct Headline<'a> {
    pub(crate) phrase: Phrase,
    pub(crate) effect: Effect,
    pub(crate) facts: &'a [Fact],
    pub(crate) calls: &'a Calls,
    pub(crate) is_unread: bool,
}

impl Headline<'_> {
    /// Writes the headline.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut line = Line::default();
        if self.calls.count == 0 {
            line.own(&self.phrase.verb);
            match self.effect {
                Effect::Pay => self.payment(&mut line),
                _ => self.operation(&mut line),
            }
        } else {
            let count = self.calls.count;
            line.own(if count == 1 {
                "Run "
            } else {
                "Run several calls: "
            });
            line.values(self.calls.named.iter().map(|call| (&**call, false)), count);
            let amounts: Vec<&Fact> = self.of_kind(FactKind::Amount).collect();
            line.list(" · ", &amounts);
            let recipients: Vec<&Fact> = self.of_kind(FactKind::Recipient).collect();
            line.list(" to ", &recipients);
            self.details(&mut line, DETAILS);
        }
        if self.is_unread {
            line.own(" · unreadable body");
        }
        line.parts
    }

    fn payment(&self, line: &mut Line) {
        match self.first(FactKind::Amount) {
            Some(amount) => {
                line.own(" ");
                line.value(amount, VALUE_CHARS_MAX);
            }
            None => self.object(line),
        }
        let accounts = || self.of_kind(FactKind::Account);
        let to: Vec<&Fact> = accounts()
            .filter(|fact| !gives(&fact.name))
            .chain(self.of_kind(FactKind::Recipient))
            .collect();
        line.list(" to ", &to);
        let from: Vec<&Fact> = accounts().filter(|fact| gives(&fact.name)).collect();
        line.list(" from ", &from);
        if self.first(FactKind::Amount).is_some() {
            let objects = self
                .of_kind(FactKind::Target)
                .chain(self.of_kind(FactKind::Object));
            for object in objects.take(DETAILS_MAX) {
                line.detail(object);
            }
        } else {
            self.context(line);
            self.details(
                line,
                &[FactKind::Object, FactKind::Quantity, FactKind::Other],
            );
        }
    }

    fn operation(&self, line: &mut Line) {
        let recipients: Vec<&Fact> = self.of_kind(FactKind::Recipient).collect();
        let reaches = matches!(self.effect, Effect::ShareOutside | Effect::Access);
        if self.phrase.verb == "Invite" && !recipients.is_empty() {
            line.list(" ", &recipients);
            Self::belongs_to(line, &self.names());
        } else {
            self.object(line);
            if reaches {
                line.list(" to ", &recipients);
            }
            self.context(line);
        }
        match self.effect {
            Effect::ShareOutside => {
                self.details(line, &[FactKind::Link, FactKind::Amount, FactKind::Access]);
                self.content(line);
            }
            Effect::Access => self.details(line, DETAILS),
            _ => self.details(
                line,
                &[&[FactKind::Amount, FactKind::Recipient], DETAILS].concat(),
            ),
        }
    }

    /// Returns the objects that the path names, the last one first, as the facts list them.
    fn names(&self) -> Vec<&Fact> {
        self.of_kind(FactKind::Target).collect()
    }

    /// Appends the thing that the verb is about.
    fn object(&self, line: &mut Line) {
        let names = self.names();
        let object = names.first().filter(|_| self.phrase.takes_name);
        let noun = self.phrase.noun.as_deref();
        // The name of a file says what it is.
        let is_file =
            |object: &&Fact| noun.is_some_and(is_file_noun) && is_file_name(&object.value);
        if !object.is_some_and(is_file) {
            line.noun(noun);
        }
        if let Some(object) = object {
            line.own(" ");
            line.value(object, VALUE_CHARS_MAX);
        }
    }

    /// Appends the objects that the thing belongs to.
    fn context(&self, line: &mut Line) {
        let names = self.names();
        if self.phrase.takes_name {
            line.within(names.get(1..).unwrap_or_default());
        } else {
            Self::belongs_to(line, &names);
        }
    }

    /// Appends the object that the thing belongs to, and where that is.
    fn belongs_to(line: &mut Line, names: &[&Fact]) {
        // A pair such as owner and repository says enough only together.
        match names.split_first() {
            Some((nearest, context)) if !nearest.name.is_empty() => {
                line.detail(nearest);
                line.within(context);
            }
            _ => line.within(names),
        }
    }

    /// Appends the first values of some kinds: each name once, and no value
    /// that is also in the path.
    fn details(&self, line: &mut Line, kinds: &[FactKind]) {
        let mut shown: Vec<&str> = Vec::new();
        for fact in kinds.iter().flat_map(|kind| self.of_kind(*kind)) {
            let is_known = self
                .of_kind(FactKind::Target)
                .any(|name| name.value == fact.value);
            if is_known || shown.contains(&&*fact.name) {
                continue;
            }
            if shown.len() == DETAILS_MAX {
                break;
            }
            line.detail(fact);
            let others = self
                .facts
                .iter()
                .filter(|other| other.name == fact.name)
                .count()
                - 1;
            if others > 0 {
                line.own(&format!(" and {others} more"));
            }
            shown.push(&fact.name);
        }
    }

    fn content(&self, line: &mut Line) {
        // A subject or a title comes before the text, which matters more.
        let is_text = |fact: &&Fact| {
            let name = fact.name.to_ascii_lowercase();
            ["text", "message", "body", "content", "comment"]
                .iter()
                .any(|word| name.ends_with(word))
        };
        let text = self.of_kind(FactKind::Content).find(is_text);
        if let Some(content) = text.or_else(|| self.first(FactKind::Content)) {
            line.own(": “");
            line.value(content, CONTENT_CHARS_MAX);
            line.own("”");
        }
    }

    fn first(&self, kind: FactKind) -> Option<&Fact> {
        self.of_kind(kind).next()
    }

    fn of_kind(&self, kind: FactKind) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |fact| fact.kind == kind)
    }
}

/// Returns the last of the dotted names of a value, and the one before it if it says nothing alone.
fn short_name(names: &str) -> String {
    let mut names = names.rsplit('.');
    let own = names.next().unwrap_or_default();
    let is_generic = ["id", "key", "name", "type", "value", "code", "text"].contains(&own);
    match names.next().filter(|_| is_generic) {
        Some(outer) => format!("{} {}", spaced(outer), spaced(own)),
        None => spaced(own),
    }
}

/// Whether a name is that of the account that the money comes from.
fn gives(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "source",
        "from",
        "payer",
        "debit",
        "payment_method",
        "paymentmethod",
        "card",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// Whether a noun is one for files, or for places that hold them.
fn is_file_noun(noun: &str) -> bool {
    const NOUNS: &str = "file content blob object path tree document attachment asset upload";
    let last = noun.rsplit(' ').next().unwrap_or_default();
    is_in(NOUNS, last)
}

/// Whether a value is written like the path or the name of a file. Domain names are written alike.
fn is_file_name(value: &str) -> bool {
    let file = value.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    value.contains('/')
        || ending.is_some_and(|ending| {
            (1..=5).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
        })
}

/// A line that grows by pieces.
#[derive(Default)]
struct Line {
    parts: Vec<Part>,
}

impl Line {
    /// Appends words of the gateway.
    fn own(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(last) if !last.is_value => last.text.push_str(text),
            _ => self.parts.push(Part {
                text: text.to_owned(),
                is_value: false,
            }),
        }
    }

    fn noun(&mut self, noun: Option<&str>) {
        if let Some(noun) = noun {
            self.own(" ");
            self.own(noun);
        }
    }

    fn value(&mut self, fact: &Fact, chars_max: usize) {
        self.text(&fact.value, fact.is_cut, chars_max);
    }

    fn text(&mut self, text: &str, is_cut: bool, chars_max: usize) {
        // Line breaks would make it look like several headlines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (shown, is_longer) = beginning(&text, chars_max);
        self.parts.push(Part {
            text: shown.to_owned(),
            is_value: true,
        });
        if is_cut || is_longer {
            self.own("…");
        }
    }

    /// Appends a name and its value.
    fn detail(&mut self, fact: &Fact) {
        self.own(" · ");
        let name = match fact.kind {
            FactKind::Target => noun_of(&fact.name),
            _ => short_name(&fact.name),
        };
        if !name.is_empty() {
            // The agent chose the name too, so it is marked as a value.
            self.parts.push(Part {
                text: beginning(&name, VALUE_CHARS_MAX).0.to_owned(),
                is_value: true,
            });
            self.own(" ");
        }
        self.value(fact, VALUE_CHARS_MAX);
    }

    /// Appends the objects around another one, the outermost first.
    fn within(&mut self, names: &[&Fact]) {
        for (number, name) in names.iter().rev().enumerate() {
            self.own(if number == 0 { " in " } else { "/" });
            self.value(name, VALUE_CHARS_MAX);
        }
    }

    /// Appends values after a lead such as ` to `; nothing if there are none.
    fn list(&mut self, lead: &str, facts: &[&Fact]) {
        if facts.is_empty() {
            return;
        }
        self.own(lead);
        self.values(
            facts.iter().map(|fact| (&*fact.value, fact.is_cut)),
            facts.len(),
        );
    }

    fn values<'v>(&mut self, values: impl Iterator<Item = (&'v str, bool)>, count: usize) {
        for (number, (value, is_cut)) in values.take(NAMED_MAX).enumerate() {
            if number > 0 {
                self.own(", ");
            }
            self.text(value, is_cut, VALUE_CHARS_MAX);
        }
        if count > NAMED_MAX {
            self.own(&format!(" and {} more", count - NAMED_MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_noun_and_its_name() {
        for (noun, value, expected) in [
            ("file", "q16.txt", true),
            ("file", "reports/q16", true),
            ("content", "song.mp3", true),
            ("shared document", "a.b.pdf", true),
            ("domain", "example.com", false),
            ("host", "db.prod.example.com", false),
            ("repository", "acme/site", false),
            ("queue", "orders.dlq", false),
            ("file", "file_123", false),
            ("file", "report-1.5", false),
            ("file", "1.0.0-2024-11-03", false),
            ("document", "d8f7a6b5c4", false),
        ] {
            let found = is_file_noun(noun) && is_file_name(value);
            assert_eq!(found, expected, "{noun} {value}");
        }
    }
}
