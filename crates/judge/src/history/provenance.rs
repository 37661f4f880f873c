//! Where the values of one request come from, for those who judge it: a language model, a human.

use std::borrow::Cow;

use super::name::Words;
use super::{History, Sighting, SightingKind, form, piece, secret};
use crate::Node;
use crate::node::push_token;
use crate::opened::{Body, Opened};

/// The most values that are returned: as many as a reader takes in.
const VALUES_MAX: usize = 12;

/// The most values of unknown origin that are returned.
const UNSEEN_MAX: usize = 4;

/// The most values that are looked up for one request. Each takes some ten microseconds.
const LOOKED_UP_MAX: usize = 256;

/// The longest value that can name a thing, in bytes. Identifiers of mail servers have up to 200.
const VALUE_BYTES_MAX: usize = 256;

/// The most words of a value that is a name rather than a text.
const WORDS_MAX: usize = 6;

/// The shortest number that says something by itself. Smaller ones are found in every response.
const NUMBER_DIGITS_MIN: usize = 3;

/// A value of a request, and where the agent saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Where it is in the request: `path`, `query /channel`, `body /to/0/email`.
    pub place: String,
    /// The value, of which 100 characters are kept.
    pub value: String,
    /// Where it was seen; `None` for the target or a recipient of the request that was never seen.
    pub sighting: Option<Sighting>,
}

/// Returns where the values of a request come from: the segments of its path, the values of its query
/// and its body. Values of unknown origin are returned if they name a target or a recipient and the
/// agent was shown anything else. At most 12, those that name things first; no secrets.
pub fn provenance(opened: &Opened<'_>, history: &dyn History) -> Vec<Provenance> {
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
        Body::Requests(requests) => {
            for (_, target) in requests {
                candidates.path(target.split('?').next().unwrap_or_default());
            }
        }
        Body::Empty | Body::Text(_) | Body::Bytes => {}
    }
    let mut found = candidates.looked_up(history);
    found.extend(own_path(opened.request().path, history, &found));
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(VALUES_MAX);
    found.into_iter().map(|(_, found)| found).collect()
}

/// Returns an age as people say it: `2 minutes ago`.
pub fn age_in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => return "less than a minute ago".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// A value that may have been seen.
struct Candidate<'a> {
    place: String,
    value: Cow<'a, str>,
    naming: Naming,
}

/// What a value is by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// What the request is about, or whom it reaches.
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
    /// Whether it says something that this was never seen. A short number in a body is often that of
    /// a call rather than of a thing.
    fn is_telling_unseen(&self) -> bool {
        self.naming == Naming::Target
            && (self.place == "path" || self.value.len() >= NUMBER_DIGITS_MIN)
    }
}

/// The values of a request in the order in which they appear.
#[derive(Default)]
struct Candidates<'a>(Vec<Candidate<'a>>);

impl<'a> Candidates<'a> {
    fn path(&mut self, path: &'a str) {
        for segment in path.split('/') {
            let value = form::decoded(segment);
            let is_id = value
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte == b'@');
            let naming = if is_id && !is_version(&value) {
                Naming::Target
            } else {
                Naming::Other
            };
            self.add("path".to_owned(), value, naming);
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
                self.add(format!("{part} {pointer}"), Cow::Borrowed(number), naming);
            }
            Node::Text(text) => {
                let naming = if is_address(text) {
                    Naming::Target
                } else {
                    naming
                };
                self.add(format!("{part} {pointer}"), Cow::Borrowed(text), naming);
            }
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
        }
    }

    fn add(&mut self, place: String, value: Cow<'a, str>, naming: Naming) {
        let is_name = !value.trim().is_empty()
            && value.len() <= VALUE_BYTES_MAX
            && value.split_whitespace().count() <= WORDS_MAX
            && !secret::is_value(&value);
        let is_known = self.0.iter().any(|known| known.value == value);
        if is_name && !is_known && self.0.len() < LOOKED_UP_MAX {
            self.0.push(Candidate {
                place,
                value,
                naming,
            });
        }
    }

    /// Looks the values up. The lower the number before one, the more it says about the request.
    fn looked_up(self, history: &dyn History) -> Vec<(u8, Provenance)> {
        let mut unseen = 0;
        let mut found = Vec::new();
        for candidate in self.0 {
            let sighting = history.sighting(&candidate.value);
            let rank = match &sighting {
                Some(_) if candidate.naming != Naming::Other => 0,
                Some(_) => 2,
                None if candidate.is_telling_unseen() && unseen < UNSEEN_MAX => {
                    unseen += 1;
                    1
                }
                None => continue,
            };
            let found_here = Provenance {
                place: candidate.place,
                value: piece::cut(&candidate.value),
                sighting,
            };
            found.push((rank, found_here));
        }
        found
    }
}

