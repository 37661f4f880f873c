//! Paths as upstreams read them: which ones are rejected, and which spellings are equivalent.
//!
//! This is the only module that decodes a path for policy. The bytes that are sent never change.

use std::borrow::Cow;

use crate::invisible::is_ignorable;
use crate::target_refused::TargetRefused;

/// Returns the path with percent-escapes of unreserved characters decoded and the digits of the
/// others in upper case (RFC 3986, section 6.2.2). Paths with the same result are equivalent.
pub fn normalized(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        rest = &rest[at..];
        match unescape(rest.as_bytes(), 0) {
            Some(byte) if is_unreserved(byte) => {
                normal.push(char::from(byte));
                rest = &rest[3..];
            }
            Some(_) => {
                normal.push_str(&rest[..3].to_ascii_uppercase());
                rest = &rest[3..];
            }
            None => {
                normal.push('%');
                rest = &rest[1..];
            }
        }
    }
    normal.push_str(rest);
    Cow::Owned(normal)
}

/// Returns the path with all percent-escapes decoded, repeatedly, until none is left. Bytes that are
/// not UTF-8 become U+FFFD.
///
/// No chain of proxies in front of an upstream can decode further.
pub fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    match String::from_utf8(decoded_bytes(path)) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// Returns a decoded path with the characters that some servers drop or fold (Unicode NFKC): full-width
/// forms, and the small and vertical forms of characters with a meaning in a path, become ASCII, spaces of
/// any kind become plain spaces, and characters that are never displayed are removed.
pub fn folded(decoded: &str) -> Cow<'_, str> {
    if decoded.is_ascii() {
        return Cow::Borrowed(decoded);
    }
    let mut folded = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        match c {
            c if is_ignorable(c) => {}
            '\u{2024}' | '\u{fe52}' => folded.push('.'),
            '\u{2025}' | '\u{fe30}' => folded.push_str(".."),
            '\u{2026}' | '\u{fe19}' => folded.push_str("..."),
            '\u{fe68}' => folded.push('\\'),
            '\u{37e}' | '\u{fe14}' | '\u{fe54}' => folded.push(';'),
            '\u{fe16}' | '\u{fe56}' => folded.push('?'),
            '\u{fe5f}' => folded.push('#'),
            '\u{ff01}'..='\u{ff5e}' => {
                let ascii = char::from_u32(u32::from(c) - 0xfee0);
                folded.extend(ascii);
            }
            c if c.is_whitespace() => folded.push(' '),
            c => folded.push(c),
        }
    }
    Cow::Owned(folded)
}

/// Rejects whatever an upstream might read as another path: dot segments, empty segments, backslashes,
/// control characters and overlong UTF-8, in every encoding depth.
pub(crate) fn check(path: &str) -> Result<(), TargetRefused> {
    let Some(below_root) = path.strip_prefix('/') else {
        return Ok(());
    };
    let mut segments = below_root.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment.is_empty() && !is_last {
            return Err(TargetRefused::EmptySegment);
        }
        // Decoding never removes a slash, a dot, a backslash or a control character. The fully decoded
        // form therefore contains each one that a partial decoder would find.
        check_segment(&decoded_bytes(segment))?;
    }
    Ok(())
}

fn check_segment(decoded: &[u8]) -> Result<(), TargetRefused> {
    if holds_overlong(decoded) {
        return Err(TargetRefused::Overlong);
    }
    for byte in decoded {
        match byte {
            b'\\' => return Err(TargetRefused::Backslash),
            0x00..=0x1f | 0x7f => return Err(TargetRefused::Control),
            _ => {}
        }
    }
    let holds_slash = decoded.contains(&b'/');
    for part in decoded.split(|byte| *byte == b'/') {
        if holds_slash && part.is_empty() {
            return Err(TargetRefused::EmptySegment);
        }
        // Some servers remove path parameters before they resolve dots, so `..;x` means `..` to them.
        let is_bare_parameter = part.first() == Some(&b';');
        if is_dots(part) {
            return Err(TargetRefused::DotSegment);
        }
        if is_bare_parameter {
            return Err(TargetRefused::EmptySegment);
        }
    }
    // To servers that fold characters, `%EF%BC%8E` is a dot and `%EF%BC%8F` a slash.
    if !decoded.is_ascii()
        && folded(&String::from_utf8_lossy(decoded))
            .split(['/', '\\'])
            .any(|part| is_dots(part.as_bytes()))
    {
        return Err(TargetRefused::DotSegment);
    }
    Ok(())
}

/// Returns whether a segment consists of dots, or of dots and spaces: servers that trim names as
/// Windows does read `..` and spaces as `..`. The segment ends at a decoded `;`, `?` or `#`. Decoders
/// that trust the first byte of a two-byte sequence read the bytes C0 2E as a dot.
fn is_dots(segment: &[u8]) -> bool {
    let mut name = segment
        .iter()
        .take_while(|byte| !matches!(byte, b';' | b'?' | b'#'))
        .filter(|byte| !matches!(byte, 0xc0 | b' '))
        .peekable();
    name.peek().is_some() && name.all(|byte| *byte == b'.')
}

