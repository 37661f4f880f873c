//! CORS headers for the dashboard's API and `/mcp`.
//!
//! Cookies are never allowed across origins, only tokens and keys that the page itself holds.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::CorsOrigins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, last-event-id, agent-key, mcp-protocol-version, mcp-method, \
     mcp-name",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, retry-after, location, allow");
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// A request from a page of another origin.
#[derive(Debug)]
pub struct CrossOrigin {
    origin: HeaderValue,
    /// Whether it is a preflight request.
    pub is_preflight: bool,
}

impl CrossOrigin {
    /// Returns `None` if the request has no `Origin` header.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        let origin = request.headers().get(ORIGIN)?.clone();
        let is_preflight = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Some(Self {
            origin,
            is_preflight,
        })
    }

    /// Adds the headers that let the browser pass the response to the page, if `allowed` contains its
    /// origin.
    pub fn allow(&self, allowed: &CorsOrigins, response: &mut HeaderMap) {
        // The response depends on the origin even if that origin is not allowed.
        response.append(VARY, HeaderValue::from_static("Origin"));
        if allowed.allows_value(&self.origin) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
            if self.is_preflight {
                response.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                response.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
            } else {
                response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
    }
}
