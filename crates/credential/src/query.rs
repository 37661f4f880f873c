//! Query parameters of a request, as credentials use them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

/// Everything but the unreserved characters of RFC 3986, so that no server can read an encoded
/// value in two ways.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Returns `path_and_query` without the parameter `param` in any spelling, and otherwise byte for byte
/// as it was; `None` if the parameter is missing.
///
/// Names are compared decoded and without regard to case, because some servers read them that way.
/// `;` counts as a separator too, as it does to some servers; all other parameters are kept.
pub fn drop_parameter(path_and_query: &str, param: &str) -> Option<String> {
    let (path, query) = path_and_query.split_once('?')?;
    let mut kept = String::with_capacity(query.len());
    let mut dropped = false;
    // Each piece except the first begins with the separator before it.
    let mut rest = query;
    while !rest.is_empty() {
        let next = rest
            .bytes()
            .skip(1)
            .position(|byte| matches!(byte, b'&' | b';'));
        let end = next.map_or(rest.len(), |at| at + 1);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        if is_parameter(piece.strip_prefix(['&', ';']).unwrap_or(piece), param) {
            dropped = true;
        } else if kept.is_empty() && dropped {
            kept.push_str(piece.strip_prefix(['&', ';']).unwrap_or(piece));
        } else {
            kept.push_str(piece);
        }
    }
    if !dropped {
        return None;
    }
    if kept.is_empty() {
        return Some(path.to_owned());
    }
    Some(format!("{path}?{kept}"))
}

/// Returns whether a piece of a query is a value of a parameter.
pub(crate) fn is_parameter(piece: &str, param: &str) -> bool {
    let name = piece
        .split('=')
        .next()
        .unwrap_or_default()
        .replace('+', " ");
    let decoded: Vec<u8> = percent_decode_str(&name).collect();
    decoded.eq_ignore_ascii_case(param.as_bytes())
}