/// Returns whether bytes contain a UTF-8 sequence that is longer than its character needs. A decoder
/// that accepts those could read it as a dot, a slash or a control character.
fn holds_overlong(bytes: &[u8]) -> bool {
    let continues = |at: usize, count: usize| {
        bytes
            .get(at..at + count)
            .is_some_and(|tail| tail.iter().all(|byte| byte & 0xc0 == 0x80))
    };
    bytes.iter().enumerate().any(|(at, lead)| {
        let second = bytes.get(at + 1).copied().unwrap_or_default();
        match lead {
            0xc0 | 0xc1 => continues(at + 1, 1),
            0xe0 => second < 0xa0 && continues(at + 1, 2),
            0xf0 => second < 0x90 && continues(at + 1, 3),
            0xf8 => second < 0x88 && continues(at + 1, 4),
            0xfc => second < 0x84 && continues(at + 1, 5),
            _ => false,
        }
    })
}

/// Decodes until no escape is left. Escapes never overlap, so their order does not matter, and only the
/// end of the decoded bytes can complete a new escape.
fn decoded_bytes(path: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    for byte in path.bytes() {
        bytes.push(byte);
        while let Some((length, decoded)) = last_escape(&bytes) {
            bytes.truncate(bytes.len() - length);
            let mut buffer = [0; 4];
            bytes.extend_from_slice(decoded.encode(&mut buffer));
        }
    }
    bytes
}

enum Decoded {
    Byte(u8),
    Char(char),
}

impl Decoded {
    fn encode(self, buffer: &mut [u8; 4]) -> &[u8] {
        match self {
            Self::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
            Self::Char(c) => c.encode_utf8(buffer).as_bytes(),
        }
    }
}

/// Returns the escape at the end of `bytes` and its length: `%2e`, or the `%u002e` of some servers.
fn last_escape(bytes: &[u8]) -> Option<(usize, Decoded)> {
    if let Some(at) = bytes.len().checked_sub(3)
        && bytes[at] == b'%'
    {
        return unescape(bytes, at).map(|byte| (3, Decoded::Byte(byte)));
    }
    let at = bytes.len().checked_sub(6)?;
    if bytes[at] != b'%' || !bytes[at + 1].eq_ignore_ascii_case(&b'u') {
        return None;
    }
    let digits = std::str::from_utf8(&bytes[at + 2..]).ok()?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = is_hex.then(|| u32::from_str_radix(digits, 16).ok())??;
    Some((6, Decoded::Char(char::from_u32(code)?)))
}

/// Returns the byte that the escape at `at` encodes.
pub(crate) fn unescape(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equivalent_paths_have_one_normal_form() {
        for (path, normal) in [
            ("/v1/admin", "/v1/admin"),
            ("/v1/%61dmin", "/v1/admin"),
            ("/v1/%61%64%6D%69%6e", "/v1/admin"),
            ("/%7euser/a%2db%5f", "/~user/a-b_"),
            ("/a%2fb", "/a%2Fb"),
            ("/a%2Fb%3a", "/a%2Fb%3A"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/%2561", "/%2561"),
            ("/100%25", "/100%25"),
        ] {
            assert_eq!(normalized(path), normal, "{path}");
            assert_eq!(normalized(normal), normal, "{path} twice");
        }
    }

    #[test]
    fn decoding_continues_until_nothing_is_left_to_decode() {
        for (path, plain) in [
            ("/v1/admin", "/v1/admin"),
            ("/v1%2Fadmin", "/v1/admin"),
            ("/v1/%2561dmin", "/v1/admin"),
            ("/v1/%25%36%31dmin", "/v1/admin"),
            ("/v1/%252525252561dmin", "/v1/admin"),
            ("/v1/%25u0061dmin", "/v1/admin"),
            ("/100%25", "/100%"),
            ("/a%2520b", "/a b"),
            ("/caf%c3%a9", "/café"),
            ("/caf%e9", "/caf\u{fffd}"),
        ] {
            assert_eq!(decoded(path), plain, "{path}");
        }
    }

    #[test]
    fn a_path_is_folded_as_servers_fold_names() {
        for (decoded, plain) in [
            ("/v1/admin", "/v1/admin"),
            ("/v1/\u{a0}admin\u{200b}", "/v1/ admin"),
            ("/v1/ad\u{ad}m\u{200e}in\u{fe0f}\u{e0001}", "/v1/admin"),
            ("/v1\u{ff0f}\u{ff21}dmin", "/v1/Admin"),
            ("/\u{2026}", "/..."),
            ("/\u{fe30}\u{fe52}\u{fe68}", "/...\\"),
            ("/a\u{37e}\u{fe56}\u{fe5f}", "/a;?#"),
            ("/caf\u{e9}", "/caf\u{e9}"),
        ] {
            assert_eq!(folded(decoded), plain, "{decoded}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_decodes_to_the_same(path in "(/|%[0-9a-fA-F]{2}|[a-z.;~]|%25){0,16}") {
            let normal = normalized(&path);
            prop_assert_eq!(decoded(&normal), decoded(&path));
        }

        #[test]
        fn encoding_a_path_again_changes_nothing(path in "/[a-z./;~]{0,12}", times in 1_usize..6) {
            let mut encoded = path.clone();
            for _ in 0..times {
                encoded = encoded.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
                if encoded.len() > 4_000 {
                    break;
                }
            }
            prop_assert_eq!(decoded(&encoded), path);
        }
    }
}
