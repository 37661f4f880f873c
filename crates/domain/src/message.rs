//! The plain text form in which messages are stored: `name:value` lines, an empty line, the body.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Appends one line per header. Names are lower case and values cannot contain a line feed, so the
/// lines can be separated again.
pub(crate) fn write_headers(headers: &HeaderMap, form: &mut Vec<u8>) {
    for (name, value) in headers {
        form.extend_from_slice(name.as_str().as_bytes());
        form.push(b':');
        form.extend_from_slice(value.as_bytes());
        form.push(b'\n');
    }
}

/// Parses such lines; returns `None` if one of them is not a header.
pub(crate) fn read_headers(lines: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        headers.append(name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?);
    }
    Some(headers)
}

/// Splits a form at its empty line into head and body.
pub(crate) fn split(form: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memmem::find(form, b"\n\n")?;
    Some((&form[..end], &form[end + 2..]))
}
