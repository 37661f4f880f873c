//! Small text operations: truncating, decoding and removing markup.

use std::borrow::Cow;

/// Truncates a text to a number of characters; `…` replaces the removed part.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.char_indices().nth(chars_max).is_none() {
        return text.to_owned();
    }
    let end = text
        .char_indices()
        .nth(chars_max.saturating_sub(1))
        .map_or(0, |(at, _)| at);
    format!("{}…", &text[..end])
}

/// Decodes bytes as UTF-8, or as UTF-16 if they have a byte order mark. Replaces invalid bytes; the
/// second value is whether there were any.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return decode_utf8(rest);
    }
    let unit = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return decode_utf8(bytes),
    };
    let units = bytes[2..]
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]));
    let mut replaced = !bytes.len().is_multiple_of(2);
    let text = char::decode_utf16(units)
        .map(|read| {
            read.unwrap_or_else(|_| {
                replaced = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    (Cow::Owned(text), replaced)
}

fn decode_utf8(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let replaced = matches!(text, Cow::Owned(_));
    (text, replaced)
}

/// Decodes the percent escapes of a text. Keeps invalid escapes and those that are not UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap_or(Cow::Borrowed(text))
}

const TAGS: [&str; 40] = [
    "p",
    "br",
    "a",
    "b",
    "i",
    "em",
    "strong",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "div",
    "span",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "blockquote",
    "hr",
    "img",
    "u",
    "sup",
    "sub",
    "small",
    "details",
    "summary",
    "section",
    "dl",
    "dt",
    "dd",
    "center",
];

/// Removes the HTML tags that many authors write into descriptions. Keeps everything that is not a
/// well-known tag (`<id>`, `a < b`).
pub(crate) fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        let tag = &rest[start..];
        if let Some(end) = tag_end(tag) {
            let closes_block = ["p>", "br", "li", "/p", "/l", "h1", "h2", "h3", "tr", "/t"]
                .iter()
                .any(|name| tag[1..].starts_with(name));
            if closes_block && !plain.is_empty() && !plain.ends_with(char::is_whitespace) {
                plain.push(if tag.starts_with("</t") { ' ' } else { '\n' });
            }
            rest = &tag[end..];
        } else {
            plain.push('<');
            rest = &tag[1..];
        }
    }
    plain.push_str(rest);
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        if plain.contains(entity) {
            plain = plain.replace(entity, character);
        }
    }
    Cow::Owned(plain)
}

/// Returns the end of a well-known tag at the beginning of the text.
fn tag_end(text: &str) -> Option<usize> {
    let inner = &text[1..];
    let name_start = inner.strip_prefix('/').unwrap_or(inner);
    let name_len = name_start
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(name_start.len());
    let name = &name_start[..name_len];
    let known = TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name));
    // No author writes a longer attribute list into a description, so this is not markup.
    let window = &text.as_bytes()[..text.len().min(2_000)];
    let end = window.iter().position(|&byte| byte == b'>')?;
    known.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn markup_goes_and_placeholders_stay() {
        assert_eq!(
            without_tags("<p>Creates a <a href=\"/x\">charge</a>.</p><p>See <id> &amp; a < b</p>"),
            "Creates a charge.\nSee <id> & a < b\n"
        );
    }

    #[test]
    fn utf_16_is_read_by_its_mark() {
        let bytes = [0xff, 0xfe, b'h', 0, 0xfc, 0];
        assert_eq!(decode(&bytes), (Cow::Borrowed("hü"), false));
        assert_eq!(decode(b"\xef\xbb\xbfh"), (Cow::Borrowed("h"), false));
        assert!(decode(b"h\xff").1);
    }
}
