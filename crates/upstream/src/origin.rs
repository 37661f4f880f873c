//! The destination of a request: scheme, host and port, cheap to clone and to compare.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use gaiterguard_domain::host::Host;
use gaiterguard_domain::target;
use http::HeaderValue;

pub use gaiterguard_domain::target::Scheme;

/// Scheme, host and port of an upstream. Cloning is a reference count; equality is by value.
#[derive(Clone)]
pub struct Origin(Arc<Parts>);

struct Parts {
    origin: target::Origin,
    host_header: HeaderValue,
}

impl Origin {
    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.origin.scheme
    }

    /// Returns the name to resolve, or the address.
    pub fn host(&self) -> &Host {
        &self.0.origin.host
    }

    /// Returns the port, the default one included; never 0.
    pub fn port(&self) -> u16 {
        self.0.origin.port
    }

    /// Returns the value of the `Host` header, which includes the port only if it is not the default.
    pub(crate) fn host_header(&self) -> &HeaderValue {
        &self.0.host_header
    }
}

impl From<&target::Origin> for Origin {
    fn from(origin: &target::Origin) -> Self {
        let host_header = HeaderValue::try_from(origin.authority())
            .expect("a host and a port are visible ASCII characters");
        Self(Arc::new(Parts {
            origin: origin.clone(),
            host_header,
        }))
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.origin == other.0.origin
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.origin.hash(state);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.origin.fmt(f)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::target::BaseUrl;

    use super::*;

    fn origin(url: &str) -> Origin {
        BaseUrl::parse(url).unwrap().origin().into()
    }

    #[test]
    fn the_host_header_includes_the_port_only_if_it_is_not_the_default() {
        for (url, expected) in [
            ("http://api.example.com", "api.example.com"),
            ("http://api.example.com:443", "api.example.com:443"),
            ("https://API.Example.com", "api.example.com"),
            ("https://192.0.2.1:8443", "192.0.2.1:8443"),
            ("http://[2001:DB8::1]", "[2001:db8::1]"),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
        ] {
            assert_eq!(origin(url).host_header(), expected, "{url}");
        }
    }

    #[test]
    fn spellings_of_one_origin_are_equal() {
        let plain = origin("https://api.example.com");
        assert_eq!(plain, origin("HTTPS://API.EXAMPLE.COM:443"));
        assert_ne!(plain, origin("http://api.example.com:443"));
        assert_ne!(plain, origin("https://api.example.com:444"));
        assert_eq!(origin("http://[::1]"), origin("http://[0:0:0:0:0:0:0:1]"));
    }

    #[test]
    fn an_origin_is_shown_without_its_default_port() {
        for (url, expected) in [
            ("https://API.example.com/v1", "https://api.example.com"),
            ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
            ("http://192.0.2.1:80/", "http://192.0.2.1"),
        ] {
            assert_eq!(origin(url).to_string(), expected);
        }
    }
}
