//! The addresses in a response, for a client that knows the upstream only as `/s/{service}/…` of this gateway.
//!
//! An upstream names its resources by its own URL. A client that followed such an address would leave the gateway,
//! and send its agent key to the upstream. So addresses below the base URL of the service are rewritten, as a
//! reverse proxy does. All other addresses stay as they are.

use std::fmt::Write as _;

use http::header::{CONTENT_LOCATION, LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::path;
use crate::target::{BaseUrl, Target};

/// The URL under which the gateway serves one service.
#[derive(Clone, Debug)]
pub struct ServedUrl<'a> {
    base: &'a BaseUrl,
    /// Without a final slash.
    served: String,
}

impl<'a> ServedUrl<'a> {
    /// Returns the URL of the service with this base URL and name at the gateway with this public URL.
    pub fn new(base: &'a BaseUrl, public_url: &str, service: &str) -> Self {
        let mut served = format!("{}/s/", public_url.trim_end_matches('/'));
        for byte in service.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                served.push(byte.into());
            } else {
                // Writing to a string cannot fail.
                let _ = write!(served, "%{byte:02X}");
            }
        }
        Self { base, served }
    }

    /// Returns whether any header may hold an address that is rewritten.
    pub fn has_addresses(headers: &HeaderMap) -> bool {
        [LOCATION, CONTENT_LOCATION, LINK]
            .iter()
            .any(|name| headers.contains_key(name))
    }

    /// Returns the address at the upstream of an address that a client writes in a request, if it lies below this
    /// URL. `host` is the value of the request's `Host`.
    pub fn upstream_address(&self, address: &str, host: &str) -> Option<String> {
        let (public_authority, served_path) = split_authority(&self.served)?;
        let path = if address.starts_with('/') && !address.starts_with("//") {
            address
        } else {
            let (authority, path) = split_authority(address)?;
            let is_own = |own: &str| authority.eq_ignore_ascii_case(own);
            if !(is_own(public_authority) || is_own(host)) {
                return None;
            }
            path
        };
        let rest = path.strip_prefix(served_path)?;
        if !(rest.is_empty() || rest.starts_with(['/', '?'])) {
            return None;
        }
        Some(format!("{}{}{rest}", self.base.origin(), self.base.path()))
    }

    /// Rewrites the addresses in the headers of the response to a request for `requested`.
    pub fn rewrite(&self, requested: &Target, headers: &mut HeaderMap) {
        rewrite_values(headers, &LOCATION, |value| self.reference(requested, value));
        rewrite_values(headers, &CONTENT_LOCATION, |value| {
            self.reference(requested, value)
        });
        rewrite_values(headers, &LINK, |value| self.links(requested, value));
    }

    /// Returns the links of a `Link` header (RFC 8288) with their targets rewritten, if any is.
    fn links(&self, requested: &Target, value: &str) -> Option<String> {
        let mut rewritten = String::new();
        let mut is_changed = false;
        let mut is_quoted = false;
        let mut rest = value;
        while let Some(at) = rest.find(if is_quoted { ['"', '\\'] } else { ['"', '<'] }) {
            let (before, special) = rest.split_at(at);
            rewritten.push_str(before);
            if let Some(after) = special.strip_prefix('<') {
                let end = after.find('>')?;
                let reference = &after[..end];
                let new = self.reference(requested, reference);
                is_changed |= new.is_some();
                rewritten.push('<');
                rewritten.push_str(new.as_deref().unwrap_or(reference));
                rest = &after[end..];
                continue;
            }
            // A backslash quotes the next character, which ends nothing.
            let is_escape = special.starts_with('\\');
            is_quoted ^= !is_escape;
            let taken: usize = special
                .chars()
                .take(if is_escape { 2 } else { 1 })
                .map(char::len_utf8)
                .sum();
            rewritten.push_str(&special[..taken]);
            rest = &special[taken..];
        }
        rewritten.push_str(rest);
        is_changed.then_some(rewritten)
    }

    /// Returns the served URL of a reference (RFC 3986, section 4.1), if it lies below the base URL. A path that is
    /// relative and does not climb leads to the same place below either URL, so it stays.
    fn reference(&self, requested: &Target, reference: &str) -> Option<String> {
        let (address, fragment) = match reference.find('#') {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        let target = resolved(requested, address)?;
        if !self.base.contains(&target) {
            return None;
        }
        let below = below(self.base.path(), &target);
        Some(format!("{}{below}{fragment}", self.served))
    }
}

