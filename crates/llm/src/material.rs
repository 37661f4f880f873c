//! The text of a request for a model: its head and the whole of its body, in pieces.

use std::fmt::Write as _;
use std::ops::Range;

use gaiterguard_domain::header;
use gaiterguard_domain::request::CanonicalRequest;

use crate::conceal::conceal;
use crate::fence::visible;

/// How much of a body one question contains, in bytes as they are shown. About 4,000 tokens, which leaves
/// room for the instructions in a context of 8,192.
pub(crate) const PIECE_BYTES_MAX: usize = 12 * 1024;

/// How many pieces a body may have. Each costs a question; a longer body is held.
pub(crate) const PIECES_MAX: usize = 8;

/// How much of a piece is repeated at the beginning of the next, in bytes, so that a sentence at the seam
/// is seen whole in one of them.
const OVERLAP_BYTES: usize = 240;

/// How far before the limit of a piece a separator is searched for, in bytes.
const SEAM_BYTES: usize = 512;

/// The longest head, in bytes as it is shown. Limits of HTTP servers for a head are lower.
const HEAD_BYTES_MAX: usize = 24 * 1024;

/// How much documentation one question contains, in bytes as it is shown. It leaves room for a piece of the body in
/// the contexts of small local models.
const DOCUMENTATION_BYTES_MAX: usize = 8 * 1024;

/// Why a request cannot be shown to a model as a whole. It is held in that case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unshowable {
    /// The body is not text.
    #[error("the body is not text, so a language model cannot read it")]
    NotText,
    /// The request is too long.
    #[error(
        "the request is longer than the {} KiB that a language model is shown",
        PIECE_BYTES_MAX * PIECES_MAX / 1024
    )]
    TooLong,
    /// More plain-language rules apply to the request than fit into a question.
    #[error(
        "more plain-language rules apply to this request than fit into one question to a language model"
    )]
    TooManyRules,
}

/// A request as it is shown: with escapes and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Material {
    /// Method, address and headers.
    pub(crate) head: String,
    /// The body's pieces, in order; a single empty one if there is no body.
    pub(crate) pieces: Vec<String>,
}

impl Material {
    pub(crate) fn of(request: &CanonicalRequest) -> Result<Self, Unshowable> {
        let head = visible(&head(request)).into_owned();
        let body = std::str::from_utf8(&request.body).map_err(|_| Unshowable::NotText)?;
        let budget = PIECE_BYTES_MAX * PIECES_MAX;
        if head.len() > HEAD_BYTES_MAX || body.len() > budget {
            return Err(Unshowable::TooLong);
        }
        let body = conceal(body);
        let pieces = pieces(&visible(&body));
        if pieces.len() > PIECES_MAX {
            return Err(Unshowable::TooLong);
        }
        Ok(Self { head, pieces })
    }
}

/// Returns documentation as it is shown. Longer documentation is cut, and the cut is marked; it explains a
/// request and is not part of it.
pub(crate) fn documentation(excerpts: &[&str]) -> String {
    let mut shown = String::new();
    for excerpt in excerpts {
        let excerpt = conceal(excerpt);
        let excerpt = visible(excerpt.trim());
        let left = DOCUMENTATION_BYTES_MAX.saturating_sub(shown.len());
        if excerpt.len() > left {
            shown.push_str(&excerpt[..floor_boundary(&excerpt, left)]);
            shown.push_str("\n(The documentation goes on here and was cut.)");
            break;
        }
        shown.push_str(&excerpt);
        shown.push_str("\n\n");
    }
    shown.trim_end().to_owned()
}

fn head(request: &CanonicalRequest) -> String {
    let mut head = format!(
        "{} {}\n",
        request.method,
        conceal(&request.target.to_string())
    );
    for (name, value) in &request.headers {
        // Writing into a String cannot fail.
        let _ = writeln!(head, "{name}: {}", conceal(&header::shown(name, value)));
    }
    let _ = write!(head, "(The body has {} bytes.)", request.body.len());
    head
}

fn pieces(text: &str) -> Vec<String> {
    cuts(text).map(|cut| text[cut].to_owned()).collect()
}

