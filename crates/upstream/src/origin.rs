//! The destination of a request: scheme, host and port, parsed once and compared by value.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use gaiterguard_domain::target;
use http::HeaderValue;

pub use gaiterguard_domain::target::Scheme;

/// The longest host name that DNS can hold, in bytes, without a trailing dot.
const HOST_NAME_LENGTH_MAX: usize = 253;
/// The longest label of a host name, in bytes.
const HOST_LABEL_LENGTH_MAX: usize = 63;

/// A host: an address that was written out, or a name to be resolved. A spelling that some
/// resolvers read as an address (`127.1`, `0x7f.1`, `2130706433`) is neither: it does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IP literal in its canonical spelling.
    Address(IpAddr),
    /// A name: ASCII, lower case, without a trailing dot.
    Name(Arc<str>),
}

impl fmt::Display for Host {
    /// Formats the host as in a URL, with brackets around an IPv6 address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Why an origin is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// Looks like a number, but is not an address in its canonical spelling. No such origin may be
    /// dialed, because readers disagree on its meaning.
    #[error("the host is a number, but not an IP address in its usual notation")]
    AmbiguousNumber,
    /// Neither an IP literal nor a host name of ASCII letters, digits, `-`, `_` and dots.
    #[error("the host is not a host name")]
    NotAName,
    /// Port 0 cannot be dialed.
    #[error("the port is 0")]
    NoPort,
}

/// Scheme, host and port of an upstream. Cloning is a reference count; equality is by value, so
/// an upper-case spelling, a trailing dot and brackets make no difference.
#[derive(Clone)]
pub struct Origin(Arc<Parts>);

struct Parts {
    scheme: Scheme,
    host: Host,
    port: u16,
    host_header: HeaderValue,
}

impl Origin {
    /// Creates an origin from its parts. `host` is a name or an IP literal as in a URL; IPv6 with or
    /// without brackets.
    pub fn new(scheme: Scheme, host: &str, port: u16) -> Result<Self, InvalidOrigin> {
        if port == 0 {
            return Err(InvalidOrigin::NoPort);
        }
        let host = Host::from_str(host)?;
        let authority = if port == scheme.default_port() {
            host.to_string()
        } else {
            format!("{host}:{port}")
        };
        let host_header = HeaderValue::try_from(authority).map_err(|_| InvalidOrigin::NotAName)?;
        Ok(Self(Arc::new(Parts {
            scheme,
            host,
            port,
            host_header,
        })))
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// Returns the name to resolve, or the address.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Returns the port, the default one included; never 0.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Returns the value of the `Host` header, which includes the port only if it is not the default.
    pub(crate) fn host_header(&self) -> &HeaderValue {
        &self.0.host_header
    }
}

impl TryFrom<&target::Origin> for Origin {
    type Error = InvalidOrigin;

