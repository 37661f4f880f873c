//! An HTTP proxy through which all connections leave, as companies require it.
//!
//! Every connection is a tunnel (`CONNECT`, RFC 9110, section 9.3.6), also for plain HTTP: so the bytes of a request
//! are the same as without a proxy, and nothing of it is sent before the tunnel is open.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::host::Host;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

/// The longest head of the proxy's response, in bytes. Proxies add a few headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The port of a proxy whose URL does not name one: the default of `http`.
const DEFAULT_PORT: u16 = 80;

/// An HTTP proxy.
#[derive(Clone)]
pub struct Proxy {
    /// As the operator wrote it, with the password.
    url: Zeroizing<String>,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Zeroizing<String>>,
    exceptions: ProxyExceptions,
}

/// Why a proxy opened no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TunnelRefused {
    /// It responded with another status than 2xx.
    #[error("UPSTREAM_PROXY refused the connection with status {0}")]
    Status(u16),
    /// It did not respond with HTTP.
    #[error("UPSTREAM_PROXY did not respond with HTTP")]
    NotHttp,
    /// It closed the connection.
    #[error("UPSTREAM_PROXY closed the connection")]
    Closed,
}

impl Proxy {
    /// Parses `http://[USER:PASSWORD@]HOST[:PORT]`. `None` for anything else.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().ok().filter(|port| *port != 0)?)
            }
            _ => (address, DEFAULT_PORT),
        };
        Some(Self {
            host: Host::parse(host).ok()?,
            port,
            authorization: user.map(basic).transpose().ok()?,
            url: Zeroizing::new(url.to_owned()),
            exceptions: ProxyExceptions::default(),
        })
    }

    /// Returns the proxy for all hosts but these.
    #[must_use]
    pub fn except(self, exceptions: ProxyExceptions) -> Self {
        Self { exceptions, ..self }
    }

    /// Returns whether a host, which has these addresses as far as known, is reached through the proxy.
    pub(crate) fn is_for(&self, host: &Host, addresses: &[IpAddr]) -> bool {
        let is_own = !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback);
        !is_own && !self.exceptions.include(host, addresses)
    }

    /// Returns the exceptions for HTTP clients of other libraries.
    pub(crate) fn exceptions(&self) -> String {
        self.exceptions.entries()
    }

    /// Returns the URL for HTTP clients of other libraries. It contains the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks the proxy, over a connection to it, for a tunnel to a host.
    pub(crate) async fn open_tunnel(
        &self,
        tcp: &mut TcpStream,
        host: &Host,
        port: u16,
    ) -> Result<(), TunnelRefused> {
        let mut head = Zeroizing::new(format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        ));
        if let Some(authorization) = &self.authorization {
            let line = Zeroizing::new(format!(
                "Proxy-Authorization: {}\r\n",
                authorization.as_str()
            ));
            head.push_str(&line);
        }
        head.push_str("\r\n");
        let closed = |_| TunnelRefused::Closed;
        tcp.write_all(head.as_bytes()).await.map_err(closed)?;
        let head = response_head(tcp).await?;
        match status(&head) {
            Some(200..=299) => Ok(()),
            Some(status) => Err(TunnelRefused::Status(status)),
            None => Err(TunnelRefused::NotHttp),
        }
    }
}

/// Reads to the end of the head and no further: what follows belongs to the tunnel.
async fn response_head(tcp: &mut TcpStream) -> Result<Vec<u8>, TunnelRefused> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Err(TunnelRefused::NotHttp);
        }
        let byte = tcp.read_u8().await.map_err(|_| TunnelRefused::Closed)?;
        head.push(byte);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let rest = line
        .strip_prefix("HTTP/1.1 ")
        .or(line.strip_prefix("HTTP/1.0 "))?;
    let digits = rest.split(' ').next()?;
    let status = digits.parse().ok()?;
    (100..=599).contains(&status).then_some(status)
}

/// Returns the value of `Proxy-Authorization` for the user information of a URL.
fn basic(user: &str) -> Result<Zeroizing<String>, std::str::Utf8Error> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let name = percent_decode_str(name).decode_utf8()?;
    let password = Zeroizing::new(percent_decode_str(password).decode_utf8()?.into_owned());
    let pair = Zeroizing::new(format!("{name}:{}", password.as_str()));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    Ok(Zeroizing::new(format!("Basic {}", encoded.as_str())))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// Hosts that are reached without the proxy.
