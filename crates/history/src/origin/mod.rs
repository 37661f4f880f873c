//! Where the values of one request come from, for a language model and for humans.

use std::borrow::Cow;

use gaiterguard_request::Node;
use gaiterguard_request::node::push_token;
use gaiterguard_request::opened::{Body, Opened};

use crate::name::Words;
use crate::{History, Sighting, SightingKind, form, piece, secret};

/// The most values of unknown origin that are returned. They share one card with the values that
/// were seen, and more of them would say the same.
const UNSEEN_MAX: usize = 4;

/// The most values that are looked up for one request. Each takes some ten microseconds.
const LOOKED_UP_MAX: usize = 256;

/// The longest value that can name a thing, in bytes. Identifiers of mail servers have up to 200.
const VALUE_BYTES_MAX: usize = 256;

/// The most words of a value that is a name rather than a text. Names of people and things seldom
/// have more, and sentences seldom fewer.
const WORDS_MAX: usize = 6;

/// The shortest number that says something by itself. Smaller ones are found in every response.
const NUMBER_DIGITS_MIN: usize = 3;

/// A value of a request, and where the agent saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where in the request it is: `path`, or `query` or `body` and a JSON Pointer (RFC 6901).
    pub location: String,
    /// The value. Its first 100 characters are kept.
    pub value: String,
    /// Where it was seen; `None` for the target or a recipient of the request that was never seen.
    pub sighting: Option<Sighting>,
}

/// Returns where the values of a request come from: the segments of its path, the values of its query
/// and its body. Values of unknown origin are returned if they name a target or a recipient and the
/// agent was shown anything else; ids only if the intent does not have them either. At most `max`,
/// those that name things first; no secrets.
pub fn origins(
    opened: &Opened<'_>,
    intent: &str,
    history: &dyn History,
    max: usize,
) -> Vec<Origin> {
    if history.is_empty() {
        return Vec::new();
    }
    let mut candidates = Candidates::default();
    candidates.path(opened.request().path);
    candidates.node(opened.query(), "query", "", Naming::Other);
    match opened.content() {
        Body::Json(node)
        | Body::Form(node)
        | Body::Multipart(node)
        | Body::Xml(node, _)
        | Body::Values(node, _) => candidates.node(node, "body", "", Naming::Other),
        Body::Requests(requests, _) => {
            for (_, target) in requests {
                candidates.path(target.split('?').next().unwrap_or_default());
            }
        }
        Body::Empty | Body::Text(_) | Body::Bytes => {}
    }
    let mut found = candidates.looked_up(intent, history);
    found.extend(own_path(opened.request().path, history, &found));
    drop_explained(&mut found);
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(max);
    found.into_iter().map(|(_, found)| found).collect()
}

/// A value that may have been seen.
struct Candidate<'a> {
    location: String,
    value: Cow<'a, str>,
    naming: Naming,
}

/// The meaning of a value by its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// The object of the request, or its recipient.
    Target,
    /// The id of something.
    Id,
    /// Anything else.
    Other,
}

impl Naming {
    fn of(name: &Words) -> Self {
        if name.is_target() {
            Self::Target
        } else if name.is_id() {
            Self::Id
        } else {
            Self::Other
        }
    }
}

impl Candidate<'_> {
    /// Returns whether it is worth reporting that this value was never seen. A short number in a body
    /// often belongs to a call rather than to a thing. The intent explains an id that it contains; a
    /// recipient is reported even then.
    fn is_notable_unseen(&self, intent: &str) -> bool {
        self.naming == Naming::Target
            && (self.location == "path" || self.value.len() >= NUMBER_DIGITS_MIN)
            && (is_address(&self.value) || !names(intent, &self.value))
    }
}

/// The values of a request in the order in which they appear.
#[derive(Default)]
struct Candidates<'a>(Vec<Candidate<'a>>);

