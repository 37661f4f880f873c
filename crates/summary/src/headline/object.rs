//! The object of a headline's verb, and the things that it belongs to.

use super::Headline;
use crate::fact::{FactKind, Ranked};
use crate::line::{Line, VALUE_CHARS_MAX};
use crate::words::{is_in, noun_of, plural, singular, spaced};

impl Headline<'_> {
    /// Returns how many objects of the path's collection the body lists by their identifiers.
    pub(super) fn listed_objects(&self) -> Option<usize> {
        let noun = self.phrase.noun.as_deref().map(singular)?;
        let ids = self.facts.iter().find(|one| {
            let own = spaced(one.fact.name.rsplit('.').next().unwrap_or_default());
            let last = own.rsplit(' ').next().unwrap_or_default();
            let is_own = noun.rsplit(' ').next() == Some(&singular(last)) && singular(last) != last;
            let is_of_bulk = own == "id" && one.total > 1 && self.phrase.verb.starts_with("Bulk ");
            is_in("ids keys names paths uuids", last)
                || is_own && !one.fact.name.contains('.')
                || is_of_bulk
        })?;
        // A query may have them in one value: `ids=1,2,3`.
        let parts = ids.fact.value.split(',').count();
        let count = if ids.total == 1 && !ids.fact.is_cut {
            parts
        } else {
            ids.total
        };
        (count > 1).then_some(count)
    }

    /// Returns the objects that the path names, the last one first, as the facts list them.
    pub(crate) fn names(&self) -> Vec<&Ranked> {
        // Some APIs write the caller as a dash.
        let says_something = |one: &&Ranked| one.fact.value.chars().any(char::is_alphanumeric);
        self.of_kind(FactKind::Target)
            .filter(|one| self.phrase.takes_name || says_something(one))
            .collect()
    }

    /// Appends the thing that the verb is about.
    pub(crate) fn object(&self, line: &mut Line) {
        let names = self.names();
        let object = names.first().filter(|_| self.phrase.takes_name);
        let noun = self.phrase.noun.as_deref();
        if let Some(noun) = noun.filter(|_| object.is_none()) {
            // The documents may say it, too: "Remove all things".
            let said = ["all ", "every "];
            let one = said.iter().find_map(|said| noun.strip_prefix(said));
            let nouns = || plural(&singular(one.unwrap_or(noun)));
            if self.phrase.is_for_all {
                line.own(&format!(" all {}", nouns()));
                return;
            }
            if let Some(count) = self.counted.or_else(|| self.listed_objects()) {
                line.own(&format!(" {count} {}", nouns()));
                return;
            }
        }
        // The name of a file says what it is.
        let is_file =
            |object: &&Ranked| noun.is_some_and(is_file_noun) && is_file_name(&object.fact.value);
        if !object.is_some_and(is_file) {
            if let Some(kind) = self.kind_of_thing().filter(|_| noun.is_some()) {
                line.own(" ");
                line.value(kind, VALUE_CHARS_MAX);
            }
            line.noun(noun);
        }
        if let Some(object) = object {
            line.own(" ");
            line.value(object, VALUE_CHARS_MAX);
        }
    }

    /// Returns the value that says of which kind the thing is, if it is written like a code: `MX`, `LIMIT`.
    pub(crate) fn kind_of_thing(&self) -> Option<&Ranked> {
        const CODE_CHARS_MAX: usize = 8;
        self.facts.iter().find(|one| {
            let code = &one.fact.value;
            one.fact.location == "body/type"
                && code.len() <= CODE_CHARS_MAX
                && code.bytes().all(|byte| byte.is_ascii_uppercase())
        })
    }

    /// Appends the objects that the thing belongs to.
    pub(crate) fn context(&self, line: &mut Line) {
        let names = self.names();
        if self.phrase.takes_name {
            line.within(names.get(1..).unwrap_or_default());
        } else if self.phrase.is_part()
            && let Some((nearest, context)) = names.split_first()
        {
            let noun = noun_of(&nearest.fact.name);
            // "Publish entry e7", not "Publish entry of entry e7".
            if self.phrase.noun.as_deref().map(singular) != Some(singular(&noun)) {
                line.own(" of");
                line.noun(Some(&*noun).filter(|noun| !noun.is_empty()));
            }
            line.own(" ");
            line.value(nearest, VALUE_CHARS_MAX);
            line.within(context);
        } else {
            Self::belongs_to(line, &names);
        }
    }

    /// Appends the object that the thing belongs to, and where that is.
    pub(super) fn belongs_to(line: &mut Line, names: &[&Ranked]) {
        // A pair such as owner and repository says enough only together.
        match names.split_first() {
            Some((nearest, context)) if !nearest.fact.name.is_empty() => {
                if line.room.names(nearest) {
                    line.detail(nearest);
                }
                line.within(context);
            }
            _ => line.within(names),
        }
    }
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
