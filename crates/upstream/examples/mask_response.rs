//! Masks a response of 1 KB as often as its argument says, so that `scripts/count-instructions.py` can count the
//! instructions of one response.

use std::hint::black_box;

use gaiterguard_upstream::{MaskedSecret, Masker};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue};

const BODY_BYTES: usize = 1024;

fn main() {
    let times = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let mut body = br#"{"id":1,"object":"resource","data":""#.to_vec();
    body.resize(BODY_BYTES - 2, b'x');
    body.extend(br#""}"#);
    for _ in 0..times.unwrap_or(1) {
        let masker = Masker::new(&[MaskedSecret::Value(b"bench-upstream-credential")]);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_LENGTH, "1024"),
            (DATE, "Tue, 01 Dec 2026 10:45:16 GMT"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        masker.mask_headers(&mut headers);
        black_box(masker.mask_bytes(&body));
    }
}
