//! What a browser is told about the gateway's own answers.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// An extension that a handler puts on an answer which is the upstream's: its headers are passed on
/// and not touched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromUpstream;

const OWN: [(HeaderName, HeaderValue); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Adds the headers that a handler did not set itself, as the dashboard's pages do.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in &OWN {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
}

/// Takes an upstream's page out of the gateway's origin. An agent could otherwise talk a human into
/// opening an address of its own making, and a script there would act on the dashboard as them. The
/// policy stands beside the upstream's own and weakens none.
pub(super) fn sandbox(headers: &mut HeaderMap) {
    headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
}
