//! Targets: the parser of URLs, for base URLs and for the requests of agents.
//!
//! A target is rejected rather than normalized. A lenient parser would turn `/a/../b`, `\` or `%2e`
//! into something harmless, but the upstream may read it differently, and the assessed bytes must be
//! the bytes that are sent. Accepted targets are sent unchanged.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::field::FieldValue;
use crate::host::Host;
use crate::path;

pub use crate::target_refused::{TARGET_BYTES_MAX, TargetRefused};

/// The protocol of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// Returns `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the port of a URL without one.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A scheme, host and port: the endpoint of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The protocol.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, even if it is the default one.
    pub port: u16,
}

impl Origin {
    /// Returns the value of the `Host` header, which omits the scheme's default port.
    pub fn authority(&self) -> String {
        format!("{}{}", self.host, self.shown_port())
    }

    fn shown_port(&self) -> ShownPort {
        ShownPort((self.port != self.scheme.default_port()).then_some(self.port))
    }
}

/// The end of an authority: a port with its colon, or nothing.
struct ShownPort(Option<u16>);

impl fmt::Display for ShownPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.as_str())?;
        write!(f, "://{}{}", self.host, self.shown_port())
    }
}

/// A service's base URL: an origin and a path without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    origin: Origin,
    path: String,
}

impl FieldValue for BaseUrl {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        Self::parse(&text)
            .map_err(|refused| format!("must be an http or https URL: {refused}").into())
    }
}

impl BaseUrl {
    /// Parses a base URL: http or https, without userinfo, query or fragment. A trailing slash is
    /// ignored.
    pub fn parse(text: &str) -> Result<Self, TargetRefused> {
        let (origin, rest) = split_origin(text)?;
        if rest.contains('?') {
            return Err(TargetRefused::Query);
        }
        // Checked with the slash at its end: without it, `/v1//` would be in normal form.
        check_normal_form(rest)?;
        let path = rest.strip_suffix('/').unwrap_or(rest);
        Ok(Self {
            origin,
            path: path.to_owned(),
        })
    }

    /// Returns the scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the path, which is empty or begins with a slash and does not end with one.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the target at `path` below this base. `path` is empty, begins with a slash, or is a
    /// query.
    pub fn join(&self, path: &str) -> Result<Target, TargetRefused> {
        check_relative(path)?;
        let joined = format!("{}{path}", self.path);
        let path_and_query = if joined.starts_with('/') {
            joined
        } else {
            format!("/{joined}")
        };
        Target {
            origin: self.origin.clone(),
            path_and_query,
        }
        .bounded()
    }

    /// Returns whether `target` has this origin and a path below this one, by whole segments. Compares
    /// paths in their [normal form](path::normalized).
    pub fn contains(&self, target: &Target) -> bool {
        if self.origin != target.origin {
            return false;
        }
        let path = path::normalized(target.path());
        match path.strip_prefix(&*path::normalized(&self.path)) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

/// As the operator wrote it, including the final dot of an absolute name: it is stored in this spelling.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { scheme, host, .. } = &self.origin;
        let dot = if host.is_absolute() { "." } else { "" };
        let (scheme, port) = (scheme.as_str(), self.origin.shown_port());
        write!(f, "{scheme}://{host}{dot}{port}{}", self.path)
    }
}

/// The exact URL of one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    origin: Origin,
    path_and_query: String,
}

impl Target {
    /// Parses an absolute URL as an agent sends it.
    pub fn parse(text: &str) -> Result<Self, TargetRefused> {
        let (origin, rest) = split_origin(text)?;
        check_normal_form(rest)?;
        let path_and_query = if rest.starts_with('/') {
            rest.to_owned()
        } else {
            format!("/{rest}")
        };
        Self {
            origin,
            path_and_query,
        }
        .bounded()
    }

