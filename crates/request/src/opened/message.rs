//! Messages of mail (RFC 5322) with their parts (RFC 2045), as interfaces for sending them take them in one text.

use super::base64::Decoded;
use super::declared::Declared;
use super::encoding::InflationRoom;
use super::multipart::{self, Part};
use crate::node::Member;
use crate::{Arena, Node};

/// Headers that say who sends what to whom. The other headers say how it got here.
const SHOWN: [&str; 8] = [
    "from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date",
];

/// Headers that only a message of mail has together.
const KNOWN: [&str; 11] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "mime-version",
    "message-id",
    "content-type",
];

/// How many of those headers a text has at least that is read as a message.
const KNOWN_MIN: usize = 2;

/// How deep parts are taken apart: a mail with attachments has its text in two forms in one of its parts.
const NESTED_MAX: usize = 4;

/// Reads a text as a message: a map of those of its headers that people see, its `text` or else its `html`, and the names
/// of its `attachments`. Returns `None` for any other text.
pub fn message<'a>(text: &str, arena: &'a Arena) -> Option<Node<'a>> {
    let text = text.trim_start();
    let end = text
        .find("\r\n\r\n")
        .or_else(|| text.find("\n\n"))
        .unwrap_or(text.len());
    let headers = headers(&text[..end])?;
    let known = headers.iter().filter(|(name, _)| KNOWN.contains(&&**name));
    if known.count() < KNOWN_MIN {
        return None;
    }
    let mut members: Vec<Member<'a>> = Vec::new();
    for (name, value) in &headers {
        if let Some(shown) = SHOWN.iter().find(|shown| *shown == name) {
            members.push((*shown, Node::Text(arena.text(&without_words(value)))));
        }
    }
    let whole = Part::read(text.as_bytes());
    let mut content = Content::default();
    content.add(&whole, NESTED_MAX, &mut InflationRoom::default());
    let body = match (&content.text, &content.html) {
        (Some(text), _) => Some(("text", text)),
        (None, Some(html)) => Some(("html", html)),
        (None, None) => None,
    };
    if let Some((name, body)) = body {
        let body = body.replace("\r\n", "\n");
        members.push((name, Node::Text(arena.text(body.trim()))));
    }
    for name in &content.attachments {
        members.push(("attachments", Node::Text(arena.text(&without_words(name)))));
    }
    Some(Node::Map(arena.list(&members)))
}

/// The text of a message, and its attachments.
#[derive(Default)]
struct Content {
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<String>,
}

impl Content {
    fn add(&mut self, part: &Part<'_>, depth: usize, room: &mut InflationRoom) {
        let declared = part
            .content_type
            .map(|value| Declared::of(value.as_bytes()))
            .unwrap_or_default();
        let essence = declared.essence.unwrap_or_else(|| "text/plain".to_owned());
        if let Some(boundary) = declared
            .boundary
            .filter(|_| essence.starts_with("multipart/"))
        {
            let content = part.content.trim_ascii_start();
            let parts = multipart::split(content, &boundary).filter(|_| depth > 0);
            for part in parts.unwrap_or_default() {
                self.add(&part, depth - 1, room);
            }
            return;
        }
        if let Some(name) = part.filename {
            self.attachments.push(name.to_owned());
            return;
        }
        let decoded = match part.decoded(room) {
            Some(Decoded::Text(text)) => Some(text),
            _ => std::str::from_utf8(part.content).ok().map(str::to_owned),
        };
        match &*essence {
            "text/plain" if self.text.is_none() => self.text = decoded,
            "text/html" if self.html.is_none() => self.html = decoded,
            "text/plain" | "text/html" => {}
            // An attachment without a name is named by its type.
            _ => self.attachments.push(essence),
        }
    }
}

/// Reads the headers of a message, their names in lower case; `None` if a line is neither one nor continues one.
fn headers(head: &str) -> Option<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut()?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line.split_once(':')?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_name {
            return None;
        }
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some(headers)
}

/// Decodes the encoded words of a header (RFC 2047): `=?utf-8?Q?F=C3=BCr?=`. A word that cannot be read stays as it is.
fn without_words(value: &str) -> String {
    let mut shown = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?") {
        let word = || {
            let (_, coded) = after.split_once('?')?;
            let (kind, coded) = coded.split_once('?')?;
            let (coded, behind) = coded.split_once("?=")?;
            let bytes = match kind {
                "Q" | "q" => multipart::unquoted_printable(coded.replace('_', " ").as_bytes()),
                "B" | "b" => super::base64::decode(coded.as_bytes())?,
                _ => return None,
            };
            Some((String::from_utf8(bytes).ok()?, behind))
        };
        // Spaces between two encoded words do not belong to the text.
        if shown.is_empty() || !before.trim().is_empty() {
            shown.push_str(before);
        }
        if let Some((word, behind)) = word() {
            shown.push_str(&word);
            rest = behind;
        } else {
            shown.push_str("=?");
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}
