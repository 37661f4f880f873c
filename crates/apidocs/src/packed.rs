//! Documents that are compressed with gzip, as they are or base64-encoded. A text field cannot hold bytes
//! that are not text.

use std::borrow::Cow;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use gaiterguard_domain::document::DOCUMENT_BYTES_MAX;

use crate::unreadable::Unreadable;

/// The beginning of gzip with the compression method deflate (RFC 1952).
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// The beginning of gzip in base64.
const GZIP_BASE64: &str = "H4sI";

/// Returns the bytes of a document, decompressed if necessary, up to a limit.
pub fn unpacked(bytes: &[u8], bytes_max: usize) -> Result<Cow<'_, [u8]>, Unreadable> {
    let too_large = || {
        if bytes_max > DOCUMENT_BYTES_MAX {
            Unreadable::MuchTooLarge
        } else {
            Unreadable::TooLarge
        }
    };
    if bytes.len() > bytes_max {
        return Err(too_large());
    }
    let packed = match decoded(bytes) {
        Some(packed) => Cow::Owned(packed),
        None if bytes.starts_with(&GZIP) => Cow::Borrowed(bytes),
        None => return Ok(Cow::Borrowed(bytes)),
    };
    let mut plain = Vec::new();
    let limit = bytes_max as u64 + 1;
    let read = MultiGzDecoder::new(&*packed)
        .take(limit)
        .read_to_end(&mut plain);
    if plain.len() > bytes_max {
        return Err(too_large());
    }
    read.map_err(|_| Unreadable::BrokenGzip)?;
    Ok(Cow::Owned(plain))
}

/// Returns gzip that is base64-encoded, with or without line breaks.
fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start();
    if !text.starts_with(GZIP_BASE64) {
        return None;
    }
    let engine = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text: String = text.split_ascii_whitespace().collect();
    engine.decode(text).ok()
}

/// Returns the format of a compressed file that was taken for text, by its first characters. A byte of them
/// may have been replaced.
pub(crate) fn compression(text: &str) -> Option<&'static str> {
    let is_gzip = text.starts_with("\u{1f}\u{8b}\u{8}") || text.starts_with("\u{1f}\u{fffd}\u{8}");
    if is_gzip {
        return Some("gzip");
    }
    text.starts_with("PK\u{3}\u{4}").then_some("zip")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::engine::general_purpose::STANDARD;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_unpacked_as_bytes_and_as_base64() {
        let gzip = packed(b"openapi: 3.0.0");
        let base64 = STANDARD.encode(&gzip);
        let (start, end) = base64.split_at(20);
        for given in [
            gzip.clone(),
            base64.clone().into_bytes(),
            base64.trim_end_matches('=').as_bytes().to_vec(),
            format!("{start}\r\n{end}\n").into_bytes(),
        ] {
            assert_eq!(*unpacked(&given, 100).unwrap(), *b"openapi: 3.0.0");
        }
        assert_eq!(*unpacked(b"H4sI: a key", 100).unwrap(), *b"H4sI: a key");
    }

    #[test]
    fn a_bomb_is_given_up_at_the_limit() {
        let bomb = packed(&vec![0; 20 << 20]);
        assert_eq!(unpacked(&bomb, 1 << 20).unwrap_err(), Unreadable::TooLarge);
        let double = packed(&bomb);
        assert!(unpacked(&double, 1 << 20).unwrap().starts_with(&GZIP));
    }

    #[test]
    fn damaged_gzip_is_refused() {
        let gzip = packed(b"openapi: 3.0.0");
        for damaged in [&gzip[..gzip.len() - 9], &gzip[..4]] {
            assert_eq!(unpacked(damaged, 100).unwrap_err(), Unreadable::BrokenGzip);
        }
    }
}
