//! A body as rules see it: the one value that every upstream reads, or unknown.
//!
//! A guess could let something pass. If servers may differ in how they read a body, it is unknown, and a
//! condition on it cannot be evaluated. The assessor needs the opposite, every possible reading, and uses
//! [`Opened`](crate::Opened).

mod fields;
mod form;
mod media_type;
pub(crate) mod multipart;

use http::HeaderMap;

use crate::opened::aws_chunked::{self, Unframed};
use crate::opened::encoding::{self, Decompressed};
use crate::{Arena, Node};
use media_type::{Format, MediaType};

/// A body as rules see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading<'a> {
    /// There is no body.
    Absent,
    /// A map of JSON, or a list of JSON other than of one map.
    Read(Node<'a>),
    /// The map of a form or a multipart body. Its values are texts, because these formats have no other type.
    Form(Node<'a>),
    /// There is a body, and servers may differ in how they read it.
    Unknown,
}

impl<'a> Reading<'a> {
    /// Reads a body by its headers. Multipart and form fields are nested by their brackets. A name
    /// about which servers differ is in its map more than once.
    pub fn of(headers: &HeaderMap, body: &'a [u8], arena: &'a Arena) -> Self {
        if body.is_empty() {
            return Self::Absent;
        }
        read(headers, body, arena).unwrap_or(Self::Unknown)
    }

    /// Returns the reading of a body that is this value. A list of one map is unknown, because some servers
    /// treat it as that map. So is a single text or number, because some servers decode a text again.
    pub fn of_node(node: Node<'a>) -> Self {
        match node {
            Node::List([Node::Map(_)]) => Self::Unknown,
            Node::Map(_) | Node::List(_) => Self::Read(node),
            _ => Self::Unknown,
        }
    }
}

fn read<'a>(headers: &HeaderMap, body: &'a [u8], arena: &'a Arena) -> Option<Reading<'a>> {
    let json = |body| Node::parse_json(without_mark(body), arena).ok();
    let media_type = MediaType::of(headers)?;
    // As with compression, a server that does not know the framing finds no JSON in it, but it could find a form.
    let body = match aws_chunked::unframe(headers, body) {
        Unframed::Plain => body,
        Unframed::Payload(payload) if matches!(media_type.format(), Format::Json) => {
            arena.bytes(&payload)
        }
        Unframed::Payload(_) | Unframed::Damaged => return None,
    };
    let body = match encoding::decompressed(headers, body) {
        Decompressed::Plain => body,
        // A server that does not decompress finds no JSON, but it could find a form in the compressed bytes.
        Decompressed::Bytes(bytes) if matches!(media_type.format(), Format::Json) => {
            arena.bytes(&bytes)
        }
        Decompressed::Bytes(_) | Decompressed::Unknown => return None,
    };
    if !media_type.extends_ascii() || (!media_type.is_utf8() && !body.is_ascii()) {
        return None;
    }
    match media_type.format() {
        Format::Json => json(body).map(Reading::of_node),
        // Without a type that says more, some servers take a body for a form.
        Format::Unsaid if !body.iter().any(|byte| matches!(byte, b'&' | b'=' | b';')) => {
            json(body).map(Reading::of_node)
        }
        Format::Form => form::read(&media_type, body, arena).map(Reading::Form),
        Format::Multipart => {
            let boundary = media_type.boundary.as_deref()?;
            multipart_fields(&multipart::form(body, boundary)?, arena).map(Reading::Form)
        }
        Format::Unsaid | Format::Other => None,
    }
}

/// Returns JSON without its byte order mark. A parser that does not skip the mark refuses the text (RFC 8259,
/// section 8.1), so no server reads anything else.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// The fields of a multipart body. A file is a map of what is said about it, so that nothing takes
/// its name for its content; what a server may take for a file or a text is there as both.
fn multipart_fields<'a>(parts: &[multipart::Field<'a>], arena: &'a Arena) -> Option<Node<'a>> {
    let mut members = Vec::with_capacity(parts.len());
    for part in parts {
        // It names the character set of the other fields (RFC 7578, section 4.6).
        if part.name.eq_ignore_ascii_case("_charset_") {
            return None;
        }
        let file = || {
            let (name, kind) = (part.filename.unwrap_or_default(), part.content_type);
            Node::Map(arena.list(&[
                ("filename", Node::Text(name)),
                ("content_type", kind.map_or(Node::Null, Node::Text)),
                (
                    "size",
                    Node::Number(arena.text(&part.content.len().to_string())),
                ),
            ]))
        };
        match (part.kind(), std::str::from_utf8(part.content)) {
            (multipart::FieldKind::File, _) => members.push((part.name, file())),
            (multipart::FieldKind::Text, Ok(text)) => members.push((part.name, Node::Text(text))),
            (multipart::FieldKind::Either, Ok(text)) => {
                members.extend([(part.name, file()), (part.name, Node::Text(text))]);
            }
            (_, Err(_)) => members.extend([(part.name, file()), (part.name, Node::Null)]),
        }
    }
    fields::nested(&members, arena).map(Node::Map)
}

#[cfg(test)]
mod tests;
