//! Detects the format of a document and parses it.

use std::borrow::Cow;

use gaiterguard_domain::document::DOCUMENT_BYTES_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::document::Document;
use crate::tree::{self, Broken};
use crate::warning::Warnings;
use crate::{html, markdown, openapi, text};

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `OpenAPI` 3.0 or 3.1, or Swagger 2.0, as JSON or YAML.
    OpenApi,
    /// Markdown, or plain text.
    Markdown,
    /// An HTML page.
    Html,
}

/// The reason why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Unreadable {
    /// It is too large.
    #[error("it is larger than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    /// It is not text.
    #[error("it is not text")]
    NoText,
    /// It is compressed.
    #[error("it is {0}-compressed: unzip it first")]
    Compressed(Cow<'static, str>),
    /// It is neither JSON nor YAML, or exceeds a limit.
    #[error("{}{trouble}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Broken {
        /// The line, counted from 1, if it is known.
        line: Option<u64>,
        /// The problem.
        trouble: String,
    },
    /// It is JSON or YAML, but does not describe an API.
    #[error("it has no `openapi`, `swagger` or `paths`, so it describes no API")]
    NoOpenApi,
}

/// The length limit of the description of a problem, in characters.
const TROUBLE_CHARS_MAX: usize = 300;

impl From<Broken> for Unreadable {
    fn from(broken: Broken) -> Self {
        Self::Broken {
            line: broken.line,
            trouble: text::cut(&broken.trouble, TROUBLE_CHARS_MAX),
        }
    }
}

/// Parses a document in a given format.
pub fn read(format: Format, bytes: &[u8]) -> Result<Document, Unreadable> {
    let (text, warnings) = decode(bytes)?;
    match format {
        Format::OpenApi => {
            let tree = parse(&text)?;
            if openapi::is_one(&tree) {
                Ok(openapi::read(&tree, warnings))
            } else {
                Err(Unreadable::NoOpenApi)
            }
        }
        Format::Markdown => Ok(read_markdown(&text, warnings)),
        Format::Html => Ok(html::read(&text, warnings)),
    }
}

/// Parses a document of unknown format, given its bytes and its declared media type.
pub fn read_any(bytes: &[u8], media_type: Option<&str>) -> Result<(Format, Document), Unreadable> {
    let format = recognize(bytes, media_type);
    match read(format, bytes) {
        // Text may look like YAML without being YAML.
        Err(Unreadable::Broken { .. } | Unreadable::NoOpenApi)
            if !declares_openapi(&text::decode(bytes).0) && !is_data(media_type) =>
        {
            Ok((Format::Markdown, read(Format::Markdown, bytes)?))
        }
        read => read.map(|document| (format, document)),
    }
}

/// Detects the format of a document.
pub fn recognize(bytes: &[u8], media_type: Option<&str>) -> Format {
    let (text, _) = text::decode(bytes);
    let media_type = essence(media_type);
    let start = text.trim_start();
    if start.starts_with('{') || declares_openapi(&text) || is_data(Some(&media_type)) {
        return Format::OpenApi;
    }
    let head: String = start.chars().take(512).collect::<String>().to_lowercase();
    let looks_like_a_page = head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || (head.starts_with('<') && (head.contains("<head") || head.contains("<body")));
    if looks_like_a_page || media_type == "text/html" || media_type == "application/xhtml+xml" {
        return Format::Html;
    }
    Format::Markdown
}

fn essence(media_type: Option<&str>) -> String {
    let media_type = media_type.unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn is_data(media_type: Option<&str>) -> bool {
    let essence = essence(media_type);
    ["json", "yaml", "x-yaml"]
        .iter()
        .any(|name| essence.rsplit(['/', '+']).next() == Some(*name))
}

/// Returns whether a line begins with `openapi:` or `swagger:`, or with such a JSON key.
fn declares_openapi(text: &str) -> bool {
    let is_key = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        ["openapi", "swagger"].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|rest| {
                rest.trim_start_matches(['"', '\''])
                    .trim_start()
                    .starts_with(':')
            })
        })
    };
    if text.trim_start().starts_with('{') {
        let mut keys = text
            .match_indices("\"openapi\"")
            .chain(text.match_indices("\"swagger\""));
        return keys.any(|(at, _)| is_key(&text[at..]));
    }
    text.lines().any(is_key)
}

fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Warnings), Unreadable> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    let (text, replaced) = text::decode(bytes);
    if let Some(format) = compression(bytes, &text) {
        return Err(Unreadable::Compressed(format.into()));
    }
    if text.contains('\0') {
        return Err(Unreadable::NoText);
    }
    let mut warnings = Warnings::default();
    if replaced {
        warnings.add("text", "holds bytes that are not text; they were replaced");
    }
    Ok((text, warnings))
}

/// Returns the format of a compressed file by its first bytes. If the file was taken for text, a byte of
/// them is a replacement character.
fn compression(bytes: &[u8], text: &str) -> Option<&'static str> {
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b])
        || text.starts_with("\u{1f}\u{8b}\u{8}")
        || text.starts_with("\u{1f}\u{fffd}\u{8}");
    if is_gzip {
        return Some("gzip");
    }
    text.starts_with("PK\u{3}\u{4}").then_some("zip")
}

/// Parses the tree of a JSON or YAML text. A text that begins like JSON but is not JSON may still be
/// YAML, which allows comments and trailing commas.
fn parse(text: &str) -> Result<Value, Unreadable> {
    if text.trim_start().starts_with(['{', '[']) {
        let broken = match tree::from_json(text) {
            Ok(tree) => return Ok(tree),
            Err(broken) => broken,
        };
        return tree::from_yaml(text).map_err(|_| broken.into());
    }
    Ok(tree::from_yaml(text)?)
}

fn read_markdown(text: &str, mut warnings: Warnings) -> Document {
    let sections = markdown::sections(text, &[], &mut warnings);
    let title = text
        .lines()
        .find_map(|line| line.strip_prefix("# "))
        .map(|title| text::cut(title.trim(), openapi::SUMMARY_CHARS_MAX));
    Document {
        title,
        operations: Vec::new(),
        sections,
        warnings: warnings.finish(),
    }
}
