//! What a body is, by what it says it is and by what it looks like.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::multipart::{self, Part};
use super::oddity::{Oddity, OddityKind};
use crate::{Arena, Node};

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
    /// Whole requests within one, as `multipart/mixed` batches carry them: request lines.
    Requests(Vec<(&'a str, &'a str)>),
    /// XML, and the text that it was read from.
    Xml(Node<'a>, &'a str),
    /// Some other text.
    Text(&'a str),
    /// Bytes that are no text, or that could not be opened.
    Bytes,
}

/// What `Content-Type` says, in lower case.
struct Declared {
    essence: String,
    charset: Option<String>,
    boundary: Option<String>,
}

pub(super) fn open<'a>(
    headers: &HeaderMap,
    body: &'a [u8],
    arena: &'a Arena,
    oddities: &mut Vec<Oddity>,
) -> Body<'a> {
    if body.is_empty() {
        return Body::Empty;
    }
    let unreadable = |reason: &str, evidence: &str| {
        Oddity::new(OddityKind::Unreadable(reason.to_owned()), evidence)
    };
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        oddities.push(unreadable("the body is compressed", "content-encoding"));
        return Body::Bytes;
    }
    if headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        oddities.push(unreadable("the body has two content types", "content-type"));
    }
    let declared = Declared::of(headers);
    if let Some(charset) = declared.as_ref().and_then(|one| one.charset.as_deref())
        && !matches!(
            charset,
            "utf-8" | "utf8" | "us-ascii" | "ascii" | "iso-8859-1" | "latin1"
        )
    {
        oddities.push(unreadable(
            "the body is in an unusual character set",
            "content-type",
        ));
    }
    let essence = declared.as_ref().map(|one| one.essence.as_str());
    let Ok(text) = std::str::from_utf8(body) else {
        let boundary = declared.as_ref().and_then(|one| one.boundary.as_deref());
        if let (Some("multipart/form-data"), Some(boundary)) = (essence, boundary) {
            return parts(body, boundary, arena, oddities);
        }
        oddities.push(match essence {
            Some(essence) if is_media(essence) => Oddity::new(OddityKind::Media, ""),
            Some(essence) if !is_textual(essence) => Oddity::new(OddityKind::Opaque, ""),
            _ => unreadable("the body is no text", ""),
        });
        return Body::Bytes;
    };
    match essence {
        Some(essence) if essence.starts_with("multipart/") => {
            let boundary = declared.as_ref().and_then(|one| one.boundary.as_deref());
            let Some(boundary) = boundary else {
                oddities.push(unreadable("the body's parts cannot be told apart", ""));
                return Body::Text(text);
            };
            parts(body, boundary, arena, oddities)
        }
        Some("application/x-www-form-urlencoded") => form(text, arena, oddities),
        Some(essence) if is_lines(essence) => lines(text, arena).unwrap_or_else(|| {
            oddities.push(unreadable("the body is no JSON line by line", ""));
            Body::Text(text)
        }),
        Some(essence) if is_json(essence) => json(text, arena, oddities),
        Some(essence) if is_xml(essence) => xml(text, arena).unwrap_or_else(|reason| {
            oddities.push(unreadable(&reason, ""));
            Body::Text(text)
        }),
        _ if begins_like_xml(text) => match xml(text, arena) {
            Ok(body) => body,
            Err(_) if essence.is_some_and(|essence| essence.starts_with("text/")) => {
                Body::Text(text)
            }
            Err(_) => {
                oddities.push(Oddity::new(OddityKind::Opaque, ""));
                Body::Text(text)
            }
        },
        None => {
            if begins_like_json(text) {
                lines(text, arena).unwrap_or_else(|| json(text, arena, oddities))
            } else if text.contains('=') && !text.contains(char::is_whitespace) {
                form(text, arena, oddities)
            } else {
                Body::Text(text)
            }
        }
        // Some servers read JSON whatever it calls itself.
        Some(_) if begins_like_json(text) => {
            Node::of_json(text, arena).map_or(Body::Text(text), Body::Json)
        }
        Some(_) => Body::Text(text),
    }
}