/// Replaces the values of a header for which there is another.
fn rewrite_values(
    headers: &mut HeaderMap,
    name: &HeaderName,
    rewritten: impl Fn(&str) -> Option<String>,
) {
    let http::header::Entry::Occupied(mut values) = headers.entry(name) else {
        return;
    };
    for value in values.iter_mut() {
        let rewritten = value.to_str().ok().and_then(&rewritten);
        if let Some(Ok(new)) = rewritten.map(HeaderValue::try_from) {
            *value = new;
        }
    }
}

/// Splits an absolute URL into its authority and the rest.
fn split_authority(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

/// Resolves a reference without its fragment against the URL of a request (RFC 3986, section 5.2).
fn resolved(requested: &Target, reference: &str) -> Option<Target> {
    let origin = requested.origin();
    let scheme_end = reference.find([':', '/', '?']);
    let has_scheme = scheme_end.is_some_and(|end| reference[end..].starts_with(':'));
    let absolute = if has_scheme {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{}:{reference}", origin.scheme.as_str())
    } else if reference.starts_with('/') {
        format!("{origin}{reference}")
    } else if climbs(reference) {
        let directory = requested.path().rsplit_once('/')?.0;
        format!("{origin}{directory}/{reference}")
    } else {
        return None;
    };
    let authority = absolute.find("://")? + 3;
    let path_begin = absolute[authority..]
        .find(['/', '?'])
        .map_or(absolute.len(), |at| authority + at);
    let (before, path_and_query) = absolute.split_at(path_begin);
    let (path, query) = match path_and_query.find('?') {
        Some(at) => path_and_query.split_at(at),
        None => (path_and_query, ""),
    };
    Target::parse(&format!("{before}{}{query}", without_dot_segments(path))).ok()
}

/// Returns whether the path of a relative reference has a segment that leads upward.
fn climbs(reference: &str) -> bool {
    let path = reference.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| segment == "..")
}

/// Removes dot segments (RFC 3986, section 5.2.4).
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    kept.iter().fold(String::new(), |mut path, segment| {
        path.push('/');
        path.push_str(segment);
        path
    })
}

