//! Text that was put into base64.

use super::encoding::{self, InflationRoom, TooLong};

/// The shortest text that is taken for base64: shorter ones are words more often than not.
const LENGTH_MIN: usize = 16;

/// How much is decoded to see whether there is text in it, in characters. Most long base64 is a file, which its
/// first bytes show.
const SAMPLE: usize = 1024;

/// The decoded content of base64 text.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Text.
    Text(String),
    /// A program or an archive, by its first bytes.
    Program,
    /// Compressed text that there is no room for.
    TooLong,
}

/// Decodes a text if it is base64 of a text or a program. Compressed text takes up room.
pub fn decoded(text: &str, room: &mut InflationRoom) -> Option<Decoded> {
    let text = text.trim();
    let text = match text.split_once(";base64,") {
        Some((head, rest)) if head.starts_with("data:") => rest,
        _ => text,
    };
    if text.len() < LENGTH_MIN {
        return None;
    }
    let sample = decode(text.as_bytes().get(..SAMPLE).unwrap_or(text.as_bytes()))?;
    if is_program(&sample) {
        return Some(Decoded::Program);
    }
    let is_gzip = sample.starts_with(encoding::GZIP);
    // Its two first bytes are text as well.
    if sample.starts_with(b"x") {
        match room.unzlibbed(&decode(text.as_bytes())?) {
            Ok(Some(bytes)) => return String::from_utf8(bytes).ok().map(Decoded::Text),
            Ok(None) => {}
            Err(TooLong) => return Some(Decoded::TooLong),
        }
    }
    let is_wide = encoding::wide_text(&sample[..sample.len() / 4 * 4]).is_some();
    if !is_gzip && !is_wide && !is_printable(&sample) {
        return None;
    }
    let bytes = if text.len() > SAMPLE {
        decode(text.as_bytes())?
    } else {
        sample
    };
    let bytes = if is_gzip {
        match room.ungzipped(&bytes) {
            Ok(bytes) => bytes?,
            Err(TooLong) => return Some(Decoded::TooLong),
        }
    } else {
        bytes
    };
    let text = encoding::wide_text(&bytes).or_else(|| String::from_utf8(bytes).ok());
    text.map(Decoded::Text)
}

/// Standard and URL-safe alphabet, padded or not, line ends ignored.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

fn is_program(bytes: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] = &[b"\x7fELF", b"MZ\x90", b"\xca\xfe\xba\xbe", b"\0asm"];
    BEGINNINGS.iter().any(|begin| bytes.starts_with(begin))
}

/// Whether bytes read as text: UTF-8 but for a character cut at the end, and nearly no controls.
fn is_printable(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let controls = text
        .chars()
        .filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        .count();
    !text.is_empty() && controls * 50 < text.len()
}
