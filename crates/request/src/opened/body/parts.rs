//! The parts of a multipart body.

use super::{Body, Reader};
use crate::Node;
use crate::node::Member;
use crate::opened::declared::{Declared, FORM};
use crate::opened::multipart::{self, Part};
use crate::opened::oddity::{Oddity, OddityKind};
use crate::opened::sniff::begins_like_xml;
use crate::opened::{Decoded, encoding, nested};
use crate::reading::multipart::form;

/// How deep the parts of a batch are taken apart: `OData` has its changes in a multipart body of their own within one
/// (`OData` 4.01, part 1, section 11.7.7.1).
const NESTED_MAX: usize = 3;

/// The most requests that are read of a batch. A body with more is not taken apart any further.
const REQUESTS_MAX: usize = 1000;

/// The names of what a request within a body has, as those of a batch in JSON do.
const METHOD: &str = "method";
const URL: &str = "url";
const BODY: &str = "body";

impl<'a> Reader<'a, '_> {
    /// Reads a multipart body. The content of each part becomes a value under the part's name.
    pub(super) fn parts(&mut self, body: &'a [u8], boundary: &str, is_form: bool) -> Body<'a> {
        let Some(parts) = multipart::split(body, boundary) else {
            self.unreadable("the body's parts cannot be separated", "");
            return match std::str::from_utf8(body) {
                Ok(text) => {
                    self.sniff(text);
                    Body::Text(text)
                }
                Err(_) => Body::Bytes,
            };
        };
        if is_form && form(body, boundary).is_none() {
            self.unreadable("servers may differ about the body's parts", "");
        }
        let mut requests = Vec::new();
        collect_requests(&parts, NESTED_MAX, &mut requests);
        let mut members = Vec::with_capacity(parts.len());
        for part in &parts {
            if let Some(member) = self.part(part, is_form) {
                members.push(member);
            }
        }
        self.others.extend(nested::read(&members, self.arena));
        let parts = Node::Map(self.arena.list(&members));
        if requests.is_empty() {
            return Body::Multipart(parts);
        }
        // A part that is not a request is still read.
        self.others.push(parts);
        let lines: Vec<_> = requests.iter().filter_map(Part::request_line).collect();
        let items: Vec<Node<'a>> = requests.iter().map(|part| self.request(part)).collect();
        Body::Requests(lines, Node::List(self.arena.list(&items)))
    }

    /// Reads a part that is itself an HTTP request as a map of its method, its URL, and its body, if that can be read.
    fn request(&mut self, part: &Part<'a>) -> Node<'a> {
        let (method, url) = part.request_line().unwrap_or_default();
        let mut members = vec![(METHOD, Node::Text(method)), (URL, Node::Text(url))];
        let text = std::str::from_utf8(part.content).unwrap_or_default();
        let parts = text
            .split_once("\r\n\r\n")
            .or_else(|| text.split_once("\n\n"));
        let (head, body) = parts.unwrap_or((text, ""));
        let body = body.trim();
        let is_form = head.lines().any(|line| {
            let header = line.split_once(':');
            header.is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("content-type")
                    && Declared::of(value.as_bytes()).essence.as_deref() == Some(FORM)
            })
        });
        let read = match body {
            "" => None,
            _ if is_form => Node::parse_form(body.as_bytes(), self.arena).ok(),
            _ if begins_like_xml(body) => Node::parse_xml(body, self.arena).ok(),
            _ => Node::of_json(body, self.arena).ok(),
        };
        if !body.is_empty() {
            members.push((BODY, read.unwrap_or(Node::Text(body))));
        }
        Node::Map(self.arena.list(&members))
    }

    /// Reads a part in every way that a server may read it, because servers differ in how they decode parts.
    /// What another encoding than UTF-8 gives is added to the other values of the body. Returns the part as
    /// UTF-8, or else in a Western encoding; of any other part, only the file name.
    fn part(&mut self, part: &Part<'a>, is_form: bool) -> Option<Member<'a>> {
        let name = part.name.unwrap_or_default();
        match part.decoded(&mut self.room) {
            Some(Decoded::Text(text)) => {
                let text = self.arena.text(&text);
                self.within(name, |reader| {
                    reader.others.push(Node::Text(text));
                    reader.sniff(text);
                });
            }
            Some(Decoded::TooLong) => self.unreadable("its parts are too long uncompressed", ""),
            Some(Decoded::Program) | None => {}
        }
        if let Ok(text) = std::str::from_utf8(part.content) {
            if part.request_line().is_some() {
                let body = text
                    .split_once("\r\n\r\n")
                    .or_else(|| text.split_once("\n\n"));
                self.within(name, |reader| {
                    reader.sniff(body.map_or("", |(_, body)| body));
                });
            } else if part.filename.is_some() || !is_form || begins_like_xml(text) {
                self.within(name, |reader| reader.sniff(text));
            }
            return Some((name, Node::Text(text)));
        }
        if part.may_be_western()
            && let Some(text) = encoding::western_text(part.content)
        {
            let text = self.arena.text(&text);
            // Some servers drop bytes that are not UTF-8.
            let rest =
                String::from_utf8_lossy(part.content).replace(char::REPLACEMENT_CHARACTER, "");
            let rest = self.arena.text(&rest);
            self.within(name, |reader| {
                reader.sniff(text);
                reader.sniff(rest);
            });
            return Some((name, Node::Text(text)));
        }
        if part.is_medium() {
            self.within(name, |reader| reader.medium(part.content));
        } else {
            let text = encoding::wide_text(part.content);
            let text = text.or_else(|| encoding::mostly_text(part.content));
            if text.is_some() || part.filename.is_none() {
                self.unreadable("a part of the body is not text", "");
            } else {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
            }
            if let Some(text) = text.or_else(|| encoding::text_within(part.content)) {
                let text = self.arena.text(&text);
                self.within(name, |reader| {
                    reader.others.push(Node::Text(text));
                    reader.sniff(text);
                });
            }
        }
        part.filename.map(|filename| (name, Node::Text(filename)))
    }

    /// Calls `read`, and nests the values that it adds under the name of their part.
    fn within(&mut self, name: &'a str, read: impl FnOnce(&mut Self)) {
        let before = self.others.len();
        read(self);
        for other in &mut self.others[before..] {
            *other = Node::Map(self.arena.list(&[(name, *other)]));
        }
    }
}

/// Collects the parts that are HTTP requests, and those within the parts that have parts themselves, in their order.
fn collect_requests<'a>(parts: &[Part<'a>], depth: usize, requests: &mut Vec<Part<'a>>) {
    for part in parts {
        if requests.len() == REQUESTS_MAX {
            return;
        }
        if part.request_line().is_some() {
            requests.push(*part);
            continue;
        }
        let declared = part
            .content_type
            .map(|value| Declared::of(value.as_bytes()))
            .unwrap_or_default();
        let has_parts = declared
            .essence
            .is_some_and(|essence| essence.starts_with("multipart/"));
        if let Some(boundary) = declared.boundary.filter(|_| has_parts && depth > 0)
            && let Some(inner) = multipart::split(part.content.trim_ascii_start(), &boundary)
        {
            collect_requests(&inner, depth - 1, requests);
        }
    }
}
