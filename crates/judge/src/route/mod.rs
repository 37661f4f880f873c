//! The meaning of a path or of a procedure's name.

mod endpoint;
mod segment;
mod sensitive;

use std::borrow::Cow;
use std::cell::OnceCell;

use gaiterguard_text::classes::Classes;
use gaiterguard_text::words::{self, Stem, stem};

use crate::lexicon::Sense;
use segment::{Kind, Segment, sense_of};

pub(crate) use segment::EffectWord;

/// A path, split into segments with their meaning.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    segments: Vec<Segment<'a>>,
    /// The index of the segment that names the object or the action.
    tail: Option<usize>,
    /// The effect of that segment's words.
    effect_word: Option<EffectWord>,
    /// Which segments name a single object; computed on first use.
    are_names: OnceCell<Vec<bool>>,
}

impl<'a> Route<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let mut segments = Vec::new();
        // Whether servers may ignore the rest of the path.
        let mut has_ended = false;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let (own, rest) = Segment::split(segment);
            for text in std::iter::once(own).chain(rest) {
                let first = segments.len();
                let is_script = Segment::read(text, &mut segments);
                let read = &mut segments[first..];
                if has_ended {
                    for segment in read.iter_mut().filter(|segment| !segment.has_effect()) {
                        segment.kind = Kind::Tail;
                    }
                } else {
                    let ends = is_script || rest.is_some();
                    has_ended = ends && read.iter().any(Segment::has_effect);
                }
            }
        }
        Self::with(segments)
    }

    /// The name of a procedure, or the path of a call within a request.
    pub(crate) fn of_call(name: &'a str) -> Self {
        if name.contains('/') {
            return Self::of(name);
        }
        // The part before the last dot names the service, often with a version.
        let own = name.rsplit('.').next().filter(|own| !own.is_empty());
        let scope = name.len() - own.unwrap_or(name).len();
        let scope = name[..scope].trim_end_matches('.');
        let segments = [scope, own.unwrap_or(name)]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| Segment {
                text: Cow::Borrowed(text),
                kind: Kind::Words,
            })
            .collect();
        Self::with(segments)
    }

    fn with(segments: Vec<Segment<'a>>) -> Self {
        let tail = segments
            .iter()
            .rposition(Segment::is_known)
            .or_else(|| segments.iter().rposition(|one| one.kind == Kind::Words));
        let effect_word = tail
            .and_then(|tail| segments.get(tail))
            .and_then(Segment::effect_word);
        Self {
            segments,
            tail,
            effect_word,
            are_names: OnceCell::new(),
        }
    }

    /// Returns the word that says what the path does.
    pub(crate) fn effect_word(&self) -> Option<&EffectWord> {
        self.effect_word.as_ref()
    }

    /// An order to delete, in any segment that is a name of the interface.
    pub(crate) fn deleting_verb(&self) -> Option<String> {
        self.words()
            // A word like "deleted" describes a state, not an action.
            .find(|word| sense_of(word) == Some(Sense::DeleteVerb) && !word.ends_with("ed"))
            .map(str::to_lowercase)
    }

    /// Returns the most severe effect of the segments before it.
    pub(crate) fn above(&self) -> Option<EffectWord> {
        let tail = self.tail.unwrap_or_default();
        self.segments
            .get(..tail)?
            .iter()
            .filter_map(Segment::effect_word)
            .filter(|effect_word| {
                matches!(
                    effect_word.sense,
                    Sense::Certain(_) | Sense::Made(_) | Sense::Message
                )
            })
            .min_by_key(|effect_word| effect_word.sense.effect())
    }

    /// Whether the word by which it asks is one of a search or a computation, which changes nothing in
    /// what it is below: `/messages/search` and `/orders/calculate` as opposed to `/charges/validate`.
    pub(crate) fn only_computes(&self) -> bool {
        const COMPUTING: [&str; 14] = [
            "search",
            "query",
            "find",
            "lookup",
            "count",
            "get",
            "fetch",
            "read",
            "autocomplete",
            "calculate",
            "simulate",
            "estimate",
            "quote",
            "quotes",
        ];
        self.effect_word().is_some_and(|effect_word| {
            COMPUTING
                .iter()
                .any(|known| stem(known) == stem(&effect_word.word))
        })
    }

    /// Whether an identifier follows the segment that names the object.
    pub(crate) fn is_addressed(&self) -> bool {
        self.tail.is_some_and(|tail| {
            let mut behind = self.segments[tail + 1..].iter();
            behind.any(|segment| segment.kind != Kind::Tail)
        })
    }

    /// Whether it names a single thing: by an identifier, or as the caller's own.
    pub(crate) fn names_one(&self) -> bool {
        self.segments.iter().any(|segment| {
            segment.kind == Kind::Identifier
                || ["me", "my", "self", "current", "own"]
                    .iter()
                    .any(|own| segment.text.eq_ignore_ascii_case(own))
        })
    }

    /// The words of the interface, from the left.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .filter(|segment| segment.kind == Kind::Words)
            .flat_map(|segment| words::of_name(&segment.text))
    }

    /// Returns the segments, and whether each names a single object. Identifiers do, and so does any
    /// text after the name of a collection that is not an API word, as in `/labels/needs-repro`.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, bool)> {
        let are_names = self.are_names.get_or_init(|| are_names(&self.segments));
        self.segments
            .iter()
            .map(|segment| &*segment.text)
            .zip(are_names.iter().copied())
    }

    /// The segments that are names of the interface, and no single things.
    pub(crate) fn own_words(&self) -> impl Iterator<Item = &str> {
        let parts = self.parts().filter(|(_, is_name)| !is_name);
        parts.map(|(text, _)| text)
    }

    /// Whether the last segment names a single object.
    pub(crate) fn ends_in_name(&self) -> bool {
        self.parts().last().is_some_and(|(_, is_name)| is_name)
    }

    /// Returns the decoded identifiers, each with the stem of the word before it.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = (Stem, &str)> {
        let mut before = 0;
        self.segments.iter().filter_map(move |segment| {
            if segment.kind == Kind::Words {
                before = words::of_name(&segment.text).last().map_or(0, stem);
                return None;
            }
            Some((before, &*segment.text))
        })
    }

    /// Whether the segment it is about is followed by a verb that only changes what is there, as in
    /// `/messages/7/move` or `/messages/batchModify`.
    pub(crate) fn changes_present(&self) -> bool {
        const CHANGES: [&str; 10] = [
            "modify", "move", "update", "edit", "mark", "patch", "change", "rename", "assign",
            "tag",
        ];
        let tail = self.tail.unwrap_or_default();
        self.segments
            .last()
            .filter(|last| last.kind == Kind::Words && tail + 1 < self.segments.len())
            .is_some_and(|last| {
                words::of_name(&last.text)
                    .any(|word| CHANGES.iter().any(|known| word.eq_ignore_ascii_case(known)))
            })
    }

    /// Whether it is about where a name on the internet leads.
    pub(crate) fn changes_names(&self) -> bool {
        let is = |words: &[&str]| {
            self.words()
                .any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
        };
        is(&[
            "dns",
            "domains",
            "domain",
            "zones",
            "hostedzone",
            "managedZones",
        ]) && is(&["record", "records", "rrset", "rrsets", "recordsets"])
    }

    /// Whether it is about someone within a group of people.
    pub(crate) fn adds_to_group(&self) -> bool {
        const PEOPLE: [&str; 5] = ["users", "user", "people", "accounts", "principals"];
        const GROUPS: [&str; 8] = [
            "groups",
            "group",
            "teams",
            "team",
            "organizations",
            "orgs",
            "roles",
            "workspaces",
        ];
        let is_one_of = |segment: &Segment<'_>, words: &[&str]| {
            words
                .iter()
                .any(|word| segment.text.eq_ignore_ascii_case(word))
        };
        let Some(tail) = self.tail else { return false };
        self.segments
            .get(tail)
            .is_some_and(|segment| is_one_of(segment, &PEOPLE))
            && self.segments[..tail]
                .iter()
                .any(|segment| is_one_of(segment, &GROUPS))
    }

    /// Whether the path is for signing in: it returns a token and grants no right.
    pub(crate) fn logs_in(&self) -> bool {
        let tail = self.tail.and_then(|tail| self.segments.get(tail));
        tail.is_some_and(|tail| tail.text.to_ascii_lowercase().starts_with("token"))
            && self.words().any(|word| {
                ["oauth", "auth", "login", "connect", "signin"]
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known))
            })
    }

    /// Whether the name says that it only asks: `DescribeInstances`, `eth_getBalance`. A second verb
    /// takes that back, as in `getAndDelete` or `mark_read`.
    pub(crate) fn only_asks(&self) -> bool {
        const ASKING: [&str; 16] = [
            "get", "list", "describe", "read", "search", "query", "count", "fetch", "find",
            "lookup", "show", "view", "estimate", "check", "batchget", "head",
        ];
        // A verb after such a word may change something, and a particle changes the meaning of a verb.
        const JOINING: [&str; 8] = ["and", "or", "then", "out", "in", "off", "down", "up"];
        let is_one_of =
            |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        let Some(own) = self.segments.last() else {
            return false;
        };
        let mut words = words::of_name(&own.text);
        let (Some(first), second) = (words.next(), words.next()) else {
            return false;
        };
        let is_scope = || match sense_of(first) {
            None | Some(Sense::Thing | Sense::Likely(_)) => true,
            Some(_) => false,
        };
        let asks = is_one_of(first, &ASKING)
            || second.is_some_and(|second| is_one_of(second, &ASKING) && is_scope());
        asks && !words::of_name(&own.text).any(|word| is_one_of(word, &JOINING))
            && self.deleting_verb().is_none()
    }

    /// Returns the path without the ending by which frameworks choose the response format, if it has one:
    /// they treat `/v1/charges.csv` like `/v1/charges`. Returns `None` for a path to a stored file.
    pub(crate) fn without_format(&self, path: &'a str) -> Option<&'a str> {
        const FORMATS: [&str; 9] = [
            "csv", "html", "js", "md", "pdf", "txt", "xls", "yaml", "yml",
        ];
        const KEPT: [&str; 10] = [
            "attachment",
            "blob",
            "content",
            "document",
            "drive",
            "file",
            "folder",
            "import",
            "object",
            "upload",
        ];
        let (bare, ending) = path.trim_end_matches('/').rsplit_once('.')?;
        let is_format = FORMATS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known));
        let is_kept = || {
            let mut words = self.words();
            words.any(|word| KEPT.iter().any(|known| stem(word) == stem(known)))
        };
        (is_format && !is_kept()).then_some(bare)
    }

    /// Every segment, decoded.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(|segment| &*segment.text)
    }
}