impl<'a> Candidates<'a> {
    /// The last id of a path is what a request is about; those before it say where that is.
    fn path(&mut self, path: &'a str) {
        let segments: Vec<Cow<'a, str>> = path.split('/').map(form::decoded).collect();
        let is_id = |segment: &Cow<'a, str>| {
            let mut bytes = segment.bytes();
            bytes.any(|byte| byte.is_ascii_digit() || byte == b'@') && !is_version(segment)
        };
        let target = segments.iter().rposition(is_id);
        for (index, segment) in segments.into_iter().enumerate() {
            let naming = match target {
                Some(target) if index == target => Naming::Target,
                Some(_) if is_id(&segment) => Naming::Id,
                _ => Naming::Other,
            };
            self.add("path".to_owned(), segment, naming);
        }
    }

    fn node(&mut self, node: &Node<'a>, part: &str, pointer: &str, naming: Naming) {
        if self.0.len() >= LOOKED_UP_MAX {
            return;
        }
        match node {
            Node::Map(members) => {
                for (name, value) in *members {
                    let words = Words::of(name);
                    if secret::is_name(&words) {
                        continue;
                    }
                    let mut pointer = pointer.to_owned();
                    push_token(&mut pointer, &piece::cut(name));
                    self.node(value, part, &pointer, Naming::of(&words));
                }
            }
            Node::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, part, &format!("{pointer}/{index}"), naming);
                }
            }
            Node::Number(number)
                if naming != Naming::Other || number.len() >= NUMBER_DIGITS_MIN =>
            {
                self.add(format!("{part}{pointer}"), Cow::Borrowed(number), naming);
            }
            Node::Text(text) if !matches!(*text, "true" | "false") => {
                let naming = if is_address(text) {
                    Naming::Target
                } else {
                    naming
                };
                self.add(format!("{part}{pointer}"), Cow::Borrowed(text), naming);
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        }
    }

    fn add(&mut self, location: String, value: Cow<'a, str>, naming: Naming) {
        let is_name = !value.trim().is_empty()
            && value.len() <= VALUE_BYTES_MAX
            && value.split_whitespace().count() <= WORDS_MAX
            && !secret::is_value(&value);
        let is_known = self.0.iter().any(|known| known.value == value);
        if is_name && !is_known && self.0.len() < LOOKED_UP_MAX {
            self.0.push(Candidate {
                location,
                value,
                naming,
            });
        }
    }

    /// Looks the values up. The lower the number before one, the more it says about the request.
    fn looked_up(self, intent: &str, history: &dyn History) -> Vec<(u8, Origin)> {
        let mut unseen = 0;
        let mut found = Vec::new();
        for candidate in self.0 {
            let sighting = history.sighting(&candidate.value);
            let rank = match &sighting {
                Some(_) if candidate.naming != Naming::Other => 0,
                Some(_) => 2,
                None if unseen < UNSEEN_MAX && candidate.is_notable_unseen(intent) => {
                    unseen += 1;
                    1
                }
                None => continue,
            };
            let found_here = Origin {
                location: candidate.location,
                value: piece::cut(&candidate.value),
                sighting,
            };
            found.push((rank, found_here));
        }
        found
    }
}

/// A thing that the agent made under a name of its own choosing is known by its path alone.
fn own_path(path: &str, history: &dyn History, found: &[(u8, Origin)]) -> Option<(u8, Origin)> {
    let is_own = |sighting: &Sighting| sighting.kind == SightingKind::Created;
    let is_known = |(_, found): &(u8, Origin)| found.sighting.as_ref().is_some_and(is_own);
    if found.iter().any(is_known) {
        return None;
    }
    let sighting = history.sighting(path).filter(is_own)?;
    let found = Origin {
        location: "path".to_owned(),
        value: piece::cut(path),
        sighting: Some(sighting),
    };
    Some((0, found))
}

/// Drops values of unknown origin that were part of the call by which another one was shown: the service
/// responded to it, so it knows the account or folder that they name.
fn drop_explained(found: &mut Vec<(u8, Origin)>) {
    let sightings = found.iter().filter_map(|(_, one)| one.sighting.as_ref());
    let calls: Vec<String> = sightings.map(|sighting| sighting.call.clone()).collect();
    found.retain(|(_, one)| {
        one.sighting.is_some()
            || one.location != "path"
            || !calls.iter().any(|call| names(call, &one.value))
    });
}

/// Whether a segment of a path is the version of an API: `v1`, `v2.1`, `2.0`, `2025-01`, `2024-10-01`.
fn is_version(segment: &str) -> bool {
    let is_made_of = |text: &str, marks: &[u8]| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || marks.contains(&byte))
    };
    let number = segment.strip_prefix(['v', 'V']);
    let is_date = matches!(segment.len(), 7 | 10)
        && segment.as_bytes()[4] == b'-'
        && is_made_of(segment, b"-");
    number.is_some_and(|number| is_made_of(number, b"."))
        || (segment.contains('.') && segment.len() <= 5 && is_made_of(segment, b"."))
        || is_date
}

/// Whether a text has a value as a word of its own.
fn names(text: &str, value: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(value).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + value.len()..].chars().next();
        !is_part(before) && !is_part(behind)
    })
}

/// Whether a text is an e-mail address.
fn is_address(text: &str) -> bool {
    let mut parts = text.split('@');
    let (name, host) = (parts.next().unwrap_or_default(), parts.next());
    !name.is_empty()
        && host.is_some_and(|host| host.contains('.'))
        && parts.next().is_none()
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