    fn try_from(origin: &target::Origin) -> Result<Self, InvalidOrigin> {
        Self::new(origin.scheme, &origin.host, origin.port)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.port == other.0.port
                && self.0.scheme == other.0.scheme
                && self.0.host == other.0.host)
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.host.hash(state);
        self.0.port.hash(state);
        self.0.scheme.hash(state);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme.as_str(), self.0.host)?;
        if self.0.port == self.0.scheme.default_port() {
            Ok(())
        } else {
            write!(f, ":{}", self.0.port)
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Host {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest.strip_suffix(']').ok_or(InvalidOrigin::NotAName)?;
            let address = inner
                .parse::<Ipv6Addr>()
                .map_err(|_| InvalidOrigin::NotAName)?;
            return Ok(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() || name.len() > HOST_NAME_LENGTH_MAX {
            return Err(InvalidOrigin::NotAName);
        }
        if !name.split('.').all(is_label) {
            return Err(InvalidOrigin::NotAName);
        }
        if ends_in_number(name) {
            // The standard parser accepts four decimal numbers without leading zeros and nothing else.
            return name
                .parse::<Ipv4Addr>()
                .map(|address| Self::Address(address.into()))
                .map_err(|_| InvalidOrigin::AmbiguousNumber);
        }
        Ok(Self::Name(name.to_ascii_lowercase().into()))
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= HOST_LABEL_LENGTH_MAX
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Applies the URL standard's test for a host that must be read as an IPv4 address or refused.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(scheme: Scheme, host: &str, port: u16) -> Origin {
        Origin::new(scheme, host, port).unwrap()
    }

    #[test]
    fn the_host_header_includes_the_port_only_if_it_is_not_the_default() {
        let cases = [
            (Scheme::Http, "api.example.com", 80, "api.example.com"),
            (Scheme::Http, "api.example.com", 443, "api.example.com:443"),
            (Scheme::Https, "API.Example.com.", 443, "api.example.com"),
            (Scheme::Https, "192.0.2.1", 8443, "192.0.2.1:8443"),
            (Scheme::Http, "[2001:DB8::1]", 80, "[2001:db8::1]"),
            (Scheme::Http, "2001:db8::1", 8080, "[2001:db8::1]:8080"),
        ];
        for (scheme, host, port, expected) in cases {
            assert_eq!(origin(scheme, host, port).host_header(), expected, "{host}");
        }
    }

    #[test]
    fn spellings_of_one_origin_are_equal() {
        let plain = origin(Scheme::Https, "api.example.com", 443);
        assert_eq!(plain, origin(Scheme::Https, "API.EXAMPLE.COM.", 443));
        assert_ne!(plain, origin(Scheme::Http, "api.example.com", 443));
        assert_ne!(plain, origin(Scheme::Https, "api.example.com", 444));
        assert_eq!(
            origin(Scheme::Http, "[::1]", 80),
            origin(Scheme::Http, "0:0:0:0:0:0:0:1", 80)
        );
    }

    #[test]
    fn numbers_that_are_not_a_canonical_address_are_refused() {
        for host in [
            "2130706433",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7f000001",
            "0X7F.0.0.1",
            "017700000001",
            "127.0.0.01",
            "0177.0.0.1",
            "256.0.0.1",
            "1.2.3.4.5",
            "127.0.0.0x1",
            "example.0x",
            "example.123",
            "0",
            "0x",
            "2130706433.",
        ] {
            assert_eq!(
                Host::from_str(host),
                Err(InvalidOrigin::AmbiguousNumber),
                "{host}"
            );
        }
    }

    #[test]
    fn an_invalid_host_is_refused() {
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "a";
        for host in [
            "",
            ".",
            "a..b",
            ".a",
            "a b",
            "a/b",
            "a@b",
            "a:80",
            "a%2eb",
            "b\u{fc}cher.example",
            "[::1",
            "::1]",
            "[127.0.0.1]",
            "[fe80::1%eth0]",
            "fe80::1%25eth0",
            "[]",
            "a\0",
            "[[::1]]",
            "\u{ff11}27.0.0.1",
            long_label.as_str(),
            long_name.as_str(),
        ] {
            assert_eq!(
                Host::from_str(host),
                Err(InvalidOrigin::NotAName),
                "{host:?}"
            );
        }
        assert_eq!(
            Origin::new(Scheme::Http, "a.example", 0),
            Err(InvalidOrigin::NoPort)
        );
    }

    #[test]
    fn addresses_and_names_are_distinguished() {
        let cases = [
            ("127.0.0.1", Host::Address([127, 0, 0, 1].into())),
            ("127.0.0.1.", Host::Address([127, 0, 0, 1].into())),
            (
                "[::ffff:127.0.0.1]",
                Host::Address("::ffff:127.0.0.1".parse().unwrap()),
            ),
            ("localhost", Host::Name("localhost".into())),
            ("a1.example", Host::Name("a1.example".into())),
            ("1.2.3.4.example", Host::Name("1.2.3.4.example".into())),
            (
                "xn--bcher-kva.example",
                Host::Name("xn--bcher-kva.example".into()),
            ),
            ("_dmarc.example", Host::Name("_dmarc.example".into())),
            ("0xg", Host::Name("0xg".into())),
        ];
        for (text, expected) in cases {
            assert_eq!(Host::from_str(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_origin_of_a_base_url_can_be_dialed() {
        for (url, expected) in [
            ("https://API.example.com/v1", "https://api.example.com"),
            ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
            ("http://192.0.2.1:80/", "http://192.0.2.1"),
        ] {
            let base = target::BaseUrl::parse(url).unwrap();
            assert_eq!(
                Origin::try_from(base.origin()).unwrap().to_string(),
                expected
            );
        }
    }
}