fn are_names(segments: &[Segment<'_>]) -> Vec<bool> {
    const OF_TWO_NAMES: [&str; 2] = ["repos", "repositories"];
    let mut names_left = 0_usize;
    let mut is_second_name = false;
    let is_name = |segment: &Segment<'_>| {
        let text = &*segment.text;
        if segment.kind != Kind::Words {
            names_left = names_left.saturating_sub(1);
            return true;
        }
        let is_distinctive = |word: &str| Classes::of(stem(word)).is_distinctive();
        // A verb may be written like a name: `_search`, `send-now`.
        let is_compound = text.contains(['-', '.', '_'])
            && !words::of_name(text).next().is_some_and(is_distinctive);
        let is_known = words::of_name(text).any(is_distinctive);
        if names_left > 0 && (is_compound || !is_known || is_second_name) {
            names_left -= 1;
            is_second_name = names_left > 0;
            return true;
        }
        is_second_name = false;
        names_left = if OF_TWO_NAMES.contains(&text) {
            2
        } else {
            usize::from(text.len() > 3 && text.ends_with('s') && !text.ends_with("ss"))
        };
        false
    };
    segments.iter().map(is_name).collect()
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::effect::Effect;

    use super::*;

    fn effect_word(path: &str) -> Option<(Sense, String)> {
        Route::of(path)
            .effect_word()
            .map(|effect_word| (effect_word.sense, effect_word.word.clone()))
    }

    #[test]
    fn the_last_name_of_the_interface_says_what_a_request_is_about() {
        let certain = |effect, word: &str| Some((Sense::Certain(effect), word.to_owned()));
        let message = |word: &str| Some((Sense::Message, word.to_owned()));
        for (path, expected) in [
            ("/v1/charges", certain(Effect::Pay, "charges")),
            (
                "/repos/o/r/collaborators/mallory",
                certain(Effect::Access, "collaborators"),
            ),
            ("/api/chat.postMessage", message("message")),
            ("/rooms/!r:x/send/m.room.message/1", message("message")),
            (
                "/2010-04-01/Accounts/AC12/Messages.json",
                message("messages"),
            ),
            (
                "/repos/o/r/actions/workflows/w.yml/dispatches",
                certain(Effect::Code, "dispatches"),
            ),
            (
                "/orders/%23W12/items",
                Some((Sense::Thing, "items".to_owned())),
            ),
            ("/orders/%23W12/cancel", certain(Effect::Delete, "cancel")),
            (
                "/orders",
                Some((Sense::Made(Effect::Pay), "orders".to_owned())),
            ),
            (
                "/users/1/shipping-address",
                Some((Sense::Thing, "address".to_owned())),
            ),
            (
                "/documents:batchDelete",
                Some((Sense::DeleteVerb, "delete".to_owned())),
            ),
            (
                "/drive/root:/payment-list.docx:/content",
                Some((Sense::Thing, "content".to_owned())),
            ),
        ] {
            assert_eq!(effect_word(path), expected, "{path}");
        }
    }

    #[test]
    fn identifiers_come_with_the_word_before_them() {
        let route = Route::of("/orders/%23W12/items/7");
        let identifiers: Vec<_> = route.identifiers().collect();
        assert_eq!(identifiers, [(stem("order"), "#W12"), (stem("item"), "7")]);
        assert!(route.is_addressed());
    }
}