/// Returns the ranges of the pieces of `text`. Each begins a little before the end of the previous one.
fn cuts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let begin = next?;
        let rest = &text[begin..];
        if rest.len() <= PIECE_BYTES_MAX {
            next = None;
            return Some(begin..text.len());
        }
        let end = begin + seam(rest);
        next = Some(floor_boundary(text, end - OVERLAP_BYTES));
        Some(begin..end)
    })
}

/// Returns the end of the first piece of `text`: after a separator if there is one near the limit.
fn seam(text: &str) -> usize {
    let limit = floor_boundary(text, PIECE_BYTES_MAX);
    let near = floor_boundary(text, limit - SEAM_BYTES);
    text[near..limit]
        .rfind(['\n', ',', '&', ';', ' '])
        .map_or(limit, |at| near + at + 1)
}

/// Returns the last position at or before `at` where `text` may be cut: between characters, and not
/// inside an escape.
fn floor_boundary(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    match text[..at].rfind(['⟨', '⟩']) {
        Some(mark) if text[mark..].starts_with('⟨') => mark,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gaiterguard_domain::target::Target;
    use http::{HeaderMap, HeaderValue, Method};
    use proptest::prelude::*;

    use super::*;

    fn request(body: impl Into<Bytes>) -> CanonicalRequest {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-session-token", HeaderValue::from_static("s3cr3t"));
        CanonicalRequest {
            method: Method::POST,
            target: Target::parse("https://api.example.com/v1/charges?api_key=k1&a=b").unwrap(),
            headers,
            body: body.into(),
        }
    }

    #[test]
    fn a_head_shows_everything_but_secrets() {
        let material = Material::of(&request("{}")).unwrap();
        assert_eq!(
            material.head,
            "POST https://api.example.com/v1/charges?api_key=•••&a=b\n\
             content-type: application/json\nx-session-token: •••\n(The body has 2 bytes.)"
        );
        assert_eq!(material.pieces, ["{}"]);
        assert_eq!(Material::of(&request("")).unwrap().pieces, [""]);
    }

    #[test]
    fn a_request_that_cannot_be_shown_as_a_whole_is_not_shown_in_part() {
        let binary = Material::of(&request(vec![0xff, 0xd8, 0xff]));
        assert_eq!(binary, Err(Unshowable::NotText));
        let long = "x,".repeat(PIECE_BYTES_MAX * PIECES_MAX / 2 + 1);
        assert_eq!(Material::of(&request(long)), Err(Unshowable::TooLong));
        let grows = "\u{200b}".repeat(PIECE_BYTES_MAX * PIECES_MAX / 3);
        assert_eq!(Material::of(&request(grows)), Err(Unshowable::TooLong));
    }

    #[test]
    fn documentation_that_does_not_fit_is_cut_and_marked() {
        let long = "word ".repeat(4000);
        let shown = documentation(&["First.", &long, "Last."]);
        assert!(shown.starts_with("First.\n\nword word"), "{shown}");
        assert!(shown.ends_with("was cut.)"), "{shown}");
        assert!(shown.len() < DOCUMENTATION_BYTES_MAX + 100);
        assert_eq!(documentation(&[]), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_byte_of_a_body_is_in_a_piece(
            words in prop::collection::vec(
                prop_oneof![
                    "[a-z]{1,9}",
                    Just("ü, ".to_owned()),
                    Just("\u{202e}".to_owned()),
                    "[a-z]{600,900}",
                ],
                0..60,
            ),
            times in 1_usize..40,
        ) {
            let text = words.concat().repeat(times);
            let text = visible(&text);
            let cuts: Vec<Range<usize>> = cuts(&text).collect();
            prop_assert_eq!(cuts.first().map(|cut| cut.start), Some(0));
            prop_assert_eq!(cuts.last().map(|cut| cut.end), Some(text.len()));
            for pair in cuts.windows(2) {
                prop_assert!(pair[0].start < pair[1].start && pair[1].start < pair[0].end);
            }
            for cut in cuts {
                let piece = &text[cut];
                prop_assert!(piece.len() <= PIECE_BYTES_MAX);
                prop_assert_eq!(piece.matches('⟨').count(), piece.matches('⟩').count());
            }
        }
    }
}
