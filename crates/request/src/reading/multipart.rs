//! Multipart forms (RFC 7578) that every server takes apart in the same way.
//!
//! Servers differ about folded lines, escapes, parameters that are there twice or in the syntax of
//! RFC 8187, line ends, and delimiters within a part. A body with any of these is not read.

/// The most parts that are read. A body with more is unknown to rules.
const PARTS_MAX: usize = 1000;

/// The longest boundary, in characters (RFC 2046, section 5.1.1).
const BOUNDARY_CHARS_MAX: usize = 70;

/// A part of a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its name, never empty.
    pub(crate) name: &'a str,
    /// The name of the file that it says it is.
    pub(crate) filename: Option<&'a str>,
    /// The media type that it says it has.
    pub(crate) content_type: Option<&'a str>,
    /// Its content.
    pub(crate) content: &'a [u8],
    /// Whether its file name is given in the syntax of RFC 8187, which not every server reads.
    has_extended_filename: bool,
}

/// How servers treat a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// A value.
    Text,
    /// A file.
    File,
    /// Some take it for a value, others for a file or a value of another format.
    Either,
}

impl Field<'_> {
    pub(crate) fn kind(&self) -> FieldKind {
        match (self.filename, self.content_type) {
            (Some(name), _) if !name.is_empty() => FieldKind::File,
            (None, None) if !self.has_extended_filename => FieldKind::Text,
            (None, Some(kind)) if !self.has_extended_filename && is_utf8_text(kind) => {
                FieldKind::Text
            }
            _ => FieldKind::Either,
        }
    }
}

/// The parts of a `multipart/form-data` body. None where servers differ about any of them.
pub(crate) fn form<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Field<'a>>> {
    if boundary.len() > BOUNDARY_CHARS_MAX || boundary.ends_with(' ') || boundary.is_empty() {
        return None;
    }
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let finder = memchr::memmem::Finder::new(&delimiter.as_bytes()[2..]);
    let mut fields = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return matches!(end, b"" | b"\r\n").then_some(fields);
        }
        if fields.len() == PARTS_MAX {
            return None;
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let at = finder.find(part)?;
        // A delimiter that does not begin its line ends the part for some servers only.
        let inside = part[..at].strip_suffix(b"\r\n")?;
        fields.push(field(inside)?);
        rest = &part[at + delimiter.len() - 2..];
    }
}

fn field(part: &[u8]) -> Option<Field<'_>> {
    let at = memchr::memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..at]).ok()?;
    let mut field = Field {
        content: &part[at + 4..],
        ..Field::default()
    };
    let mut has_disposition = false;
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) || value.contains(is_control) {
            return None;
        }
        let value = value.trim_matches(' ');
        match name.to_ascii_lowercase().as_str() {
            "content-disposition" if !has_disposition => {
                has_disposition = true;
                read_disposition(value, &mut field)?;
            }
            "content-type" if field.content_type.is_none() => field.content_type = Some(value),
            "content-transfer-encoding"
                if ["binary", "8bit", "7bit"]
                    .iter()
                    .any(|plain| value.eq_ignore_ascii_case(plain)) => {}
            "content-disposition" | "content-type" | "content-transfer-encoding" => return None,
            _ => {}
        }
    }
    let is_nested = field
        .content_type
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("multipart"));
    (!field.name.is_empty() && !is_nested).then_some(field)
}

/// `form-data; name="a"; filename="b"`, each parameter once, in quotes and without escapes.
fn read_disposition<'a>(value: &'a str, field: &mut Field<'a>) -> Option<()> {
    let kind = value.get(..9)?;
    if !kind.eq_ignore_ascii_case("form-data") {
        return None;
    }
    let mut rest = value[9..].trim_start_matches(' ');
    while let Some(parameter) = rest.strip_prefix(';') {
        let (name, value) = parameter.trim_start_matches(' ').split_once('=')?;
        if name.eq_ignore_ascii_case("filename*") && !field.has_extended_filename {
            field.has_extended_filename = true;
            let end = value.find([';', ' ', '"', '\\']).unwrap_or(value.len());
            rest = value[end..].trim_start_matches(' ');
            continue;
        }
        let (text, after) = value.strip_prefix('"')?.split_once('"')?;
        if text.contains('\\') {
            return None;
        }
        if name.eq_ignore_ascii_case("name") && field.name.is_empty() && !text.contains('%') {
            field.name = text;
        } else if name.eq_ignore_ascii_case("filename") && field.filename.is_none() {
            field.filename = Some(text);
        } else {
            return None;
        }
        rest = after.trim_start_matches(' ');
    }
    rest.is_empty().then_some(())
}

