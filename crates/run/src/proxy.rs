//! The address of the gateway's forward proxy.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

/// The encoded characters of a user name or password: all but the unreserved ones of RFC 3986, because clients
/// disagree about the rest.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A forward proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    scheme: String,
    /// Host as it appears in a URL: an IPv6 address is in brackets.
    host: String,
    port: u16,
}

impl Proxy {
    /// Parses the URL of a proxy. The error completes "must be …".
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "an http or https URL such as http://127.0.0.1:3001, without a user name, path, or \
                                query: the label and the agent key are added to it";
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        let has_nothing_else = url.username().is_empty()
            && url.password().is_none()
            && url.path().trim_matches('/').is_empty()
            && url.query().or(url.fragment()).is_none();
        match (url.scheme(), url.host_str(), url.port_or_known_default()) {
            (scheme @ ("http" | "https"), Some(host), Some(port)) if has_nothing_else => Ok(Self {
                scheme: scheme.to_owned(),
                host: host.to_owned(),
                port,
            }),
            _ => Err(EXPECTED),
        }
    }

    /// Returns the proxy on `port` of the host that serves a URL. It speaks HTTP without TLS, because a reverse
    /// proxy that adds TLS to the URL does not listen on that port.
    pub(crate) fn next_to(url: &str, port: u16) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Some(Self {
            scheme: "http".to_owned(),
            host: url.host_str()?.to_owned(),
            port,
        })
    }

    /// Whether connections to the proxy itself are encrypted.
    pub(crate) fn has_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// Returns the name or the address in the proxy's certificate.
    pub(crate) fn host_name(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// Returns the host and the port, to connect to and for messages.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Returns the URL with the label as the user name and the agent key as the password. The port is always
    /// written, because curl's default for proxies is 1080.
    pub(crate) fn url(&self, label: &str, key: &str) -> String {
        let user = utf8_percent_encode(label, ENCODED);
        let password = utf8_percent_encode(key, ENCODED);
        format!("{}://{user}:{password}@{}", self.scheme, self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_an_explicit_port_and_an_encoded_label() {
        let proxy = Proxy::parse("http://gate.example").unwrap();
        assert_eq!(
            proxy.url("my agent/1@é", "agt_0f"),
            "http://my%20agent%2F1%40%C3%A9:agt_0f@gate.example:80"
        );
        let proxy = Proxy::parse("https://[::1]:3001/").unwrap();
        assert_eq!(proxy.url("a", "b"), "https://a:b@[::1]:3001");
    }

    #[test]
    fn anything_but_an_origin_is_refused() {
        for text in [
            "",
            "127.0.0.1:3001",
            "socks5://127.0.0.1:3001",
            "http://user@127.0.0.1:3001",
            "http://:secret@127.0.0.1:3001",
            "http://127.0.0.1:3001/path",
            "http://127.0.0.1:3001/?query",
        ] {
            assert!(Proxy::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_proxy_next_to_a_gateway_has_its_host() {
        let proxy = Proxy::next_to("https://gate.example/below/path", 3001).unwrap();
        assert_eq!(proxy.url("a", "b"), "http://a:b@gate.example:3001");
        let proxy = Proxy::next_to("http://[::1]:3000", 3001).unwrap();
        assert_eq!(proxy.address(), "[::1]:3001");
    }
}
