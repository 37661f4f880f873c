//! Assesses a read without a body as often as its argument says, so that `scripts/count-instructions.py` can count
//! the instructions of one assessment.

use std::hint::black_box;

use gaiterguard_domain::header::OWN_USER_AGENT;
use gaiterguard_judge::{Documented, Subject, assess};
use gaiterguard_request::{Arena, Opened, Request};
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};

fn main() {
    let times = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(OWN_USER_AGENT));
    for _ in 0..times.unwrap_or(1) {
        let arena = Arena::default();
        let request = Request {
            method: &Method::GET,
            host: "127.0.0.1",
            path: "/resource/1",
            query: None,
            headers: &headers,
            body: b"",
        };
        let opened = Opened::open(request, &arena);
        black_box(assess(Subject {
            opened: &opened,
            intent: "Read one resource to reply to the customer's question about it",
            documented: Documented::Nothing,
            history: None,
            arrived: None,
        }));
    }
}
