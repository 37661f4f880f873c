//! Detects the format of a document and parses it.

use std::borrow::Cow;

use gaiterguard_domain::document::{DOCUMENT_BYTES_MAX, SELECTED_BYTES_MAX};

use crate::document::Document;
use crate::include::Include;
use crate::unreadable::Unreadable;
use crate::warning::{WARNINGS_MAX, Warnings};
use crate::{description, html, markdown, openapi, packed, selection, text, tree};

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `OpenAPI` 3.0 or 3.1, or Swagger 2.0, as JSON or YAML; a Google Discovery document; or a Postman
    /// collection.
    OpenApi,
    /// Markdown, or plain text.
    Markdown,
    /// An HTML page.
    Html,
}

/// Parses a document in a given format.
pub fn read(format: Format, bytes: &[u8]) -> Result<Document, Unreadable> {
    let bytes = packed::unpacked(bytes, DOCUMENT_BYTES_MAX)?;
    as_format(format, &bytes, None)
}

/// Parses a document of unknown format, given its bytes and its declared media type.
pub fn read_any(bytes: &[u8], media_type: Option<&str>) -> Result<(Format, Document), Unreadable> {
    read_part(None, bytes, media_type, None)
}

/// Parses the selected part of a document, in a given format or else in the one it is found to have. With
/// a selection, a document may have up to [`SELECTED_BYTES_MAX`].
pub fn read_part(
    format: Option<Format>,
    bytes: &[u8],
    media_type: Option<&str>,
    include: Option<&Include>,
) -> Result<(Format, Document), Unreadable> {
    let include = include.filter(|include| !include.is_everything());
    let bytes = packed::unpacked(bytes, bytes_max(include))?;
    if let Some(format) = format {
        return as_format(format, &bytes, include).map(|document| (format, document));
    }
    let format = recognize(&bytes, media_type);
    match as_format(format, &bytes, include) {
        // Text may look like YAML without being YAML.
        Err(Unreadable::Broken { .. } | Unreadable::NoOpenApi)
            if !declares_openapi(&text::decode(&bytes).0) && !is_data(media_type) =>
        {
            let document = as_format(Format::Markdown, &bytes, include)?;
            Ok((Format::Markdown, document))
        }
        read => read.map(|document| (format, document)),
    }
}

/// Returns the size limit of a document, in bytes.
pub fn bytes_max(include: Option<&Include>) -> usize {
    if include.is_some() {
        SELECTED_BYTES_MAX
    } else {
        DOCUMENT_BYTES_MAX
    }
}

/// Returns the selected part of an API description as JSON, with what its references lead to. It reads
/// like the whole.
pub fn selected(bytes: &[u8], include: &Include) -> Result<Vec<u8>, Unreadable> {
    let bytes = packed::unpacked(bytes, SELECTED_BYTES_MAX)?;
    let (text, _) = decode(&bytes, SELECTED_BYTES_MAX)?;
    let mut tree = tree::read(&text, Some(include))?;
    if !openapi::is_one(&tree) {
        return Err(Unreadable::TooLarge);
    }
    selection::reduce(&mut tree);
    let part = tree.to_string().into_bytes();
    if part.len() > DOCUMENT_BYTES_MAX {
        return Err(Unreadable::SelectionTooLarge);
    }
    Ok(part)
}

fn as_format(
    format: Format,
    bytes: &[u8],
    include: Option<&Include>,
) -> Result<Document, Unreadable> {
    let is_description = format == Format::OpenApi;
    if include.is_some() && !is_description {
        return Err(Unreadable::NotSelectable);
    }
    let (text, warnings) = decode(bytes, bytes_max(include))?;
    let mut document = match format {
        Format::OpenApi => read_description(&text, include, warnings)?,
        Format::Markdown => read_markdown(&text, warnings),
        Format::Html => html::read(&text, warnings),
    };
    if document.operations.is_empty() {
        document
            .warnings
            .insert(0, without_operations(format).to_owned());
        document.warnings.truncate(WARNINGS_MAX);
    }
    Ok(document)
}

/// Returns what a document without operations means.
fn without_operations(format: Format) -> &'static str {
    match format {
        Format::OpenApi => "paths: no operations were found, so requests match none",
        Format::Markdown => {
            "text: no operations were found, because this is read as text; operations are read from \
             OpenAPI, Swagger, Google Discovery and Postman collections"
        }
        Format::Html => {
            "page: no operations were found, because this is a web page, of which the text is kept; \
             operations are read from the API description itself"
        }
    }
}

fn read_description(
    text: &str,
    include: Option<&Include>,
    warnings: Warnings,
) -> Result<Document, Unreadable> {
    if looks_like_a_page(text) {
        return Err(Unreadable::WebPage);
    }
    description::read(&tree::read(text, include)?, include, warnings)
}

/// Detects the format of a document.
pub fn recognize(bytes: &[u8], media_type: Option<&str>) -> Format {
    let (text, _) = text::decode(bytes);
    let media_type = essence(media_type);
    let start = text.trim_start();
    if start.starts_with('{') || declares_openapi(&text) || is_data(Some(&media_type)) {
        return Format::OpenApi;
    }
    if looks_like_a_page(&text)
        || media_type == "text/html"
        || media_type == "application/xhtml+xml"
    {
        return Format::Html;
    }
    Format::Markdown
}

/// Returns whether a text begins like an HTML page.
fn looks_like_a_page(text: &str) -> bool {
    let start = text.trim_start();
    let head: String = start.chars().take(512).collect::<String>().to_lowercase();
    head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || (head.starts_with('<') && (head.contains("<head") || head.contains("<body")))
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

fn decode(bytes: &[u8], bytes_max: usize) -> Result<(Cow<'_, str>, Warnings), Unreadable> {
    if bytes.len() > bytes_max {
        return Err(Unreadable::TooLarge);
    }
    let (text, replaced) = text::decode(bytes);
    if let Some(format) = packed::compression(&text) {
        return Err(Unreadable::Compressed(format.into()));
    }
    if text.contains('\0') {
        return Err(Unreadable::NoText);
    }
    let mut warnings = Warnings::default();
    if replaced {
        warnings.add(
            "text",
            "contains bytes that are not text; they were replaced",
        );
    }
    Ok((text, warnings))
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
