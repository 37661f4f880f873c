//! Reads a body by its declared type and by its content.
//!
//! Servers differ in which of the two they use, so a body is read in every plausible way: first as its
//! declared type, then as each other format that fits. All readings are assessed together. No finding
//! lowers a score, so the most severe reading decides.

mod embedded;
mod parts;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::aws_chunked::{self, Unframed};
use super::declared::{
    Declared, FORM, GRAPHQL, is_binary, is_json, is_lines, is_table, is_textual, is_xml, is_yaml,
};
use super::oddity::{Oddity, OddityKind};
use super::sniff::{begins_like_json, begins_like_xml, has_usual_encoding, is_plain_form};
use super::{Document, InflationRoom, csv, encoding, media, multipart, nested, yaml};
use crate::{Arena, Node};

pub use embedded::values_in;

/// A body, opened as far as it goes.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// There is none.
    Empty,
    /// One JSON value, or several, one a line, as a list.
    Json(Node<'a>),
    /// Form data.
    Form(Node<'a>),
    /// The parts of a multipart body by name: the text of those that are text, else the file name.
    Multipart(Node<'a>),
    /// Whole requests within one, as `multipart/mixed` batches carry them: their request lines, and a list of maps with
    /// the `method`, the `url` and the `body` of each, as batches in JSON have them.
    Requests(Vec<(&'a str, &'a str)>, Node<'a>),
    /// XML, and the text that it was read from.
    Xml(Node<'a>, &'a str),
    /// YAML or a table of separated values, and the text that it was read from.
    Values(Node<'a>, &'a str),
    /// Some other text.
    Text(&'a str),
    /// Bytes that are not text, or that could not be decoded.
    Bytes,
}

/// A body in all the ways that it can be read.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    /// As what it is said to be, or else looks like.
    pub(super) body: Body<'a>,
    /// The other ways in which a server may read it.
    pub(super) others: Vec<Node<'a>>,
}

pub(super) fn open<'a>(
    headers: &HeaderMap,
    body: &'a [u8],
    arena: &'a Arena,
    oddities: &mut Vec<Oddity>,
) -> Contents<'a> {
    let mut reader = Reader {
        arena,
        oddities,
        others: Vec::new(),
        room: InflationRoom::default(),
    };
    let body = reader.open(headers, body);
    Contents {
        body,
        others: reader.others,
    }
}

struct Reader<'a, 'o> {
    arena: &'a Arena,
    oddities: &'o mut Vec<Oddity>,
    others: Vec<Node<'a>>,
    /// For the compressed texts in the parts.
    room: InflationRoom,
}

impl<'a> Reader<'a, '_> {
    fn open(&mut self, headers: &HeaderMap, body: &'a [u8]) -> Body<'a> {
        if body.is_empty() {
            return Body::Empty;
        }
        let body = match aws_chunked::unframe(headers, body) {
            Unframed::Plain => body,
            Unframed::Payload(payload) => {
                // A server that does not know the framing may find something in it.
                if let Ok(text) = std::str::from_utf8(body) {
                    self.sniff(text);
                }
                self.arena.bytes(&payload)
            }
            Unframed::Damaged => {
                self.unreadable("the chunks of the body are damaged", "content-encoding");
                return Body::Bytes;
            }
        };
        if body.is_empty() {
            return Body::Empty;
        }
        let body = match encoding::inflated(headers, body) {
            None => body,
            Some(Ok(bytes)) => self.arena.bytes(&bytes),
            Some(Err(reason)) => {
                self.unreadable(reason, "content-encoding");
                return Body::Bytes;
            }
        };
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let declared = types.next().map(|value| Declared::of(value.as_bytes()));
        let declared = declared.unwrap_or_default();
        if types.next().is_some()
            || declared
                .essence
                .as_ref()
                .is_some_and(|one| one.contains(','))
        {
            self.unreadable("the body has two content types", "content-type");
        }
        if declared.is_ambiguous {
            self.unreadable(
                "the body has two character sets or boundaries",
                "content-type",
            );
        }
        if let Some(charset) = declared.charset.as_deref()
            && !matches!(
                charset,
                "utf-8" | "utf8" | "us-ascii" | "ascii" | "iso-8859-1" | "latin1"
            )
        {
            self.unreadable("the body is in an unusual character set", "content-type");
        }
        let essence = declared.essence.as_deref();
        if essence
            .is_some_and(|essence| media::is_media(essence) && media::begins_as(essence, body))
        {
            self.oddities.push(Oddity::new(OddityKind::Media, ""));
            self.medium(body);
            return Body::Bytes;
        }
        if let Some(essence) = essence.filter(|essence| essence.starts_with("multipart/"))
            && let Some(boundary) = declared.boundary.as_deref()
            && (essence == "multipart/form-data" || std::str::from_utf8(body).is_ok())
        {
            return self.parts(body, boundary, essence == "multipart/form-data");
        }
        match std::str::from_utf8(body) {
            // A binary message may happen to be valid text. Any text in it is read, because a server may
            // read it as text.
            _ if essence.is_some_and(is_binary) => {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                if let Some(text) = encoding::text_within(body) {
                    self.sniff(self.arena.text(&text));
                }
                Body::Bytes
            }
            Ok(text) if !body.iter().take(4).any(|byte| *byte == 0) => self.text(text, essence),
            _ => self.bytes(body, essence),
        }
    }

    fn unreadable(&mut self, reason: &str, evidence: &str) {
        let kind = OddityKind::Unreadable(reason.to_owned());
        self.oddities.push(Oddity::new(kind, evidence));
    }

    /// Reads the text in a medium. A server may take the body for what follows the first bytes.
    fn medium(&mut self, bytes: &[u8]) {
        if let Some(text) = encoding::text_within(bytes) {
            let text = self.arena.text(&media::without_descriptions(&text));
            self.sniff(text);
        }
    }

    /// Opens bytes that are not plain UTF-8.
    fn bytes(&mut self, body: &'a [u8], essence: Option<&str>) -> Body<'a> {
        if let Some(text) = encoding::wide_text(body) {
            self.unreadable("the body is not in UTF-8", "");
            let text = self.arena.text(&text);
            self.others.push(Node::Text(text));
            self.sniff(text);
            return Body::Bytes;
        }
        self.oddities.push(match essence {
            Some(essence) if media::is_media(essence) || !is_textual(essence) => {
                Oddity::new(OddityKind::Opaque, "")
            }
            _ => Oddity::new(
                OddityKind::Unreadable("the body is not text".to_owned()),
                "",
            ),
        });
        if let Some(text) = encoding::mostly_text(body).or_else(|| encoding::text_within(body)) {
            let text = self.arena.text(&text);
            self.others.push(Node::Text(text));
            self.sniff(text);
        }
        Body::Bytes
    }

    fn text(&mut self, text: &'a str, essence: Option<&str>) -> Body<'a> {
        let marked = text;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // JSON is either refused for the mark or read without it.
        if text.len() < marked.len() && essence.is_some_and(is_lines) {
            self.unreadable("the body begins with a byte order mark", "");
        }
        let body = match essence {
            Some(essence) if essence.starts_with("multipart/") => {
                self.unreadable("the body's parts cannot be separated", "");
                Body::Text(text)
            }
            _ if essence.is_none_or(|one| !is_json(one) && !is_lines(one) && !is_xml(one))
                && let Some(boundary) = multipart::boundary_of(text) =>
            {
                self.sniff(text);
                return self.parts(text.as_bytes(), boundary, false);
            }
            Some(essence)
                if (essence == FORM || is_yaml(essence) || is_table(essence))
                    && begins_like_xml(text)
                    && let Ok(node) = Node::parse_xml(text, self.arena) =>
            {
                self.others
                    .extend(Node::parse_form(text.as_bytes(), self.arena));
                Body::Xml(node, text)
            }
            Some(FORM) => self.form(text),
            Some(essence) if is_lines(essence) => {
                lines_of_json(text, self.arena).unwrap_or_else(|| {
                    self.unreadable("the body is not one JSON value per line", "");
                    Body::Text(text)
                })
            }
            Some(essence) if is_json(essence) => self.json(text),
            Some(essence) if is_xml(essence) => self.xml(text),
            None if begins_like_json(text) => {
                lines_of_json(text, self.arena).unwrap_or_else(|| self.json(text))
            }
            None if !text.contains(char::is_whitespace) && text.contains('=') => self.form(text),
            // Some servers read JSON whatever it calls itself.
            _ if begins_like_json(text)
                && let Ok(node) = Node::of_json(text, self.arena) =>
            {
                Body::Json(node)
            }
            Some(essence) if is_yaml(essence) => {
                if let Ok(node) = yaml::read(text, self.arena) {
                    Body::Values(node, text)
                } else {
                    self.unreadable("the body is not readable YAML", "");
                    Body::Text(text)
                }
            }
            Some(essence) if is_table(essence) => {
                if let Some(node) = csv::read_declared(text, self.arena) {
                    Body::Values(node, text)
                } else {
                    self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                    Body::Text(text)
                }
            }
            _ => self.plain(text, essence),
        };
        if let Body::Form(node) = &body {
            self.others.extend(nested::read(node.members(), self.arena));
        }
        // Some servers skip control characters, which JSON does not allow.
        if !matches!(body, Body::Json(_) | Body::Xml(..))
            && text.contains(encoding::is_strange)
            && let Some(readable) = encoding::text_within(text.as_bytes())
        {
            self.embedded_json(self.arena.text(&readable));
        }
        match &body {
            Body::Json(_) | Body::Xml(..) => {}
            // The lines of a document of GraphQL are not names and values.
            Body::Text(_) if essence == Some(GRAPHQL) && Document::read(text).is_some() => {
                self.embedded_json(text);
                self.undeclared_yaml(text);
            }
            Body::Form(_) => {
                // Some servers separate fields by a semicolon as well.
                if text.contains(';') {
                    let text = self.arena.text(&text.replace(';', "&"));
                    let form = Node::parse_form(text.as_bytes(), self.arena);
                    self.others.extend(form);
                }
                if !is_plain_form(text) {
                    self.others.push(Node::Text(text));
                    self.sniff(text);
                }
            }
            _ => {
                if matches!(body, Body::Values(..)) && Document::looks_like(text) {
                    self.others.push(Node::Text(text));
                }
                self.sniff(text);
            }
        }
        body
    }

    /// Opens a text that is said to be nothing that is read otherwise.
    fn plain(&mut self, text: &'a str, essence: Option<&str>) -> Body<'a> {
        if begins_like_xml(text) {
            if let Ok(node) = Node::parse_xml(text, self.arena) {
                return Body::Xml(node, text);
            }
            // HTML often is not XML, and is read as the text that it is for its readers.
            if !essence.is_some_and(|essence| essence.starts_with("text/")) {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
            }
        }
        // JSON with comments and other extensions, which only some servers accept.
        let is_braced = text.trim_start().starts_with('{') && text.trim_end().ends_with('}');
        if is_braced && Document::read(text).is_none() && yaml::read(text, self.arena).is_err() {
            self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
        }
        Body::Text(text)
    }

    fn json(&mut self, text: &'a str) -> Body<'a> {
        match Node::of_json(text, self.arena) {
            Ok(node) => Body::Json(node),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }

    fn form(&mut self, text: &'a str) -> Body<'a> {
        match Node::parse_form(text.as_bytes(), self.arena) {
            Ok(node) => Body::Form(node),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }

    fn xml(&mut self, text: &'a str) -> Body<'a> {
        if !has_usual_encoding(text) {
            self.unreadable("the body declares an unusual character set", "");
        }
        match Node::parse_xml(text, self.arena) {
            Ok(node) => Body::Xml(node, text),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }
}

/// JSON values, one a line.
fn lines_of_json<'a>(text: &'a str, arena: &'a Arena) -> Option<Body<'a>> {
    let values = Node::json_lines(text, arena).ok()?;
    match values.as_slice() {
        [] => None,
        [one] => Some(Body::Json(*one)),
        several => Some(Body::Json(Node::List(arena.list(several)))),
    }
}
