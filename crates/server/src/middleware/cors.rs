//! CORS: which other origins' pages may read the dashboard API's responses.
//!
//! Cookies are never allowed across origins, only tokens that the page itself has. Agent routes
//! allow no other origin.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::settings::{SettingError, Source};

const VARIABLE: &str = "CORS_ORIGINS";
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, last-event-id");
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, retry-after, location, allow");
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// `CORS_ORIGINS`: a comma-separated list of origins, with `*` as the port for any port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CorsOrigins(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    /// `scheme://host`, with a fixed port or any port.
    AnyPort(String),
}

impl CorsOrigins {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let text = source
            .get_or_empty(VARIABLE)?
            .unwrap_or("http://localhost:*");
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                Pattern::parse(entry).ok_or_else(|| {
                    let expected = "a comma-separated list of origins such as \
                                    https://app.example.com or http://localhost:*";
                    SettingError::invalid(VARIABLE, expected, entry)
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn allows(&self, origin: &str) -> bool {
        self.0.iter().any(|pattern| match pattern {
            Pattern::Exact(allowed) => allowed == origin,
            Pattern::AnyPort(start) => origin.strip_prefix(start.as_str()).is_some_and(|rest| {
                match rest.strip_prefix(':') {
                    Some(port) => {
                        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
                    }
                    None => rest.is_empty(),
                }
            }),
        })
    }

    /// Adds the headers that allow the request's origin to read the response, if it is listed.
    pub(super) fn add(&self, request: &CrossOrigin, response: &mut HeaderMap) {
        // Also for a refused origin, because the response differs by origin.
        response.append(VARY, HeaderValue::from_static("Origin"));
        if self.allows_value(&request.origin) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, request.origin.clone());
            if request.is_preflight {
                response.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                response.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
            } else {
                response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
    }

    /// Returns the hosts of the listed origins, with their ports unless any port is allowed.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|pattern| {
            let (Pattern::Exact(origin) | Pattern::AnyPort(origin)) = pattern;
            origin.split_once("://").map(|(_, authority)| authority)
        })
    }

    /// Returns whether pages of this origin are allowed.
    pub(crate) fn allows_value(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.allows(origin))
    }
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry
            .strip_suffix('/')
            .unwrap_or(entry)
            .to_ascii_lowercase();
        let (start, any_port) = match entry.strip_suffix(":*") {
            Some(start) => (start, true),
            None => (entry.as_str(), false),
        };
        let authority = start
            .strip_prefix("http://")
            .or_else(|| start.strip_prefix("https://"))?;
        let valid = !authority.contains(['/', '@', '?', '#', '*'])
            && authority.parse::<http::uri::Authority>().is_ok();
        valid.then(|| {
            if any_port {
                Self::AnyPort(start.to_owned())
            } else {
                Self::Exact(start.to_owned())
            }
        })
    }
}

/// The headers that a browser sends with a request from another origin's page.
#[derive(Debug)]
pub(super) struct CrossOrigin {
    origin: HeaderValue,
    /// Whether it is a preflight request.
    pub(super) is_preflight: bool,
}

impl CrossOrigin {
    /// Returns `None` if the request has no origin.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> CorsOrigins {
        CorsOrigins::from_source(&Source::from_pairs(&[(VARIABLE, text)])).unwrap()
    }

    #[test]
    fn a_star_stands_for_the_port_alone() {
        let origins = origins("http://localhost:*, https://App.example.com");
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "https://app.example.com",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in [
            "https://localhost:5173",
            "http://localhost.evil.example",
            "http://localhost:5173.evil.example",
            "http://localhost:",
            "https://app.example.com:8443",
            "http://app.example.com",
            "null",
            "",
        ] {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn an_empty_list_allows_nobody() {
        assert!(!origins("").allows("http://localhost:5173"));
    }

    #[test]
    fn an_invalid_origin_is_refused() {
        for text in ["*", "localhost:*", "http://", "http://a/b", "http://*.a"] {
            assert!(
                CorsOrigins::from_source(&Source::from_pairs(&[(VARIABLE, text)])).is_err(),
                "{text}"
            );
        }
    }
}
