//! Arbitrary responses, and the history that is kept of them.

use std::sync::Arc;

use gaiterguard_history::{Exchange, HashKey, History as _, Limits, Seen, Unsealed};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// The documented limits on the characters of a piece and on the number of siblings.
const PIECE_CHARS_MAX: usize = 300;
const SIBLINGS_MAX: usize = 20;

/// Limits that are small enough for a fuzzer to reach.
const LIMITS: Limits = Limits {
    values_max: 500,
    pieces_bytes_max: 64 << 10,
    seconds_max: 3_600,
};

/// Records a response and looks up each of its words. The first line has the method, path, status and
/// content type, the second line is the request's body, and the rest is the response's body.
pub fn read_response(data: &[u8]) {
    let (head, rest) = super::first_line(data);
    let (request, response) = super::first_line(rest);
    let head = String::from_utf8_lossy(head);
    let mut head = head.split(' ');
    let mut next = |default| {
        head.next()
            .filter(|part| !part.is_empty())
            .unwrap_or(default)
    };
    let (method, path) = (next("GET"), next("/"));
    let (status, kind) = (next("200"), next("application/json"));
    let mut headers = HeaderMap::new();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(CONTENT_TYPE, kind);
    }
    let exchange = Exchange {
        method,
        path,
        request_headers: &HeaderMap::new(),
        request_body: Some(request),
        is_approved: status.ends_with('9'),
        status: status.parse().unwrap_or(200),
        headers: &headers,
        body: response,
    };
    let mut seen = Seen::new(HashKey::new([9; 16]), Arc::new(Unsealed), LIMITS);
    for now in [1_000, 2_000, 9_000] {
        seen.record(&exchange, now);
        for word in String::from_utf8_lossy(response).split(['"', ' ', ',', '\n']) {
            let Some(sighting) = seen.at(now).sighting(word) else {
                continue;
            };
            let pieces = || std::iter::once(&sighting.piece).chain(&sighting.siblings);
            let longest = pieces().map(|piece| piece.chars().count()).max();
            assert!(longest.is_some_and(|longest| longest <= PIECE_CHARS_MAX));
            assert!(sighting.siblings.len() <= SIBLINGS_MAX);
            assert!(sighting.age <= LIMITS.seconds_max);
        }
    }
}
