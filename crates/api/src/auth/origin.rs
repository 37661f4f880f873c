//! Determines which page sent a request, and what such a page may do without an access token.

use gaiterguard_problem::Code;
use gaiterguard_settings::CorsOrigins;
use gaiterguard_web::problem::Problem;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Sender of a request, as reported by the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Not a browser: the request has no origin.
    None,
    /// A page of this gateway.
    Own,
    /// A page of an origin in `CORS_ORIGINS`.
    Allowed,
    /// Any other page, including one that the browser does not identify.
    Foreign,
}

impl Page {
    /// Refuses pages of unlisted origins with 403 `origin_not_allowed`.
    pub(super) fn refuse_foreign(self) -> Result<(), Problem> {
        match self {
            Self::Foreign => Err(origin_not_allowed(
                "pages of this origin may not use the gateway; to allow them, add the origin to \
                 CORS_ORIGINS",
            )),
            Self::None | Self::Own | Self::Allowed => Ok(()),
        }
    }

    /// Refuses all pages except the gateway's own with 403 `origin_not_allowed`.
    pub(super) fn refuse_all_but_own(self) -> Result<(), Problem> {
        match self {
            Self::Foreign | Self::Allowed => Err(origin_not_allowed(
                "only the gateway's own pages may send this request",
            )),
            Self::None | Self::Own => Ok(()),
        }
    }
}

fn origin_not_allowed(detail: &'static str) -> Problem {
    Problem::new(Code::OriginNotAllowed, detail)
}

/// Public origin of this gateway: scheme, host, and port of `PUBLIC_URL`; and its path, for cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    origin: String,
    path: String,
}

impl PublicOrigin {
    /// Returns the origin of a validated `http` or `https` URL as browsers serialize it: in
    /// lowercase and without the default port.
    pub fn of(public_url: &str) -> Self {
        let lower = public_url.to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").unwrap_or(("http", &lower));
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        let after_scheme = public_url.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        Self {
            origin: format!("{scheme}://{authority}"),
            path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// Returns the path of the gateway, without a slash at its end.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether the gateway is reached over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Returns which page sent a request. If `Sec-Fetch-Site` contradicts `Origin`, the page counts
    /// as foreign.
    pub(super) fn page_of(&self, headers: &HeaderMap, cors_origins: &CorsOrigins) -> Page {
        let mut origins = headers.get_all(ORIGIN).iter();
        let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        // `none` means that the user started the request, for example from a bookmark.
        let is_same_site = matches!(site, None | Some(b"same-origin" | b"none"));
        match (origins.next(), origins.next()) {
            (None, _) if site.is_none() => Page::None,
            (None, _) if is_same_site => Page::Own,
            (Some(origin), None) if self.is_own(origin, headers) && is_same_site => Page::Own,
            (Some(origin), None) if cors_origins.allows_value(origin) => Page::Allowed,
            _ => Page::Foreign,
        }
    }

    /// Refuses a request with a cookie unless the browser confirms that a page of this gateway sent
    /// it. Missing headers are refused too, because every browser that stores the cookie sends
    /// them.
    pub(super) fn demand(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let site = headers
            .get(SEC_FETCH_SITE)
            .map(|site| site.as_bytes() == b"same-origin");
        let origin = headers
            .get(ORIGIN)
            .map(|origin| self.is_own(origin, headers));
        match (site, origin) {
            (Some(true), Some(true) | None) | (None, Some(true)) => Ok(()),
            _ => Err(Problem::new(
                Code::CrossOriginRefused,
                "session cookies are accepted only from the gateway's own pages",
            )),
        }
    }

    /// Returns whether an origin is that of `PUBLIC_URL` or of the request's `Host`. The latter is
    /// safe because the dashboard's routes refuse unknown hosts, except for the host of an https
    /// `PUBLIC_URL` over http: anyone on the network can be that page.
    fn is_own(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).map(HeaderValue::as_bytes);
        origin.to_str().is_ok_and(|origin| {
            origin == self.origin || (!self.is_without_tls(origin) && is_of_host(origin, host))
        })
    }

    /// Returns whether an origin is that of an https `PUBLIC_URL`, but over http.
    fn is_without_tls(&self, origin: &str) -> bool {
        let host = self.origin.strip_prefix("https://");
        host.is_some_and(|host| {
            let plain = origin.strip_prefix("http://");
            plain.is_some_and(|plain| plain.eq_ignore_ascii_case(host))
        })
    }
}

/// Returns whether an origin's host and port are those that the request was sent to.
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

    fn page(pairs: &[(&'static str, &'static str)]) -> Page {
        let cors_origins = CorsOrigins::parse("http://localhost:*").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:3000"));
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        PublicOrigin::of("https://gate.example.com").page_of(&headers, &cors_origins)
    }

    #[test]
    fn a_page_is_known_by_its_origin_and_by_what_the_browser_says_of_its_site() {
        let site = |value| ("sec-fetch-site", value);
        let origin = |value| ("origin", value);
        assert_eq!(page(&[]), Page::None);
        for own in [
            &[site("same-origin")][..],
            &[site("none")],
            &[origin("https://gate.example.com")],
            &[origin("http://127.0.0.1:3000")],
            &[origin("http://127.0.0.1:3000"), site("same-origin")],
        ] {
            assert_eq!(page(own), Page::Own, "{own:?}");
        }
        for allowed in [
            &[origin("http://localhost:39315")][..],
            &[origin("http://localhost:39315"), site("cross-site")],
            &[origin("http://localhost:3000"), site("same-site")],
        ] {
            assert_eq!(page(allowed), Page::Allowed, "{allowed:?}");
        }
        for foreign in [
            &[origin("null")][..],
            &[origin("")],
            &[origin("https://evil.example"), site("cross-site")],
            &[origin("https://evil.example"), site("same-origin")],
            &[origin("https://gate.example.com"), site("cross-site")],
            &[origin("https://gate.example.com.evil.example")],
            &[origin("http://127.0.0.1:39315")],
            &[site("cross-site")],
            &[site("same-site")],
            &[site("odd")],
            &[
                origin("http://127.0.0.1:3000"),
                origin("https://evil.example"),
            ],
        ] {
            assert_eq!(page(foreign), Page::Foreign, "{foreign:?}");
        }
    }

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
        assert!(!demand(&[
            origin("http://gate.example.com"),
            ("host", "gate.example.com")
        ]));
        assert!(!demand(&[origin("https://gate.example.com:8443")]));
    }
}
