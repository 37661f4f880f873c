//! The host names of the gateway.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::uri::Authority;

use crate::ListenSettings;

/// Browsers resolve this name to the local machine, whatever DNS says.
const LOCALHOST: &str = "localhost";

/// The host names that belong to this gateway, in lowercase.
///
/// IP addresses need not be listed: a page that was loaded from an address has this gateway as its
/// origin, because only a name can be rebound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHosts(Vec<String>);

impl KnownHosts {
    /// Collects the names in `PUBLIC_URL`, `HOST` and `CORS_ORIGINS`.
    pub fn of(settings: &ListenSettings) -> Self {
        let public_url = settings.public_url();
        let public = authority(&public_url);
        let names = std::iter::once(LOCALHOST)
            .chain(public)
            .chain(std::iter::once(settings.host.as_str()))
            .chain(settings.cors_origins.authorities());
        let mut known: Vec<_> = names.filter_map(name).map(Cow::into_owned).collect();
        known.sort_unstable();
        known.dedup();
        Self(known)
    }

    /// Returns whether `host[:port]` is an IP address or one of these names.
    pub fn allows(&self, authority: &str) -> bool {
        let Ok(parsed) = authority.parse::<Authority>() else {
            return false;
        };
        !authority.contains('@') && (is_address(parsed.host()) || self.lists(parsed.host()))
    }

    fn lists(&self, host: &str) -> bool {
        name(host).is_some_and(|host| self.0.iter().any(|known| *known == host))
    }
}

/// Returns the authority of a URL or origin.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next()
}

/// Returns the host name in `host[:port]` for comparison; `None` for an IP address.
fn name(authority: &str) -> Option<Cow<'_, str>> {
    if authority.starts_with('[') || authority.parse::<Ipv6Addr>().is_ok() {
        return None;
    }
    let host = authority.split(':').next().unwrap_or_default();
    // The trailing dot of an absolute name is not part of the name.
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || is_address(host) {
        return None;
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(host.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(host))
}

/// Returns whether a host is an IP address in the spelling that browsers use.
fn is_address(host: &str) -> bool {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use gaiterguard_environment::Source;

    fn known(pairs: &[(&str, &str)]) -> KnownHosts {
        let settings = Settings::read(&Source::from_pairs(pairs.iter().copied())).unwrap();
        KnownHosts::of(&settings.listen)
    }

    #[test]
    fn addresses_localhost_and_the_names_of_the_settings_are_the_gateways_own() {
        let known = known(&[
            ("HOST", "gate.lan"),
            ("PUBLIC_URL", "https://Gate.example.com/"),
            ("CORS_ORIGINS", "https://desk.example.com:8443"),
        ]);
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "localhost.",
            "127.0.0.1:3000",
            "192.168.1.5:3000",
            "[::1]:3000",
            "[2001:db8::1]",
            "gate.example.com",
            "GATE.example.com:443",
            "gate.example.com.:443",
            "gate.lan:3000",
            "desk.example.com",
        ] {
            assert!(known.allows(host), "{host}");
        }
        for host in [
            "",
            ":3000",
            "evil.example",
            "evil.example:3000",
            "gate.example.com.evil.example",
            "evil-gate.example.com",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io:3000",
            "localhost.evil.example",
            "sub.localhost",
            "0x7f.1",
            "2130706433",
            "127.1",
            "gateway",
            "gate.example.com@evil.example",
            "localhost@evil.example",
            "[::1",
            "[gate.example.com]",
            "gate.example.com..",
        ] {
            assert!(!known.allows(host), "{host}");
        }
    }

    #[test]
    fn without_settings_only_addresses_and_localhost_are_known() {
        let known = known(&[]);
        assert_eq!(known, KnownHosts(vec!["localhost".to_owned()]));
    }
}
