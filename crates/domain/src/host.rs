//! The host of a URL, in the one spelling that is compared, shown and dialed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::target_refused::TargetRefused;

/// The longest host name that DNS can hold, in bytes, without a trailing dot (RFC 1035, section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// The longest label of a host name, in bytes (RFC 1035, section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An IP address, or a name to resolve. Cloning is a reference count.
///
/// A name with a final dot is the same host as without: only how it is resolved differs. TLS and `Host` know only
/// the spelling without it (RFC 6066, section 3).
#[derive(Clone, Debug)]
pub struct Host {
    text: Arc<str>,
    address: Option<IpAddr>,
    is_absolute: bool,
}

impl Host {
    /// Parses a host as it appears in a URL, with brackets around an IPv6 address.
    ///
    /// Accepts IP addresses only in their canonical spelling: `0x7f.1`, `127.1` and `2130706433` are
    /// loopback to some resolvers and names to others.
    pub fn parse(text: &str) -> Result<Self, TargetRefused> {
        if let Some(inner) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let address: Ipv6Addr = inner.parse().map_err(|_| TargetRefused::Host)?;
            return Ok(Self {
                text: format!("[{address}]").into(),
                address: Some(address.into()),
                is_absolute: false,
            });
        }
        let name = text.to_ascii_lowercase();
        let (name, is_absolute) = match name.strip_suffix('.') {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        if name.len() > NAME_BYTES_MAX || !name.split('.').all(is_label) {
            return Err(TargetRefused::Host);
        }
        let address = if ends_in_number(name) {
            // The standard parser accepts four decimal numbers without leading zeros and nothing else.
            let address: Ipv4Addr = name.parse().map_err(|_| TargetRefused::Host)?;
            Some(address.into())
        } else {
            None
        };
        if is_absolute && address.is_some() {
            return Err(TargetRefused::Host);
        }
        Ok(Self {
            text: name.into(),
            address,
            is_absolute,
        })
    }

    /// Returns the host as it appears in a URL: a lower-case ASCII name without a final dot, a dotted IPv4
    /// address, or an IPv6 address in brackets.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the address, if the host is one and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns whether the name was written with a final dot, which keeps a resolver from trying the search
    /// domains of the machine.
    pub fn is_absolute(&self) -> bool {
        self.is_absolute
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Host {}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Returns whether some readers take a lower-case host for an IPv4 address: the last label is a number, or
/// begins like a hexadecimal one. The URL standard refuses such a host unless it is an address.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_distinguished() {
        for (text, spelled, address) in [
            ("127.0.0.1", "127.0.0.1", Some("127.0.0.1")),
            ("[2001:DB8::1]", "[2001:db8::1]", Some("2001:db8::1")),
            ("[0:0::1]", "[::1]", Some("::1")),
            (
                "[::ffff:127.0.0.1]",
                "[::ffff:127.0.0.1]",
                Some("::ffff:127.0.0.1"),
            ),
            ("localhost", "localhost", None),
            ("API.Example.com", "api.example.com", None),
            ("a1.example", "a1.example", None),
            ("1.2.3.4.example", "1.2.3.4.example", None),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
            ("_dmarc.example", "_dmarc.example", None),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!(host.as_str(), spelled);
            let address = address.map(|address| address.parse().unwrap());
            assert_eq!(host.address(), address, "{text}");
        }
    }

    #[test]
    fn a_final_dot_makes_a_name_absolute_but_no_other_host() {
        let (absolute, relative) = (Host::parse("API.svc."), Host::parse("api.svc"));
        assert_eq!(absolute, relative);
        let (absolute, relative) = (absolute.unwrap(), relative.unwrap());
        assert_eq!(absolute.as_str(), "api.svc");
        assert!(absolute.is_absolute() && !relative.is_absolute());
        let longest = format!(
            "{}.",
            ["a".repeat(63).as_str(); 4].join(".")[2..].to_owned()
        );
        assert!(Host::parse(&longest).is_ok(), "{}", longest.len());
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
            "0xg",
        ] {
            assert_eq!(Host::parse(host), Err(TargetRefused::Host), "{host}");
        }
    }

    #[test]
    fn an_invalid_host_is_refused() {
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "a";
        for host in [
            "",
            ".",
            "a..",
            "127.0.0.1.",
            "[::1].",
            "a..b",
            ".a",
            "-a",
            "a-.b",
            "a b",
            "a/b",
            "a@b",
            "a:80",
            "a%2eb",
            "b\u{fc}cher.example",
            "::1",
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
            assert_eq!(Host::parse(host), Err(TargetRefused::Host), "{host:?}");
        }
    }
}
