//! The values that a request itself contains.

use std::collections::HashSet;

use gaiterguard_request::opened::values_of_body;
use gaiterguard_request::{Arena, Node};

use crate::exchange::{Exchange, looked_at};
use crate::form;
use crate::hash::{HashKey, Hashed};

/// The most forms of values of one request. A request with more of them is not compared with its
/// response, whose values are then not kept. The hashes of so many take about a megabyte.
const FORMS_MAX: usize = 50_000;

/// Separators at which a service may split a text into words.
const SEPARATORS: &[char] = &[
    '<', '>', '(', ')', '[', ']', '{', '}', ',', ';', '"', '\'', '|', '=', '&',
];

/// The values of one request: each text, each word of it, and the references within.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    forms: HashSet<u128, Hashed>,
    is_cut: bool,
}

impl Sent {
    /// Collects the values of a request.
    pub(crate) fn of(exchange: &Exchange<'_>, body: &[Node<'_>], key: &HashKey) -> Self {
        let mut sent = Self::default();
        for segment in exchange.plain_path().split('/') {
            sent.text(&form::decoded(segment), key);
        }
        sent.text(exchange.plain_path(), key);
        let arena = Arena::default();
        if let Ok(query) = Node::parse_form(exchange.query().as_bytes(), &arena) {
            sent.node(&query, key);
        }
        for node in body {
            sent.node(node, key);
        }
        sent.is_cut |= exchange
            .request_body
            .is_some_and(|body| looked_at(body).len() < body.len());
        sent
    }

    /// Whether there is more in the request than was looked at.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether the request contains a value, under every form that it has.
    pub(crate) fn holds(&self, text: &str, key: &HashKey) -> bool {
        let mut is_held = true;
        form::of_whole(text, &mut |form| {
            is_held &= self.forms.contains(&key.hash(form));
        });
        is_held
    }

    /// Whether the request contains the value with this hash.
    pub(crate) fn contains(&self, hash: u128) -> bool {
        self.forms.contains(&hash)
    }

    /// The hashes of all of them.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u128> {
        self.forms.iter().copied()
    }

    fn node(&mut self, node: &Node<'_>, key: &HashKey) {
        match node {
            Node::Map(members) => {
                for (name, value) in *members {
                    self.text(name, key);
                    self.node(value, key);
                }
            }
            Node::List(items) => items.iter().for_each(|item| self.node(item, key)),
            Node::Text(text) | Node::Number(text) => self.text(text, key),
            Node::Null | Node::Bool(_) => {}
        }
    }

    fn text(&mut self, text: &str, key: &HashKey) {
        self.forms_of(text, key);
        let is_separator = |c: char| c.is_whitespace() || SEPARATORS.contains(&c);
        if text.contains(is_separator) {
            for word in text.split(is_separator).filter(|word| !word.is_empty()) {
                self.forms_of(word, key);
                self.forms_of(word.trim_matches(['.', ':', '!', '?', '*', '`']), key);
            }
            for line in text.lines() {
                self.forms_of(line, key);
            }
        }
    }

    fn forms_of(&mut self, text: &str, key: &HashKey) {
        if self.forms.len() >= FORMS_MAX {
            self.is_cut = true;
            return;
        }
        let forms = &mut self.forms;
        let mut keep = |form: &str| {
            forms.insert(key.hash(form));
        };
        form::of_whole(text, &mut keep);
        form::of_inner(text, &mut keep);
        form::of_segments(text, &mut keep);
        // A service may strip these off.
        form::of_whole(text.trim_start_matches(['#', '@']), &mut keep);
        // It may add the scheme of an address, or change it.
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let bare = bare.trim_start_matches('/');
        if bare.contains('.') && !bare.contains(|c: char| c == '@' || c.is_whitespace()) {
            for scheme in ["https://", "http://"] {
                form::of_whole(&format!("{scheme}{bare}"), &mut keep);
            }
        }
    }
}

/// Returns the hashes of the values of a request, under every form that they are looked for by.
pub fn hashes_of_request(exchange: &Exchange<'_>, key: &HashKey) -> Vec<u128> {
    let arena = Arena::default();
    let body = body_of(exchange, &arena);
    Sent::of(exchange, &body, key).hashes().collect()
}

/// Reads the body of a request.
pub(crate) fn body_of<'a>(exchange: &Exchange<'a>, arena: &'a Arena) -> Vec<Node<'a>> {
    exchange.request_body.map_or_else(Vec::new, |body| {
        values_of_body(exchange.request_headers, looked_at(body), arena)
    })
}