#[derive(Clone, Debug, Default)]
pub struct ProxyExceptions(Vec<Exception>);

#[derive(Clone, Debug)]
enum Exception {
    All,
    /// A name and all names below it.
    Domain(String),
    Range(IpNet),
}

impl ProxyExceptions {
    /// Parses comma-separated names, addresses and ranges; `*` stands for all hosts. A name includes those below
    /// it, with or without a dot before it.
    ///
    /// # Errors
    ///
    /// The invalid entry.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| exception(entry).ok_or_else(|| entry.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns whether a host, which has these addresses as far as known, is reached without the proxy.
    fn include(&self, host: &Host, addresses: &[IpAddr]) -> bool {
        let name = host.to_string();
        self.0.iter().any(|exception| match exception {
            Exception::All => true,
            Exception::Domain(domain) => name
                .strip_suffix(domain.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
            Exception::Range(range) => {
                !addresses.is_empty() && addresses.iter().all(|address| range.contains(address))
            }
        })
    }

    fn entries(&self) -> String {
        let entries = self.0.iter().map(|exception| match exception {
            Exception::All => "*".to_owned(),
            Exception::Domain(domain) => domain.clone(),
            Exception::Range(range) => range.to_string(),
        });
        let own = ["localhost", "127.0.0.0/8", "::1"].map(str::to_owned);
        entries.chain(own).collect::<Vec<_>>().join(",")
    }
}

fn exception(entry: &str) -> Option<Exception> {
    if entry == "*" {
        return Some(Exception::All);
    }
    if let Ok(range) = entry.parse::<IpNet>() {
        return Some(Exception::Range(range));
    }
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(entry).parse::<IpAddr>() {
        return Some(Exception::Range(address.into()));
    }
    let name = entry
        .strip_prefix("*.")
        .or(entry.strip_prefix('.'))
        .unwrap_or(entry);
    let host = Host::parse(name).ok()?;
    Some(Exception::Domain(host.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_http_url_that_may_have_a_password() {
        let proxy = Proxy::parse("http://proxy.corp:3128/").unwrap();
        assert_eq!(
            (proxy.host.to_string().as_str(), proxy.port),
            ("proxy.corp", 3128)
        );
        assert!(proxy.authorization.is_none());
        let proxy = Proxy::parse("http://al%40ice:p%3Aw@10.0.0.1").unwrap();
        assert_eq!(proxy.port, 80);
        let authorization = proxy.authorization.as_ref().unwrap();
        assert_eq!(authorization.as_str(), "Basic YWxAaWNlOnA6dw==");
        assert!(!format!("{proxy:?}").contains("YWx"));
        for refused in [
            "proxy:3128",
            "https://proxy",
            "socks5://proxy",
            "http://",
            "http://p:0",
            "http://a b",
        ] {
            assert!(Proxy::parse(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn exceptions_are_names_with_those_below_addresses_and_ranges() {
        let exceptions =
            ProxyExceptions::parse("corp.example, .svc ,*.lan,10.0.0.0/8,192.0.2.7,[::1]").unwrap();
        let include = |host: &str, addresses: &[&str]| {
            let addresses: Vec<IpAddr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
            exceptions.include(&Host::parse(host).unwrap(), &addresses)
        };
        for host in ["corp.example", "api.corp.example", "a.b.svc", "nas.lan"] {
            assert!(include(host, &[]), "{host}");
        }
        for host in ["notcorp.example", "corp.example.evil.test", "example"] {
            assert!(!include(host, &[]), "{host}");
        }
        assert!(include("any.test", &["10.1.2.3"]));
        assert!(!include("any.test", &["10.1.2.3", "203.0.113.1"]));
        assert!(include("192.0.2.7", &["192.0.2.7"]));
        assert_eq!(ProxyExceptions::parse("a b").unwrap_err(), "a b");
        let all = ProxyExceptions::parse("*").unwrap();
        assert!(all.include(&Host::parse("any.test").unwrap(), &[]));
    }

    #[test]
    fn the_status_of_a_proxy_is_read_from_its_first_line() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status(b"HTTP/1.0 407 Auth\r\nX: y\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0\r\n\r\n"), None);
    }
}