/// A thing that the agent made under a name of its own choosing is known by its path alone.
fn own_path(
    path: &str,
    history: &dyn History,
    found: &[(u8, Provenance)],
) -> Option<(u8, Provenance)> {
    let is_own = |sighting: &Sighting| sighting.kind == SightingKind::Created;
    let is_known = |(_, found): &(u8, Provenance)| found.sighting.as_ref().is_some_and(is_own);
    if found.iter().any(is_known) {
        return None;
    }
    let sighting = history.sighting(path).filter(is_own)?;
    let found = Provenance {
        place: "path".to_owned(),
        value: piece::cut(path),
        sighting: Some(sighting),
    };
    Some((0, found))
}

/// Whether a segment of a path is the version of an API: `v1`, `v2.1`, `2024-10-01`, `3`.
fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix(['v', 'V']);
    let is_dotted = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    number.is_some_and(is_dotted)
        || (segment.contains('.') && segment.len() <= 5 && is_dotted(segment))
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
mod tests {
    use http::{HeaderMap, Method};
    use serde_json::{Value, json};

    use super::*;
    use crate::history::Seen;
    use crate::{Arena, Request};

    /// What the agent was shown: a list of channels and one customer.
    fn seen() -> Seen {
        let channels = json!({"channels": [
            {"id": "C024BE91L", "name": "general", "access_token": "canary-token"},
            {"id": "C07F5KQ2M", "name": "random", "accesskey": "canary-key"},
        ]});
        let customer = json!({"id": "cus_4411", "name": "Ana Diaz", "email": "ana@north.example"});
        Seen::from_calls([
            ("GET", "/conversations.list", 200, channels.to_string()),
            ("GET", "/customers/cus_4411", 200, customer.to_string()),
            (
                "POST",
                "/notes",
                201,
                json!({"id": "note_71", "title": "Draft"}).to_string(),
            ),
        ])
    }

    fn of(method: &Method, path: &str, body: &Value, seen: &Seen) -> Vec<Provenance> {
        let headers = HeaderMap::new();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        let arena = Arena::default();
        let request = Request {
            method,
            host: "api.example",
            path,
            query,
            headers: &headers,
            body: body.as_bytes(),
        };
        provenance(&Opened::open(request, &arena), seen)
    }

    #[test]
    fn values_are_listed_with_where_they_were_seen() {
        let body =
            json!({"channel": "C024BE91L", "customer": "cus_4411", "text": "Hello, all of you"});
        let found = of(&Method::POST, "/v1/chat.postMessage", &body, &seen());
        let told: Vec<_> = found
            .iter()
            .map(|found| {
                let sighting = found.sighting.as_ref().unwrap();
                (
                    &*found.place,
                    &*found.value,
                    sighting.source(),
                    &*sighting.piece,
                )
            })
            .collect();
        assert_eq!(told[0].0, "body /channel");
        assert_eq!(told[0].1, "C024BE91L");
        assert_eq!(told[0].2, "in the response to GET /conversations.list");
        assert!(told[0].3.contains("name: general"), "{told:?}");
        assert_eq!(told[1].0, "body /customer");
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn targets_and_recipients_that_were_never_seen_are_named() {
        let body =
            json!({"to": "mallory@elsewhere.example", "jsonrpc": "2.0", "id": 5, "limit": 999_999});
        let found = of(
            &Method::POST,
            "/v2/customers/cus_9999/mail?request_id=abcd1234",
            &body,
            &seen(),
        );
        let unseen: Vec<_> = found
            .iter()
            .filter(|found| found.sighting.is_none())
            .map(|found| (&*found.place, &*found.value))
            .collect();
        assert_eq!(
            unseen,
            [
                ("path", "cus_9999"),
                ("body /to", "mallory@elsewhere.example")
            ]
        );
        let nothing = Seen::from_calls(std::iter::empty::<(&str, &str, u16, &str)>());
        assert!(of(&Method::POST, "/customers/cus_9999", &body, &nothing).is_empty());
    }

    #[test]
    fn what_the_agent_made_is_its_own() {
        let found = of(&Method::DELETE, "/notes/note_71", &Value::Null, &seen());
        let sighting = found[0].sighting.as_ref().unwrap();
        assert_eq!(
            sighting.source(),
            "came back from the agent's own POST /notes"
        );
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn no_secret_is_listed_and_no_more_than_can_be_read() {
        let body = json!({"token": "cus_4411", "secretkey": "C024BE91L", "note": "sk_live_51MtJUT2eZvKYlo2C"});
        assert!(of(&Method::POST, "/x", &body, &seen()).is_empty());
        let many: Vec<String> = (0..40).map(|number| format!("C{number:08}")).collect();
        let body = json!({"channel": "C07F5KQ2M", "members": many, "user": "cus_4411"});
        let found = of(&Method::POST, "/x", &body, &seen());
        assert_eq!(found.len(), 2 + UNSEEN_MAX);
        let told = format!("{found:?}");
        assert!(!told.contains("canary"), "{told}");
    }

    #[test]
    fn ages_are_in_words() {
        for (seconds, words) in [
            (0, "less than a minute ago"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (80_000, "22 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(age_in_words(seconds), words);
        }
    }
}
