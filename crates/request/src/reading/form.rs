//! Forms that every server splits and decodes alike.

use super::fields;
use super::media_type::MediaType;
use crate::node::Member;
use crate::{Arena, Node};

/// Reads a form. None where servers differ: about `;` as a separator, broken escapes, bytes that
/// are not UTF-8, or whether it is a form in spite of what it is said to be.
pub(super) fn read<'a>(
    media_type: &MediaType,
    body: &'a [u8],
    arena: &'a Arena,
) -> Option<Node<'a>> {
    let first = body.trim_ascii_start().first();
    let looks_like_other = matches!(first, Some(b'{' | b'[' | b'<' | b'"'));
    if looks_like_other || !is_plain(body) {
        return None;
    }
    let form = Node::parse_form(body, arena).ok()?;
    let members = form.members();
    if !media_type.is_utf8() && !members.iter().all(is_ascii) {
        return None;
    }
    // A field of this name changes how the others are decoded.
    let has_charset = members
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("_charset_"));
    if has_charset {
        return None;
    }
    fields::nested(members, arena).map(Node::Map)
}

fn is_ascii((name, value): &Member<'_>) -> bool {
    name.is_ascii() && value.as_text().is_some_and(str::is_ascii)
}

/// Whether the bytes are those that a browser writes, or UTF-8 in their place.
fn is_plain(body: &[u8]) -> bool {
    body.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => body
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        b';' | 0x00..=0x1f | 0x7f => false,
        _ => true,
    })
}
