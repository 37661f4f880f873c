//! The site that passkeys are for.

/// The site that passkeys are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host name, which passkeys are bound to.
    pub id: String,
    /// Scheme, host and port, as browsers serialize them.
    pub origin: String,
}

impl RelyingParty {
    /// Returns the site of a page's URL. `None` if browsers offer no passkeys there: the host must be a name,
    /// and the scheme `https`, except for `localhost`.
    pub fn of(url: &str) -> Option<Self> {
        let url = url.to_ascii_lowercase();
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        let is_secure = scheme == "https" || scheme == "http" && is_local;
        if host.is_empty() || host.contains('@') || is_address || !is_secure {
            return None;
        }
        let default = if scheme == "https" { "443" } else { "80" };
        let origin = match port.filter(|port| *port != default) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Some(Self {
            id: host.to_owned(),
            origin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_that_of_the_url() {
        for (url, id, origin) in [
            (
                "https://Gate.Example.com/app",
                "gate.example.com",
                "https://gate.example.com",
            ),
            (
                "https://gate.example.com:443",
                "gate.example.com",
                "https://gate.example.com",
            ),
            (
                "https://gate.example.com:8443",
                "gate.example.com",
                "https://gate.example.com:8443",
            ),
            (
                "http://localhost:3000/x",
                "localhost",
                "http://localhost:3000",
            ),
            ("http://localhost:80", "localhost", "http://localhost"),
        ] {
            let site = RelyingParty::of(url).unwrap();
            assert_eq!(
                (site.id.as_str(), site.origin.as_str()),
                (id, origin),
                "{url}"
            );
        }
    }

    #[test]
    fn there_are_no_passkeys_without_a_name_or_tls() {
        for url in [
            "http://gate.example.com",
            "http://127.0.0.1:3000",
            "https://127.0.0.1",
            "https://[::1]:3000",
            "https://",
            "gate.example.com",
            "ftp://localhost",
        ] {
            assert_eq!(RelyingParty::of(url), None, "{url}");
        }
    }
}
