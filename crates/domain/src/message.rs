//! The plain form in which messages are kept: lines of `name:value`, an empty line, the body.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Appends one line for each header. Names are lower case and values hold no line feed, so the
/// lines can be told apart again.
pub(crate) fn write_headers(headers: &HeaderMap, form: &mut Vec<u8>) {
    for (name, value) in headers {
        form.extend_from_slice(name.as_str().as_bytes());
        form.push(b':');
        form.extend_from_slice(value.as_bytes());
        form.push(b'\n');
    }
}

/// Reads such lines back; none if one is no header.
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
