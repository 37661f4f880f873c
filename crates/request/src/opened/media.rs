//! Images, audio and other media, recognized by their first bytes.

/// A piece of a media signature. A signature that could also begin JSON, a form or YAML includes bytes
/// that text does not have.
enum Piece {
    /// These bytes, at this offset.
    At(usize, &'static [u8]),
    /// At least one byte between these offsets that no text has, the latter excluded.
    Binary(usize, usize),
    /// A digit, at this offset.
    Digit(usize),
}

use Piece::{At, Binary, Digit};

/// The first bytes of Windows Media.
const ASF: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11";

/// Each kind of media and its signatures.
const SIGNATURES: &[(&str, &[&[Piece]])] = &[
    (
        "image/",
        &[
            &[At(0, b"\0\0\x02\0")],
            &[At(0, b"II+\0")],
            &[At(0, b"MM\0+")],
            &[At(0, b"\0\0\0\x0cjP  \r\n\x87\n")],
            &[At(0, b"\xff\x4f\xff\x51")],
            &[At(0, b"\0\0\0\x0cJXL \r\n\x87\n")],
            &[At(0, b"\xff\x0a")],
            &[At(0, b"8BPS\0")],
            &[At(0, b"\x89PNG")],
            &[At(0, b"\xff\xd8\xff")],
            &[At(0, b"GIF87a"), Binary(6, 13)],
            &[At(0, b"GIF89a"), Binary(6, 13)],
            // The size is at most 16 MiB, so its last byte is zero.
            &[At(0, b"RIFF"), At(7, b"\0WEBP")],
            &[At(0, b"II*\0")],
            &[At(0, b"MM\0*")],
            &[At(0, b"\0\0\x01\0")],
            &[At(0, b"BM"), At(6, b"\0\0\0\0")],
            &[At(0, b"\0\0"), At(4, b"ftyp")],
        ],
    ),
    (
        "audio/",
        &[
            &[At(0, b"\xff\xfa")],
            &[At(0, b"\xff\xf2")],
            &[At(0, b"\xff\xf9")],
            &[At(0, b"FORM\0"), At(8, b"AIF")],
            &[At(0, b"MThd\0\0\0\x06")],
            &[At(0, ASF)],
            &[At(0, b"ID3"), At(4, b"\0")],
            &[At(0, b"\xff\xfb")],
            &[At(0, b"\xff\xf3")],
            &[At(0, b"\xff\xf1")],
            &[At(0, b"OggS\0")],
            &[At(0, b"fLaC"), Binary(4, 8)],
            &[At(0, b"RIFF"), At(7, b"\0WAVE")],
            &[At(0, b"\0\0"), At(4, b"ftyp")],
            &[At(0, b"\x1a\x45\xdf\xa3")],
        ],
    ),
    (
        "video/",
        &[
            &[At(0, b"\0\0"), At(4, b"moov")],
            &[At(0, b"\0\0"), At(4, b"mdat")],
            &[At(0, b"\0\0"), At(4, b"wide")],
            &[At(0, b"\x47"), Binary(1, 8), At(188, b"\x47")],
            &[At(0, b"\0\0\x01\xb3")],
            &[At(0, b"FLV\x01"), At(5, b"\0\0\0\x09")],
            &[At(0, ASF)],
            &[At(0, b"\0\0"), At(4, b"ftyp")],
            &[At(0, b"\x1a\x45\xdf\xa3")],
            &[At(0, b"OggS\0")],
            &[At(0, b"RIFF"), At(7, b"\0AVI ")],
            &[At(0, b"\0\0\x01\xba")],
        ],
    ),
    (
        "font/",
        &[
            &[At(0, b"ttcf\0")],
            &[At(0, b"wOFF"), Binary(4, 16)],
            &[At(0, b"wOF2"), Binary(4, 16)],
            &[At(0, b"OTTO\0")],
            &[At(0, b"\0\x01\0\0")],
        ],
    ),
    (
        "application/pdf",
        // The comment behind the version has bytes that no text has, for programs that guess.
        &[&[
            At(0, b"%PDF-"),
            Digit(5),
            At(6, b"."),
            Digit(7),
            Binary(8, 32),
        ]],
    ),
];

/// Whether a media type is an image, a video, or a sound rather than text.
pub(super) fn is_media(essence: &str) -> bool {
    essence != "image/svg+xml"
        && ["image/", "audio/", "video/", "font/", "application/pdf"]
            .iter()
            .any(|kind| essence.starts_with(kind))
}

/// Whether bytes begin as a medium of this type does.
pub(super) fn begins_as(essence: &str, bytes: &[u8]) -> bool {
    begins(bytes, |kind| essence.starts_with(kind))
}

/// Whether bytes begin as any medium does.
pub(super) fn begins_as_any(bytes: &[u8]) -> bool {
    begins(bytes, |_| true)
}

fn begins(bytes: &[u8], is_kind: impl Fn(&str) -> bool) -> bool {
    SIGNATURES
        .iter()
        .filter(|(kind, _)| is_kind(kind))
        .flat_map(|(_, signatures)| *signatures)
        .any(|signature| signature.iter().all(|piece| piece.is_in(bytes)))
}

impl Piece {
    fn is_in(&self, bytes: &[u8]) -> bool {
        match *self {
            At(at, these) => bytes.get(at..).is_some_and(|rest| rest.starts_with(these)),
            Binary(from, to) => bytes
                .get(from..)
                .is_some_and(|rest| rest.iter().take(to - from).any(|byte| is_binary(*byte))),
            Digit(at) => bytes.get(at).is_some_and(u8::is_ascii_digit),
        }
    }
}

fn is_binary(byte: u8) -> bool {
    !matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Returns the text in a media file without its XMP metadata (ISO 16684-1), which images and documents
/// usually have.
pub(super) fn without_descriptions(text: &str) -> String {
    let text = without(text, "<?xpacket begin", "<?xpacket end");
    without(&text, "<x:xmpmeta", "</x:xmpmeta>")
}

/// A text without what is between each of these beginnings and the end that follows it.
fn without(text: &str, begin: &str, end: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once(begin)
        && let Some((_, behind)) = from.split_once(end)
    {
        kept.push_str(before);
        kept.push('\n');
        rest = behind;
    }
    kept.push_str(rest);
    kept
}
