//! Security headers for browsers on the gateway's own responses.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Extension that marks a response as the upstream's. Its headers are forwarded unchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromUpstream;

/// The headers of the gateway's own responses. They suit JSON, which loads nothing.
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

/// Adds the headers that the handler did not set. The dashboard's pages set their own.
pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in &OWN {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
}

/// Isolates an upstream's page from the gateway's origin. Otherwise an agent could persuade a human
/// to open a URL whose script would act on the dashboard as that human. The policy is added to the
/// upstream's own policy, so it cannot weaken it.
pub(super) fn sandbox(headers: &mut HeaderMap) {
    headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
}