fn json<'a>(text: &'a str, arena: &'a Arena, oddities: &mut Vec<Oddity>) -> Body<'a> {
    match Node::of_json(text, arena) {
        Ok(node) => Body::Json(node),
        Err(error) => {
            let reason = format!("the body {error}");
            oddities.push(Oddity::new(OddityKind::Unreadable(reason), ""));
            Body::Text(text)
        }
    }
}

fn form<'a>(text: &'a str, arena: &'a Arena, oddities: &mut Vec<Oddity>) -> Body<'a> {
    match Node::parse_form(text.as_bytes(), arena) {
        Ok(node) => Body::Form(node),
        Err(error) => {
            let reason = format!("the body {error}");
            oddities.push(Oddity::new(OddityKind::Unreadable(reason), ""));
            Body::Text(text)
        }
    }
}

/// Two JSON values or more, one a line.
fn lines<'a>(text: &'a str, arena: &'a Arena) -> Option<Body<'a>> {
    let values = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| Node::of_json(line, arena).ok())
        .collect::<Option<Vec<_>>>()?;
    match values.as_slice() {
        [] => None,
        [one] => Some(Body::Json(*one)),
        several => Some(Body::Json(Node::List(arena.list(several)))),
    }
}

fn parts<'a>(
    body: &'a [u8],
    boundary: &str,
    arena: &'a Arena,
    oddities: &mut Vec<Oddity>,
) -> Body<'a> {
    let Some(parts) = multipart::split(body, boundary) else {
        let reason = "the body's parts cannot be told apart".to_owned();
        oddities.push(Oddity::new(OddityKind::Unreadable(reason), ""));
        return std::str::from_utf8(body).map_or(Body::Bytes, Body::Text);
    };
    let requests: Vec<_> = parts.iter().filter_map(Part::request_line).collect();
    if !requests.is_empty() {
        return Body::Requests(requests);
    }
    let mut members = Vec::with_capacity(parts.len());
    for part in parts {
        let text = std::str::from_utf8(part.content).ok();
        let value = match (text, part.filename) {
            (Some(text), _) => text,
            (None, Some(filename)) => filename,
            (None, None) => {
                let reason = "a part of the body is no text".to_owned();
                oddities.push(Oddity::new(OddityKind::Unreadable(reason), ""));
                continue;
            }
        };
        members.push((part.name.unwrap_or_default(), Node::Text(value)));
    }
    Body::Multipart(Node::Map(arena.list(&members)))
}

fn xml<'a>(text: &'a str, arena: &'a Arena) -> Result<Body<'a>, String> {
    Node::parse_xml(text, arena)
        .map(|node| Body::Xml(node, text))
        .map_err(|error| format!("the body {error}"))
}

fn begins_like_xml(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .starts_with('<')
}

fn is_xml(essence: &str) -> bool {
    essence.ends_with("/xml") || essence.ends_with("+xml")
}

fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn is_json(essence: &str) -> bool {
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn is_lines(essence: &str) -> bool {
    matches!(
        essence,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
    )
}

fn is_media(essence: &str) -> bool {
    ["image/", "audio/", "video/", "font/"]
        .iter()
        .any(|kind| essence.starts_with(kind) && essence != "image/svg+xml")
        || essence == "application/pdf"
}

/// Whether bytes of this type should have been text.
fn is_textual(essence: &str) -> bool {
    essence.starts_with("text/")
        || is_json(essence)
        || is_lines(essence)
        || essence.ends_with("xml")
        || essence == "application/x-www-form-urlencoded"
        || essence == "application/graphql"
}

impl Declared {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let mut pieces = value.split(';');
        let essence = pieces.next()?.trim().to_ascii_lowercase();
        let mut declared = Self {
            essence,
            charset: None,
            boundary: None,
        };
        for piece in pieces {
            let Some((name, value)) = piece.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "charset" => declared.charset = Some(value.to_ascii_lowercase()),
                "boundary" => declared.boundary = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(declared)
    }
}