/// Returns the part of a target below the path of a base URL that contains it.
fn below(base_path: &str, target: &Target) -> String {
    let sent = target.path_and_query();
    if let Some(rest) = sent.strip_prefix(base_path)
        && (rest.is_empty() || rest.starts_with(['/', '?']))
    {
        return rest.to_owned();
    }
    // The upstream spells the base path in another way.
    let path = path::normalized(target.path());
    let rest = path
        .strip_prefix(&*path::normalized(base_path))
        .unwrap_or_default();
    match target.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(base: &str, header: HeaderName, value: &str) -> String {
        let base = BaseUrl::parse(base).unwrap();
        let served = ServedUrl::new(&base, "https://gg.example/", "my api");
        let requested = base.join("/items/7?x=1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(&header, HeaderValue::from_str(value).unwrap());
        served.rewrite(&requested, &mut headers);
        headers[header].to_str().unwrap().to_owned()
    }

    #[test]
    fn an_address_below_the_base_url_leads_to_the_gateway() {
        for (location, expected) in [
            ("http://real.test:9000/v1/items/7", "/items/7"),
            (
                "HTTP://REAL.test:9000/v1/items?page=2#top",
                "/items?page=2#top",
            ),
            ("http://real.test:9000/v1", ""),
            ("http://real.test:9000/v1?a=b", "?a=b"),
            ("//real.test:9000/v1/items", "/items"),
            ("/v1/items/7", "/items/7"),
            ("/v1/./a/../items", "/items"),
            ("../other/8", "/other/8"),
            ("/%761/items", "/items"),
            ("/v1/", "/"),
        ] {
            for header in [LOCATION, CONTENT_LOCATION] {
                assert_eq!(
                    rewritten("http://real.test:9000/v1", header, location),
                    format!("https://gg.example/s/my%20api{expected}"),
                    "{location}"
                );
            }
        }
    }

    #[test]
    fn every_other_address_stays() {
        for location in [
            "http://real.test:9000/v2/items",
            "http://real.test:9000/v10",
            "http://real.test/v1/items",
            "https://real.test:9000/v1/items",
            "http://real.test.evil.example:9000/v1/items",
            "http://real.test:9000@evil.example/v1/items",
            "http://user@real.test:9000/v1/items",
            "/v2/items",
            "/v1/../v2",
            "../../v2",
            "8",
            "?page=2",
            "#top",
            "",
            "mailto:a@example.com",
            "urn:v1:items",
            "http:",
            "http://",
            "//",
            "http://real.test:9000/v1//items",
            "not a url",
        ] {
            assert_eq!(
                rewritten("http://real.test:9000/v1", LOCATION, location),
                location
            );
        }
    }

    #[test]
    fn the_targets_of_links_are_rewritten_and_nothing_else() {
        let value = r#"<http://real.test/items?page=2>; rel="next", <http://cdn.test/a>; rel=x; title="<http://real.test/b>, \"<http://real.test/c>", </last?a=1,2>;rel=last"#;
        assert_eq!(
            rewritten("http://real.test", LINK, value),
            r#"<https://gg.example/s/my%20api/items?page=2>; rel="next", <http://cdn.test/a>; rel=x; title="<http://real.test/b>, \"<http://real.test/c>", <https://gg.example/s/my%20api/last?a=1,2>;rel=last"#
        );
        for value in [
            "<http://real.test/items",
            "",
            "rel=next",
            "\"<http://real.test/a>",
        ] {
            assert_eq!(rewritten("http://real.test", LINK, value), value);
        }
    }

    #[test]
    fn an_address_in_a_request_leads_to_the_upstream() {
        let base = BaseUrl::parse("https://dav.test./files").unwrap();
        let served = ServedUrl::new(&base, "https://gg.example", "dav");
        for (address, expected) in [
            (
                "https://gg.example/s/dav/a/b",
                Some("https://dav.test/files/a/b"),
            ),
            (
                "http://localhost:3000/s/dav/a",
                Some("https://dav.test/files/a"),
            ),
            ("/s/dav", Some("https://dav.test/files")),
            ("https://gg.example/s/davs/a", None),
            ("https://gg.example/s/other/a", None),
            ("https://dav.test/files/a", None),
            ("//gg.example/s/dav/a", None),
            ("s/dav/a", None),
        ] {
            assert_eq!(
                served
                    .upstream_address(address, "localhost:3000")
                    .as_deref(),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn an_absolute_name_is_the_same_upstream() {
        assert_eq!(
            rewritten("https://api.svc.", LOCATION, "https://api.svc/a"),
            "https://gg.example/s/my%20api/a"
        );
    }

    proptest! {
        #[test]
        fn a_rewritten_address_leads_back_to_where_it_led(path in "(/[a-z0-9.~%-]{0,4}){0,4}(\\?[a-z=&/]{0,6})?") {
            let base = BaseUrl::parse("http://real.test/v1").unwrap();
            let served = ServedUrl::new(&base, "https://gg.example", "things");
            let requested = base.join("/items").unwrap();
            let location = format!("http://real.test/v1{path}");
            if let Some(new) = served.reference(&requested, &location) {
                let below = new.strip_prefix("https://gg.example/s/things").unwrap();
                let led = resolved(&requested, &location).unwrap();
                prop_assert_eq!(base.join(below).unwrap(), led);
            }
        }

        #[test]
        fn no_header_value_is_too_strange(value in "[ -~]{0,60}") {
            rewritten("http://real.test/v1", LINK, &value);
            rewritten("http://real.test/v1", LOCATION, &value);
        }
    }
}
