//! Where the values of a request were seen, for a human who looks at it.

use super::{History, Sighting, SightingKind, form, piece};
use crate::node::push_token;
use crate::opened::{Body, Opened};
use crate::{Node, history};

/// The longest value that is looked up.
const VALUE_BYTES_MAX: usize = 200;

/// The shortest text that is looked up.
const VALUE_BYTES_MIN: usize = 3;

/// A value of a request that was seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where in the request it is: `path`, `query/NAME`, or `body` and a JSON Pointer (RFC 6901).
    pub location: String,
    /// The value, or the beginning of it.
    pub value: String,
    /// Where it was seen.
    pub sighting: Sighting,
}

/// Returns where values of a request were seen: at most `max` of them, in the order of path, query and
/// body, each value once.
pub fn origins(opened: &Opened<'_>, history: &dyn History, max: usize) -> Vec<Origin> {
    let mut search = Search {
        history,
        max,
        found: Vec::new(),
    };
    let path = opened.request().path;
    if !search.created(path) {
        for segment in path.split('/') {
            search.value("path", &form::decoded(segment));
        }
    }
    search.node("query", opened.query());
    match opened.content() {
        Body::Json(node)
        | Body::Form(node)
        | Body::Multipart(node)
        | Body::Xml(node, _)
        | Body::Values(node, _) => search.node("body", node),
        Body::Empty | Body::Requests(_) | Body::Text(_) | Body::Bytes => {}
    }
    search.found
}

struct Search<'s> {
    history: &'s dyn History,
    max: usize,
    found: Vec<Origin>,
}

impl Search<'_> {
    /// Looks for the whole of a path, which names what the agent itself created.
    fn created(&mut self, path: &str) -> bool {
        let sighting = self.history.sighting(path);
        let sighting = sighting.filter(|one| one.kind == SightingKind::Created);
        let is_created = sighting.is_some();
        self.found.extend(sighting.map(|sighting| Origin {
            location: "path".to_owned(),
            value: piece::cut(path),
            sighting,
        }));
        is_created
    }

    fn node(&mut self, location: &str, node: &Node<'_>) {
        if self.found.len() >= self.max {
            return;
        }
        match node {
            Node::Map(members) => {
                for (name, value) in *members {
                    let mut inner = location.to_owned();
                    push_token(&mut inner, name);
                    self.node(&inner, value);
                }
            }
            Node::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.node(&format!("{location}/{at}"), item);
                }
            }
            Node::Text(text) => self.value(location, text),
            Node::Number(number) if number.len() > 1 => self.value(location, number),
            Node::Number(_) | Node::Bool(_) | Node::Null => {}
        }
    }

    fn value(&mut self, location: &str, value: &str) {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let is_looked_up = value.len() <= VALUE_BYTES_MAX
            && (value.len() >= VALUE_BYTES_MIN || is_number)
            && !history::secret::is_value(value);
        let value = if is_looked_up {
            piece::cut(value)
        } else {
            return;
        };
        if self.found.len() >= self.max || self.found.iter().any(|one| one.value == value) {
            return;
        }
        self.found
            .extend(self.history.sighting(&value).map(|sighting| Origin {
                location: location.to_owned(),
                value,
                sighting,
            }));
    }
}
