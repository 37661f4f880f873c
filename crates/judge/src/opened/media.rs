//! Pictures, sounds and the like, known by their first bytes.

/// A kind of media, where its signature is, and the signature. One that is not at the beginning is
/// preceded by a size or by `RIFF`, which [`has`] looks for: JSON could have it there as well.
const SIGNATURES: &[(&str, usize, &[u8])] = &[
    ("image/", 0, b"\x89PNG"),
    ("image/", 0, b"\xff\xd8\xff"),
    ("image/", 0, b"GIF87a"),
    ("image/", 0, b"GIF89a"),
    ("image/", 8, b"WEBP"),
    ("image/", 0, b"II*\0"),
    ("image/", 0, b"MM\0*"),
    ("image/", 0, b"\0\0\x01\0"),
    ("image/", 0, b"BM"),
    ("image/", 4, b"ftyp"),
    ("audio/", 0, b"ID3"),
    ("audio/", 0, b"\xff\xfb"),
    ("audio/", 0, b"\xff\xf3"),
    ("audio/", 0, b"\xff\xf1"),
    ("audio/", 0, b"OggS"),
    ("audio/", 0, b"fLaC"),
    ("audio/", 8, b"WAVE"),
    ("audio/", 4, b"ftyp"),
    ("audio/", 0, b"\x1a\x45\xdf\xa3"),
    ("video/", 4, b"ftyp"),
    ("video/", 0, b"\x1a\x45\xdf\xa3"),
    ("video/", 0, b"OggS"),
    ("video/", 8, b"AVI "),
    ("video/", 0, b"\0\0\x01\xba"),
    ("font/", 0, b"wOFF"),
    ("font/", 0, b"wOF2"),
    ("font/", 0, b"OTTO"),
    ("font/", 0, b"\0\x01\0\0"),
    ("application/pdf", 0, b"%PDF-"),
];

/// Whether a media type is that of something to be seen or heard, and no text.
pub(super) fn is_media(essence: &str) -> bool {
    essence != "image/svg+xml"
        && ["image/", "audio/", "video/", "font/", "application/pdf"]
            .iter()
            .any(|kind| essence.starts_with(kind))
}

/// Whether bytes begin as a medium of this type does.
pub(super) fn begins_as(essence: &str, bytes: &[u8]) -> bool {
    SIGNATURES
        .iter()
        .any(|(kind, at, signature)| essence.starts_with(kind) && has(bytes, *at, signature))
}

/// Whether bytes begin as any medium does.
pub(super) fn begins_as_any(bytes: &[u8]) -> bool {
    SIGNATURES
        .iter()
        .any(|(_, at, signature)| has(bytes, *at, signature))
}

fn has(bytes: &[u8], at: usize, signature: &[u8]) -> bool {
    bytes
        .get(at..)
        .is_some_and(|rest| rest.starts_with(signature))
}
