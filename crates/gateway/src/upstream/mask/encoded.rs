//! The encodings of a secret, each a text that is searched for by itself.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// A shorter piece of base64 is also an ordinary word.
const INNER_CHARS_MIN: usize = 8;

/// Bits in a base64 character, and in a byte.
const CHARACTER_BITS: usize = 6;
const BYTE_BITS: usize = 8;

/// The spelling of the five characters that HTML escapes.
struct HtmlEscapes {
    double_quote: &'static str,
    single_quote: &'static str,
}

/// The escapes that template engines and web frameworks write for quotes.
const HTML_ESCAPES: [HtmlEscapes; 3] = [
    HtmlEscapes {
        double_quote: "&quot;",
        single_quote: "&#39;",
    },
    HtmlEscapes {
        double_quote: "&#34;",
        single_quote: "&#039;",
    },
    HtmlEscapes {
        double_quote: "&quot;",
        single_quote: "&#x27;",
    },
];

/// Every encoding of `value` that a response may hold, `value` itself among them. Some may be equal.
pub(super) fn encodings(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut all = vec![
        // The padded forms contain the unpadded ones.
        Zeroizing::new(STANDARD_NO_PAD.encode(value).into_bytes()),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(value).into_bytes()),
        Zeroizing::new(value.to_vec()),
        Zeroizing::new(hex::encode(value).into_bytes()),
        Zeroizing::new(hex::encode_upper(value).into_bytes()),
    ];
    for bytes_before in 0..3 {
        all.extend(inside_base64(value, bytes_before));
    }
    all.extend(in_utf16(value));
    all.extend(in_html(value));
    all
}

/// The base64 characters that `value` alone decides where it follows `bytes_before` other bytes of
/// an encoded text, modulo three, in both alphabets. Echoed headers are encoded with their names.
fn inside_base64(value: &[u8], bytes_before: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes_before + value.len()));
    text.resize(bytes_before, 0);
    text.extend_from_slice(value);
    let begin = (bytes_before * BYTE_BITS).div_ceil(CHARACTER_BITS);
    let end = text.len() * BYTE_BITS / CHARACTER_BITS;
    if end < begin + INNER_CHARS_MIN {
        return Vec::new();
    }
    [
        Zeroizing::new(STANDARD_NO_PAD.encode(&*text)),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&*text)),
    ]
    .into_iter()
    .map(|encoded| Zeroizing::new(encoded.as_bytes()[begin..end].to_vec()))
    .collect()
}

/// UTF-16 in either byte order, for which an ASCII text needs one pattern: the same characters with
/// a zero between each two.
fn in_utf16(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if !value.is_ascii() {
        return None;
    }
    let mut text = Zeroizing::new(Vec::with_capacity(value.len() * 2));
    for byte in value {
        text.extend_from_slice(&[*byte, 0]);
    }
    text.pop();
    Some(text)
}

/// The spellings inside HTML, for a value with a character that is escaped there.
fn in_html(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let is_escaped = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    if !value.iter().any(is_escaped) {
        return Vec::new();
    }
    HTML_ESCAPES
        .iter()
        .map(|escapes| {
            // No escape is longer than six bytes; the whole capacity is reserved so that nothing is
            // left behind by growing.
            let mut text = Zeroizing::new(Vec::with_capacity(value.len() * 6));
            for byte in value {
                match byte {
                    b'&' => text.extend_from_slice(b"&amp;"),
                    b'<' => text.extend_from_slice(b"&lt;"),
                    b'>' => text.extend_from_slice(b"&gt;"),
                    b'"' => text.extend_from_slice(escapes.double_quote.as_bytes()),
                    b'\'' => text.extend_from_slice(escapes.single_quote.as_bytes()),
                    other => text.push(*other),
                }
            }
            text
        })
        .collect()
}
