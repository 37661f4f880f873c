//! Histories of calls, and the values that are found in them.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod bounds;
mod created;
mod evidence;
mod values;

use std::sync::Arc;

use gaiterguard_history::SightingKind::{Approved, Created, Shown};
use gaiterguard_history::{
    BODY_BYTES_MAX, Elsewhere, Exchange, HashKey, History as _, Limits, Noted, Seen, SightingKind,
    Unsealed, hashes_of_request,
};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_780_000_000;

fn seen() -> Seen {
    limited(Limits::default())
}

fn limited(limits: Limits) -> Seen {
    Seen::new(HashKey::new([7; 16]), Arc::new(Unsealed), limits)
}

/// A call whose response is JSON.
struct Call<'c> {
    method: &'c str,
    path: &'c str,
    request: Value,
    is_approved: bool,
    status: u16,
    location: Option<&'c str>,
    response: Value,
}

fn call<'c>(method: &'c str, path: &'c str, request: Value, response: Value) -> Call<'c> {
    Call {
        method,
        path,
        request,
        is_approved: false,
        status: 200,
        location: None,
        response,
    }
}

fn get(path: &str, response: Value) -> Call<'_> {
    call("GET", path, Value::Null, response)
}

impl Call<'_> {
    fn into(self, seen: &mut Seen) {
        self.at(seen, NOW);
    }

    fn at(self, seen: &mut Seen, now: u64) {
        self.record(seen, now);
    }

    fn record(self, seen: &mut Seen, now: u64) -> Vec<Noted> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let request_headers = headers.clone();
        if let Some(location) = self.location {
            headers.insert(LOCATION, location.parse().unwrap());
        }
        let request = match &self.request {
            Value::Null => String::new(),
            value => value.to_string(),
        };
        let response = self.response.to_string();
        let exchange = Exchange {
            method: self.method,
            path: self.path,
            request_headers: &request_headers,
            request_body: Some(request.as_bytes()),
            is_approved: self.is_approved,
            status: self.status,
            headers: &headers,
            body: response.as_bytes(),
        };
        seen.record(&exchange, now)
    }
}

fn text(seen: &mut Seen, content_type: &str, body: &str) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
    let exchange = Exchange {
        method: "GET",
        path: "/export",
        request_headers: &HeaderMap::new(),
        request_body: Some(b""),
        is_approved: false,
        status: 200,
        headers: &headers,
        body: body.as_bytes(),
    };
    seen.record(&exchange, NOW);
}

fn kind(seen: &Seen, value: &str) -> Option<SightingKind> {
    let kind = seen.sighting(value).map(|sighting| sighting.kind);
    assert_eq!(seen.kind(value), kind, "{value}");
    kind
}

#[track_caller]
fn piece(seen: &Seen, value: &str, parts: &[&str]) {
    let piece = seen.sighting(value).expect(value).piece;
    for part in parts {
        assert!(piece.contains(part), "{value}: {piece}");
    }
    assert!(piece.chars().count() <= 300);
}

fn channels() -> Value {
    json!({"ok": true, "channels": [
        {"id": "C024BE91L", "name": "general", "is_private": false, "created": 1_449_252_889,
         "topic": {"value": "Company news", "creator": "U1"}, "num_members": 23},
        {"id": "C03RANDOM", "name": "random", "is_private": false, "created": 1_449_252_890},
    ], "response_metadata": {"next_cursor": "dGVhbTpDMDYxRkE1UEI="}})
}
