//! Whether a request with a cookie comes from the gateway's own pages.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where browsers find this gateway: scheme, host and port of `PUBLIC_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicOrigin(String);

impl PublicOrigin {
    /// The origin of a checked `http` or `https` URL, spelled as browsers do: in lower case and
    /// without the scheme's own port.
    pub(crate) fn of(public_url: &str) -> Self {
        let lower = public_url.to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").unwrap_or(("http", &lower));
        let authority = rest.split('/').next().unwrap_or_default();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        Self(format!("{scheme}://{authority}"))
    }

    /// Whether it is reached over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Refuses a request unless its browser says that a page of this gateway sent it. One that
    /// says nothing is refused too: a cookie is a browser's, and every browser tells.
    pub(super) fn demand(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().ok());
        let site = text(SEC_FETCH_SITE).map(|site| site == Some("same-origin"));
        let origin = text(ORIGIN).map(|origin| {
            origin.is_some_and(|origin| {
                origin == self.0 || is_of_host(origin, headers.get(HOST).map(HeaderValue::as_bytes))
            })
        });
        match (site, origin) {
            (Some(true), Some(true) | None) | (None, Some(true)) => Ok(()),
            _ => Err(Problem::forbidden(
                "cross_origin_refused",
                "a session's cookie is only taken from the gateway's own pages",
            )),
        }
    }
}

/// Whether an origin's host and port are those that the request was sent to.
fn is_of_host(origin: &str, host: Option<&[u8]>) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| {
        host.is_some_and(|host| authority.as_bytes().eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        PublicOrigin::of("https://Gate.example.com:443/")
            .demand(&headers)
            .is_ok()
    }

    #[test]
    fn only_a_page_of_the_gateway_may_use_the_cookie() {
        let site = |value| ("sec-fetch-site", value);
        let origin = |value| ("origin", value);
        assert!(demand(&[origin("https://gate.example.com")]));
        assert!(demand(&[
            origin("http://10.0.0.1:3000"),
            ("host", "10.0.0.1:3000")
        ]));
        assert!(demand(&[site("same-origin")]));
        assert!(demand(&[
            site("same-origin"),
            origin("https://gate.example.com")
        ]));

        assert!(!demand(&[]));
        assert!(!demand(&[("host", "gate.example.com")]));
        assert!(!demand(&[site("same-site")]));
        assert!(!demand(&[
            site("cross-site"),
            origin("https://gate.example.com")
        ]));
        assert!(!demand(&[
            site("same-origin"),
            origin("https://evil.example")
        ]));
        assert!(!demand(&[origin("null")]));
        assert!(!demand(&[origin("https://gate.example.com.evil.example")]));
        assert!(!demand(&[origin("http://gate.example.com")]));
        assert!(!demand(&[origin("https://gate.example.com:8443")]));
    }
}