    /// Returns the target unless the whole URL is too long. It is stored as one text, and parsed again
    /// from that.
    fn bounded(self) -> Result<Self, TargetRefused> {
        // The origin is far shorter than half of the limit.
        let may_be_long = self.path_and_query.len() > TARGET_BYTES_MAX / 2;
        if may_be_long && self.to_string().len() > TARGET_BYTES_MAX {
            return Err(TargetRefused::TooLong);
        }
        Ok(self)
    }

    /// Returns the same origin with another path and query.
    pub fn with_path_and_query(&self, path_and_query: &str) -> Result<Self, TargetRefused> {
        check_relative(path_and_query)?;
        Self {
            origin: self.origin.clone(),
            path_and_query: path_and_query.to_owned(),
        }
        .bounded()
    }

    /// Returns the scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the path and query, byte for byte as they will be sent.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        self.path_and_query
            .split_once('?')
            .map_or(self.path_and_query.as_str(), |(path, _)| path)
    }

    /// Returns the query, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query.split_once('?').map(|(_, query)| query)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)?;
        f.write_str(&self.path_and_query)
    }
}

/// Checks a path below a base URL: it must be empty, begin with a slash, or be a query, and it must be
/// in normal form.
pub fn check_relative(path: &str) -> Result<(), TargetRefused> {
    if !(path.is_empty() || path.starts_with('/') || path.starts_with('?')) {
        return Err(TargetRefused::Relative);
    }
    check_normal_form(path)
}

/// Splits an absolute URL into its origin and the part after the authority.
fn split_origin(text: &str) -> Result<(Origin, &str), TargetRefused> {
    if text.len() > TARGET_BYTES_MAX {
        return Err(TargetRefused::TooLong);
    }
    check_characters(text)?;
    let (scheme, rest) = match text.split_once("://") {
        Some((word, rest)) if word.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
        Some((word, rest)) if word.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
        _ => return Err(TargetRefused::Scheme),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    if authority.contains('@') {
        return Err(TargetRefused::UserInfo);
    }
    let (host, port) = split_port(authority)?;
    let port = match port {
        None => scheme.default_port(),
        Some(digits) => parse_port(digits)?,
    };
    Ok((
        Origin {
            scheme,
            host: Host::parse(host)?,
            port,
        },
        rest,
    ))
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), TargetRefused> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(TargetRefused::Host)? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(TargetRefused::Host),
        };
    }
    Ok(authority
        .split_once(':')
        .map_or((authority, None), |(host, port)| (host, Some(port))))
}

fn parse_port(digits: &str) -> Result<u16, TargetRefused> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if plain && port != 0 => Ok(port),
        _ => Err(TargetRefused::Port),
    }
}

/// Checks a path with or without a query.
fn check_normal_form(path_and_query: &str) -> Result<(), TargetRefused> {
    if path_and_query.len() > TARGET_BYTES_MAX {
        return Err(TargetRefused::TooLong);
    }
    check_characters(path_and_query)?;
    check_escapes(path_and_query)?;
    let path = path_and_query
        .split_once('?')
        .map_or(path_and_query, |(path, _)| path);
    // The URL standard leaves a backtick as it is in a query and encodes it in a path, and HTTP libraries reject it
    // there.
    if path.contains('`') {
        return Err(TargetRefused::Unencoded('`'));
    }
    path::check(path)
}

fn check_characters(text: &str) -> Result<(), TargetRefused> {
    for byte in text.bytes() {
        match byte {
            b'#' => return Err(TargetRefused::Fragment),
            b'\\' => return Err(TargetRefused::Backslash),
            // No URL contains these (RFC 3986, section 2), and clients that follow the URL standard encode them in
            // paths and in queries. HTTP libraries reject or encode them, so they could not be sent as they are.
            b' ' | b'"' | b'<' | b'>' => return Err(TargetRefused::Unencoded(char::from(byte))),
            0x21..=0x7e => {}
            _ => return Err(TargetRefused::Character),
        }
    }
    Ok(())
}

