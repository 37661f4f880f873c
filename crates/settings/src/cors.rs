//! `CORS_ORIGINS`: the other origins whose pages may read the dashboard's responses.

use gaiterguard_environment::InvalidEntry;
use http::HeaderValue;
use http::uri::Authority;

/// The origins in `CORS_ORIGINS`, separated by commas; `*` as a port allows every port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsOrigins(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    /// `scheme://host`, followed by any port or none.
    AnyPort(String),
}

impl CorsOrigins {
    /// Parses the value of the variable. An empty list allows no origin.
    pub fn parse(text: &str) -> Result<Self, InvalidEntry> {
        let expected = "a comma-separated list of origins such as https://app.example.com or \
                        http://localhost:*";
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| Pattern::parse(entry).ok_or_else(|| InvalidEntry::new(expected, entry)))
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

    /// Returns the authorities of the listed origins, without a port if every port is allowed.
    pub fn authorities(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|pattern| {
            let (Pattern::Exact(origin) | Pattern::AnyPort(origin)) = pattern;
            origin.split_once("://").map(|(_, authority)| authority)
        })
    }

    /// Returns whether pages of this origin may read the dashboard's responses.
    pub fn allows_value(&self, origin: &HeaderValue) -> bool {
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
        let (scheme, authority) = start.split_once("://")?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let parsed: Authority = authority.parse().ok()?;
        let port = parsed.port();
        // A port that is empty or too large is not parsed as one.
        let has_host_only = authority == parsed.host();
        let is_origin =
            !authority.contains(['/', '@', '?', '#', '*']) && (has_host_only || port.is_some());
        if !is_origin || any_port && port.is_some() {
            return None;
        }
        Some(match port {
            _ if any_port => Self::AnyPort(start.to_owned()),
            // A browser never sends it.
            Some(port) if port.as_u16() == default_port => {
                Self::Exact(format!("{scheme}://{}", parsed.host()))
            }
            _ => Self::Exact(start.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> CorsOrigins {
        CorsOrigins::parse(text).unwrap()
    }

    #[test]
    fn a_star_replaces_only_the_port() {
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
    fn the_default_port_is_the_origin_without_it() {
        let origins = origins("https://app.example.com:443,http://[::1]:80,https://a.example:80");
        for origin in [
            "https://app.example.com",
            "http://[::1]",
            "https://a.example:80",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        assert!(!origins.allows("https://a.example"));
    }

    #[test]
    fn an_empty_list_allows_no_origin() {
        assert!(!origins("").allows("http://localhost:5173"));
    }

    #[test]
    fn a_malformed_origin_is_rejected() {
        for text in [
            "*",
            "localhost:*",
            "http://",
            "http://a/b",
            "http://*.a",
            "http://a:80:*",
            "http://a:",
            "http://a:70000",
            "ftp://a",
        ] {
            assert!(CorsOrigins::parse(text).is_err(), "{text}");
        }
    }
}
