//! Arbitrary requests.

use gaiterguard_judge::{Documented, Subject, assess};
use gaiterguard_request::{Arena, Opened, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

use crate::first_line;

/// Parses and assesses a request. Its first line is the media type, the second the intent; the body
/// follows.
pub fn open_body(data: &[u8]) {
    let (media_type, rest) = first_line(data);
    let (intent, body) = first_line(rest);
    let intent = String::from_utf8_lossy(intent);
    let mut headers = HeaderMap::new();
    if let Ok(media_type) = HeaderValue::from_bytes(media_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    for method in [Method::POST, Method::GET] {
        let request = Request {
            method: &method,
            host: "api.example",
            path: "/v1/things/7",
            query: Some("a=b"),
            headers: &headers,
            body,
        };
        let arena = Arena::default();
        let opened = Opened::open(request, &arena);
        let judged = || {
            assess(Subject {
                opened: &opened,
                intent: &intent,
                documented: Documented::Nothing,
                history: None,
                arrived: None,
            })
        };
        let assessment = judged();
        let verdict = &assessment.verdict;
        assert!((0.0..=1.0).contains(&verdict.score), "{verdict:?}");
        assert!(!verdict.explanation.is_empty());
        assert!(
            verdict.signals.iter().all(|signal| {
                (0.0..=1.0).contains(&signal.weight) && !signal.sentence.is_empty()
            })
        );
        assert_eq!(
            *verdict,
            judged().verdict,
            "the same request has different verdicts"
        );
    }
}