fn check_escapes(text: &str) -> Result<(), TargetRefused> {
    for (at, _) in text.match_indices('%') {
        path::unescape(text.as_bytes(), at).ok_or(TargetRefused::Escape)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> BaseUrl {
        BaseUrl::parse("https://API.example.com/v1/").unwrap()
    }

    #[test]
    fn a_base_url_has_one_spelling() {
        assert_eq!(base().to_string(), "https://api.example.com/v1");
        assert_eq!(
            BaseUrl::parse("http://[0:0::1]:8080/").unwrap().to_string(),
            "http://[::1]:8080"
        );
        assert_eq!(
            BaseUrl::parse("https://X.svc.:8443/a").unwrap().to_string(),
            "https://x.svc.:8443/a"
        );
        assert_eq!(
            BaseUrl::parse("https://x:443").unwrap().to_string(),
            "https://x"
        );
    }

    #[test]
    fn odd_base_urls_are_refused() {
        for (text, why) in [
            ("ftp://x", TargetRefused::Scheme),
            ("//x", TargetRefused::Scheme),
            ("https://", TargetRefused::Host),
            ("https://u:p@x", TargetRefused::UserInfo),
            ("https://x?q", TargetRefused::Query),
            ("https://x#f", TargetRefused::Fragment),
            ("https://x:0", TargetRefused::Port),
            ("https://x:+80", TargetRefused::Port),
            ("https://x:65536", TargetRefused::Port),
            ("https://b\u{fc}cher.example", TargetRefused::Character),
            ("https://0x7f.1", TargetRefused::Host),
            ("https://2130706433", TargetRefused::Host),
            ("https://127.1", TargetRefused::Host),
            ("https://[::1", TargetRefused::Host),
            ("https://[fe80::1%25eth0]", TargetRefused::Host),
            ("https://a..b", TargetRefused::Host),
            ("https://x..", TargetRefused::Host),
            ("https://x/a/../b", TargetRefused::DotSegment),
            ("https://x//", TargetRefused::EmptySegment),
            ("https://x/v1//", TargetRefused::EmptySegment),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn an_accepted_path_is_sent_byte_for_byte() {
        for path in [
            "/a%2Fb",
            "/a;x=1/b",
            "/%41",
            "/a/",
            "/a?x=%2e%2e//&y=..%0a",
            "/{id}|~'^",
            "/100%25",
            "/a%2520b",
            "/a%252Fb",
            "/caf%c3%a9",
            "/caf%e9",
            "/%c0",
            "/files/.well-known",
            "/..a",
            "/a..",
            "/a...",
            "/...a/b",
            "/a%20",
            "/a%20..",
            "/%20",
            "/caf%C3%A9%E2%80%A6",
            "/a?x=^`|{}[]'&y=%c0%ae%252e",
            "/a%60?x=%22%3C%3E%5C",
            "/a^|{}[]'",
            "",
            "?q",
        ] {
            let target = base().join(path).unwrap();
            assert_eq!(target.path_and_query(), format!("/v1{path}"), "{path}");
            assert!(base().contains(&target), "{path}");
        }
        assert_eq!(
            BaseUrl::parse("http://x")
                .unwrap()
                .join("?q")
                .unwrap()
                .path_and_query(),
            "/?q"
        );
    }

    #[test]
    fn hostile_paths_are_refused() {
        for (path, why) in [
            ("a", TargetRefused::Relative),
            ("/..", TargetRefused::DotSegment),
            ("/a/./b", TargetRefused::DotSegment),
            ("/%2e%2E/b", TargetRefused::DotSegment),
            ("/.%2e", TargetRefused::DotSegment),
            ("/..;/b", TargetRefused::DotSegment),
            ("/..%3bx/b", TargetRefused::DotSegment),
            ("/%252e%252e/b", TargetRefused::DotSegment),
            ("/%252e/b", TargetRefused::DotSegment),
            ("/.%25252E/b", TargetRefused::DotSegment),
            ("/%25%32%65%25%32%65/b", TargetRefused::DotSegment),
            ("/a%252f..%252fb", TargetRefused::DotSegment),
            ("/..%253bx/b", TargetRefused::DotSegment),
            ("/%25u002e%25u002e/b", TargetRefused::DotSegment),
            ("/%c0%2e%c0%2e/b", TargetRefused::DotSegment),
            ("/x/..%20/b", TargetRefused::DotSegment),
            ("/x/%2e%2e%20/b", TargetRefused::DotSegment),
            ("/x/%20../b", TargetRefused::DotSegment),
            ("/x/..%20.%20/b", TargetRefused::DotSegment),
            ("/x/..%2520/b", TargetRefused::DotSegment),
            ("/x/..%20;y/b", TargetRefused::DotSegment),
            ("/x/...%2Fb", TargetRefused::DotSegment),
            ("/.%20/b", TargetRefused::DotSegment),
            ("/.../b", TargetRefused::DotSegment),
            ("/...", TargetRefused::DotSegment),
            ("/a/....", TargetRefused::DotSegment),
            ("/x/..%3F/b", TargetRefused::DotSegment),
            ("/x/..%23", TargetRefused::DotSegment),
            ("/x/..%C2%A0/b", TargetRefused::DotSegment),
            ("/x/.%E2%80%8B./b", TargetRefused::DotSegment),
            ("/x/%EF%BC%8E%EF%BC%8E/b", TargetRefused::DotSegment),
            ("/x/..%EF%BC%8Fb", TargetRefused::DotSegment),
            ("/x/%E2%80%A5/b", TargetRefused::DotSegment),
            ("/x/%EF%B8%B0/b", TargetRefused::DotSegment),
            ("/x/%EF%B9%92%EF%B9%92%EF%B9%A8b", TargetRefused::DotSegment),
            ("/%ff%EF%BC%8F..%EF%BC%BCb", TargetRefused::DotSegment),
            ("/%c0%ae%c0%ae/b", TargetRefused::Overlong),
            ("/%C0%AE/b", TargetRefused::Overlong),
            ("/%25c0%25ae/b", TargetRefused::Overlong),
            ("/%e0%80%ae/b", TargetRefused::Overlong),
            ("/%f0%80%80%ae/b", TargetRefused::Overlong),
            ("/%f8%80%80%80%ae/b", TargetRefused::Overlong),
            ("/%fc%80%80%80%80%ae/b", TargetRefused::Overlong),
            ("/a%c0%afb", TargetRefused::Overlong),
            ("/a%c1%9cb", TargetRefused::Overlong),
            ("/a%c0%80", TargetRefused::Overlong),
            ("/a%252f", TargetRefused::EmptySegment),
            ("/a%252f%252fb", TargetRefused::EmptySegment),
            ("/a%255cb", TargetRefused::Backslash),
            ("/a%2500", TargetRefused::Control),
            ("/a%25250d%25250a", TargetRefused::Control),
            ("/a`b", TargetRefused::Unencoded('`')),
            ("/a\"b", TargetRefused::Unencoded('"')),
            ("/a<b", TargetRefused::Unencoded('<')),
            ("/a>b", TargetRefused::Unencoded('>')),
            ("/a?x=\"", TargetRefused::Unencoded('"')),
            ("/a?x=<", TargetRefused::Unencoded('<')),
            ("/a?x=>", TargetRefused::Unencoded('>')),
            ("/a?x=\\", TargetRefused::Backslash),
            ("/a%2f..%2fb", TargetRefused::DotSegment),
            ("/a%2f", TargetRefused::EmptySegment),
            ("/%2fa", TargetRefused::EmptySegment),
            ("/a%2f%2fb", TargetRefused::EmptySegment),
            ("//a", TargetRefused::EmptySegment),
            ("/a//b", TargetRefused::EmptySegment),
            ("/;/b", TargetRefused::EmptySegment),
            ("/a\\b", TargetRefused::Backslash),
            ("/a%5Cb", TargetRefused::Backslash),
            ("/a%00", TargetRefused::Control),
            ("/a%0d%0a", TargetRefused::Control),
            ("/a%7f", TargetRefused::Control),
            ("/a%", TargetRefused::Escape),
            ("/a%4", TargetRefused::Escape),
            ("/a?x=%zz", TargetRefused::Escape),
            ("/a#b", TargetRefused::Fragment),
            ("/a b", TargetRefused::Unencoded(' ')),
            ("/\u{202e}", TargetRefused::Character),
            ("/a\r\nHost: x", TargetRefused::Character),
        ] {
            assert_eq!(base().join(path), Err(why), "{path:?}");
        }
    }

    #[test]
    fn a_character_that_must_be_encoded_is_named_with_its_encoding() {
        for (path, spelled) in [
            ("/a\"b", "%22"),
            ("/a?x=<", "%3C"),
            ("/a?x=>", "%3E"),
            ("/a`b", "%60"),
            ("/a b", "%20"),
            ("/a?x=\\", "%5C"),
        ] {
            let why = base().join(path).unwrap_err().to_string();
            assert!(why.contains(spelled), "{path}: {why}");
        }
    }

    #[test]
    fn an_accepted_target_can_be_parsed_from_its_text() {
        let room = TARGET_BYTES_MAX - base().to_string().len() - 1;
        let target = base().join(&format!("/{}", "a".repeat(room))).unwrap();
        assert_eq!(Target::parse(&target.to_string()), Ok(target.clone()));
        let longer = format!("/{}", "a".repeat(room + 1));
        assert_eq!(base().join(&longer), Err(TargetRefused::TooLong));
        let longer = format!("{}a", target.path_and_query());
        assert_eq!(
            target.with_path_and_query(&longer),
            Err(TargetRefused::TooLong)
        );
        let spelled = format!("http://x?{}", "a".repeat(TARGET_BYTES_MAX - 9));
        assert_eq!(Target::parse(&spelled), Err(TargetRefused::TooLong));
    }

    #[test]
    fn a_target_lies_under_a_base_by_whole_segments() {
        for (url, inside) in [
            ("https://api.example.com/v1", true),
            ("https://api.example.com/v1?x", true),
            ("HTTPS://api.EXAMPLE.com:443/v1/a", true),
            ("https://api.example.com/%761/a", true),
            ("https://api.example.com/v1%2Fa", false),
            ("https://api.example.com/v10", false),
            ("https://api.example.com/", false),
            ("http://api.example.com/v1", false),
            ("https://api.example.com:444/v1", false),
            ("https://api.example.com.evil.example/v1", false),
        ] {
            assert_eq!(
                base().contains(&Target::parse(url).unwrap()),
                inside,
                "{url}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_accepted_target_stays_below_the_base(path in "/([a-z./;2ef5c\\\\?#A-F0-9]|%(25){0,3}(2[eEfF]|5[cC]|3[bB]|0[0aA]|[cC]0%(25)?[aA][eEfF]|[0-9a-f]{2})){0,16}") {
            if let Ok(target) = base().join(&path) {
                prop_assert!(base().contains(&target));
                let decoded = path::decoded(target.path());
                let dotted = |segment: &str| {
                    let name = segment.split(';').next().unwrap_or_default();
                    name == "." || name == ".."
                };
                prop_assert!(!decoded.split('/').any(dotted));
                prop_assert!(!decoded.contains("//") && !decoded.contains('\\'));
                prop_assert!(target.path_and_query().parse::<http::uri::PathAndQuery>().is_ok());
            }
        }
    }

    #[test]
    fn a_target_with_and_without_the_final_dot_is_one_target() {
        let base = BaseUrl::parse("https://api.svc./v1").unwrap();
        let absolute = Target::parse("https://api.svc./v1/a").unwrap();
        let relative = Target::parse("https://API.svc/v1/a").unwrap();
        assert_eq!(absolute, relative);
        assert_eq!(absolute.to_string(), "https://api.svc/v1/a");
        assert!(base.contains(&absolute) && base.contains(&relative));
        assert_eq!(base.origin().authority(), "api.svc");
        assert_eq!(base.origin().to_string(), "https://api.svc");
    }
}