fn is_control(c: char) -> bool {
    c.is_ascii_control()
}

/// Whether a media type is plain text in the character set that is assumed anyway.
fn is_utf8_text(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase().replace([' ', '"'], "");
    matches!(
        kind.as_str(),
        "text/plain" | "text/plain;charset=utf-8" | "text/plain;charset=us-ascii"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Option<(String, FieldKind)> {
        let body = format!("--b\r\n{head}\r\n\r\n5\r\n--b--\r\n");
        let fields = form(body.as_bytes(), "b")?;
        let [field] = fields.as_slice() else {
            return None;
        };
        assert_eq!(field.content, b"5", "{head}");
        Some((field.name.to_owned(), field.kind()))
    }

    #[test]
    fn a_plain_part_is_a_text_or_a_file() {
        for (head, kind) in [
            (
                "Content-Disposition: form-data; name=\"a\"",
                FieldKind::Text,
            ),
            ("content-disposition:form-data;name=\"a\"", FieldKind::Text),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-8",
                FieldKind::Text,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 1",
                FieldKind::Text,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"; filename=\"x;y.csv\"\r\nContent-Type: text/csv",
                FieldKind::File,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"; filename=\"r.csv\"; filename*=UTF-8''r.csv",
                FieldKind::File,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%C3%A4.csv",
                FieldKind::Either,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"; filename=\"\"",
                FieldKind::Either,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: application/json",
                FieldKind::Either,
            ),
            (
                "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-16",
                FieldKind::Either,
            ),
        ] {
            assert_eq!(read(head), Some(("a".to_owned(), kind)), "{head}");
        }
    }

    #[test]
    fn a_part_that_servers_read_differently_is_not_read() {
        for head in [
            "Content-Disposition: form-data; foo=\"; name=note; \"; name=\"role\"",
            "Content-Disposition: form-data;\r\n name=\"role\"",
            "Content-Disposition: form-data; name*=utf-8''role",
            "Content-Disposition: form-data; name=\"note\"; name*=utf-8''role",
            "Content-Disposition: form-data; name=\"note\"; name=\"role\"",
            "Content-Disposition: form-data; name=role",
            "Content-Disposition: form-data; name=\"no\\te\"",
            "Content-Disposition: form-data; name=\"%6eote\"",
            "Content-Disposition: form-data; name=\"\"",
            "Content-Disposition: form-data; name=\"a\"; filename=\"x\\\"; name=\"role\"",
            "Content-Disposition: form-data; name=\"a\nb\"",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=c",
            "Content-Disposition: attachment; name=\"a\"",
            "Content-Disposition : form-data; name=\"a\"",
            "Content-Type: text/plain",
            "",
        ] {
            assert_eq!(read(head), None, "{head}");
        }
    }

    #[test]
    fn a_frame_that_servers_read_differently_is_not_read() {
        let part = "Content-Disposition: form-data; name=\"a\"\r\n\r\n5";
        let good = format!("--b\r\n{part}\r\n--b\r\n{part}\r\n--b--");
        assert_eq!(
            form(good.as_bytes(), "b").map(|fields| fields.len()),
            Some(2)
        );
        for body in [
            format!("preamble\r\n{good}"),
            format!("\r\n{good}"),
            format!("{good}\r\nepilogue"),
            format!("--b\r\n{part}\r\n--b"),
            format!("--b\r\n{part}\r\n"),
            format!("--b \r\n{part}\r\n--b--"),
            format!("--b\r\n{part}--b--"),
            format!("--b\r\n{part}\r\n--bc\r\n\r\n--b--"),
            format!("--b\r\n{part}\n--b\n{part}\r\n--b--"),
            good.replace("\r\n", "\n"),
        ] {
            assert_eq!(form(body.as_bytes(), "b"), None, "{body:?}");
        }
        assert_eq!(form(good.as_bytes(), ""), None);
        assert_eq!(form(good.as_bytes(), &"b".repeat(71)), None);
    }
}
