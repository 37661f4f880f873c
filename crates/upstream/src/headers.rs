//! Headers that belong to one connection and are never forwarded.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Removes every hop-by-hop header and every header that `Connection` names. Also removes a
/// `Content-Length` next to a `Transfer-Encoding`, which takes precedence (RFC 9112, section 6.3).
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| *name != CONTENT_LENGTH)
        .collect();
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    for name in named {
        headers.remove(name);
    }
    for name in [
        CONNECTION,
        TRANSFER_ENCODING,
        TE,
        TRAILER,
        UPGRADE,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
    ] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    // The common ones are compared as numbers, and only unusual names as text.
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == TE
        || *name == TRAILER
        || *name == UPGRADE
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        || name.as_str() == "keep-alive"
        || name.as_str() == "proxy-connection"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> HeaderMap {
        entries
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn without_hop_by_hop(entries: &[(&str, &str)]) -> HeaderMap {
        let mut headers = map(entries);
        remove_hop_by_hop(&mut headers);
        headers
    }

    #[test]
    fn headers_of_the_connection_are_removed_and_others_kept() {
        let headers = without_hop_by_hop(&[
            ("connection", "close, X-Private"),
            ("connection", "x-also"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("upgrade", "h2c"),
            ("proxy-authenticate", "Basic"),
            ("x-private", "1"),
            ("x-also", "2"),
            ("x-kept", "3"),
            ("content-length", "7"),
        ]);
        assert_eq!(headers, map(&[("x-kept", "3"), ("content-length", "7")]));
    }

    #[test]
    fn a_length_next_to_a_transfer_encoding_is_removed() {
        let headers =
            without_hop_by_hop(&[("transfer-encoding", "chunked"), ("content-length", "7")]);
        assert!(headers.is_empty());
    }

    #[test]
    fn connection_cannot_remove_the_length() {
        let headers =
            without_hop_by_hop(&[("connection", "content-length"), ("content-length", "7")]);
        assert_eq!(headers, map(&[("content-length", "7")]));
    }
}
