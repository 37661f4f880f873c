//! Parses `Content-Type` (RFC 9110, section 8.3), if it has exactly one meaning.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// How a body of a media type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON value.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// There is no type, or one that says nothing about the format.
    Unsaid,
    /// Any other.
    Other,
}

/// A media type, in lower case but for the boundary.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MediaType {
    essence: Option<String>,
    charset: Option<String>,
    /// The boundary of a multipart body.
    pub(super) boundary: Option<String>,
}

impl MediaType {
    /// Reads the header. None where it is there twice, is not in its grammar, or says something
    /// twice: servers take the first, the last or neither.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let Some(value) = values.next() else {
            return Some(Self::default());
        };
        if values.next().is_some() {
            return None;
        }
        Self::parse(value.to_str().ok()?)
    }

    fn parse(value: &str) -> Option<Self> {
        let (essence, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        let essence = essence.trim();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut media_type = Self {
            essence: Some(essence.to_ascii_lowercase()),
            ..Self::default()
        };
        while let Some(parameter) = rest.strip_prefix(';') {
            let parameter = parameter.trim_start();
            if parameter.is_empty() || parameter.starts_with(';') {
                rest = parameter;
                continue;
            }
            let (name, after) = parameter.split_once('=')?;
            // Some servers take `boundary*` and `boundary*0` (RFC 2231) for the boundary.
            if !is_token(name) || name.contains('*') {
                return None;
            }
            let (text, after) = if let Some(quoted) = after.strip_prefix('"') {
                quoted
                    .split_once('"')
                    .filter(|(text, _)| !text.contains('\\'))?
            } else {
                let end = after.find([';', ' ', '\t']).unwrap_or(after.len());
                Some(after.split_at(end)).filter(|(text, _)| is_token(text))?
            };
            let known = match name.to_ascii_lowercase().as_str() {
                "charset" => Some((&mut media_type.charset, text.to_ascii_lowercase())),
                "boundary" => Some((&mut media_type.boundary, text.to_owned())),
                _ => None,
            };
            if let Some((place, text)) = known
                && place.replace(text).is_some()
            {
                return None;
            }
            rest = after.trim_start();
        }
        rest.is_empty().then_some(media_type)
    }

    pub(super) fn format(&self) -> Format {
        let Some(essence) = self.essence.as_deref() else {
            return Format::Unsaid;
        };
        match essence {
            "application/x-www-form-urlencoded" => Format::Form,
            "multipart/form-data" => Format::Multipart,
            "text/plain" | "application/octet-stream" => Format::Unsaid,
            _ if is_json(essence) => Format::Json,
            _ => Format::Other,
        }
    }

    /// Whether texts are in UTF-8. Another character set may be read as UTF-8 where all of it is
    /// ASCII.
    pub(super) fn is_utf8(&self) -> bool {
        self.charset
            .as_deref()
            .is_none_or(|charset| matches!(charset, "utf-8" | "utf8"))
    }

    /// Whether bytes of ASCII mean in this character set what they mean in UTF-8.
    pub(super) fn extends_ascii(&self) -> bool {
        self.is_utf8()
            || self.charset.as_deref().is_some_and(|charset| {
                matches!(
                    charset,
                    "us-ascii" | "ascii" | "iso-8859-1" | "latin1" | "iso-8859-15" | "windows-1252"
                )
            })
    }
}

/// Whether a type is one JSON value: `application/json`, `application/vnd.api+json`,
/// `application/x-amz-json-1.1` and their like, but none of several values in a row.
fn is_json(essence: &str) -> bool {
    let mut words = essence.split(['/', '+', '-', '.', '_']);
    let several = ["multipart", "lines", "seq", "stream"];
    essence
        .split(['/', '+', '-', '.', '_'])
        .any(|word| word == "json")
        && !words.any(|word| several.contains(&word))
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(value: &str) -> Option<Format> {
        MediaType::parse(value).map(|media_type| media_type.format())
    }

    #[test]
    fn a_media_type_says_how_its_body_is_read() {
        for (value, expected) in [
            ("application/json", Format::Json),
            ("Application/JSON; charset=UTF-8", Format::Json),
            ("application/json;", Format::Json),
            ("application/vnd.api+json;version=\"1;2\"", Format::Json),
            ("application/x-amz-json-1.1", Format::Json),
            ("text/json", Format::Json),
            ("application/x-www-form-urlencoded", Format::Form),
            ("multipart/form-data; boundary=\"a b\"", Format::Multipart),
            ("text/plain", Format::Unsaid),
            ("application/x-ndjson", Format::Other),
            ("application/json-seq", Format::Other),
            ("application/stream+json", Format::Other),
            ("application/jsonl", Format::Other),
            ("application/json5", Format::Other),
            ("multipart/mixed; boundary=a", Format::Other),
            ("application/yaml", Format::Other),
        ] {
            assert_eq!(format(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_header_that_servers_read_differently_says_nothing() {
        for value in [
            "",
            "json",
            "application/json, text/plain",
            "application/x-www-form-urlencoded, x",
            "application/x-www-form-urlencoded x",
            "application/json; charset=utf-8; charset=utf-16",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=\"a\\\"b\"",
            "multipart/form-data; boundary = a",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=\"a\"b",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a; boundary*=utf-8''b",
            "multipart/form-data; boundary=a; boundary*0=b",
            "application/json; charset*=''utf-16",
        ] {
            assert_eq!(format(value), None, "{value}");
        }
    }
}
