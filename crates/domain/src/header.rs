//! Header rules: which headers are forwarded, and which values are masked for display.

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{cookie, redact};

/// The limit on the number of headers in an agent's request. Common servers accept about a hundred.
const HEADERS_MAX: usize = 100;

/// The limit on the total size of their names and values, in bytes. Common servers accept 8 to 32 KiB, so a larger
/// head would fail at the upstream.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;

/// Request headers that are never forwarded, in addition to hop-by-hop headers: headers for the gateway
/// itself or about the client's address, and headers that could make an upstream apply another method or
/// path than the one that was assessed. Written with `-`; `_` counts as equal.
const DROPPED: &[&str] = &[
    "agent-key",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "idempotency-key",
    "x-agent-intent",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-proxy-status",
    "x-real-ip",
    "x-rewrite-url",
];

/// Headers that request a part of a response, or a delta to an earlier one (`A-IM`, RFC 3229).
///
/// They are dropped if a credential is injected: a partial response may contain half of an echoed
/// credential, which masking cannot find. A server may always send the whole representation
/// (RFC 9110, section 14.2). Storage services have their own names for `Range` (`x-ms-range`,
/// `x-goog-range`). These end in `range`, as do `If-Range` and `Request-Range`.
const PARTIAL: &str = "a-im";
const PARTIAL_END: &str = "range";

/// Suffix of headers that describe the part in a request's own body (RFC 9110, section 14.5).
const PART_SENT_END: &str = "content-range";

/// Prefixes of further names that are never forwarded.
const DROPPED_PREFIXES: &[&str] = &["x-forwarded-", "x-http-method"];

/// Headers that belong to one connection and are never forwarded, in either direction (RFC 9110,
/// section 7.6.1, and RFC 2616, section 13.5.1). Written with `-`.
static HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Response headers that affect a whole origin or host in a browser. The origin is the gateway's, and
/// it may also serve the dashboard.
const ORIGIN_WIDE: &[&str] = &[
    "accept-ch",
    "alt-svc",
    "clear-site-data",
    "critical-ch",
    "expect-ct",
    "nel",
    "public-key-pins",
    "public-key-pins-report-only",
    "report-to",
    "sec-session-registration",
    "secure-session-registration",
    "service-worker-allowed",
    "set-login",
    "strict-transport-security",
];

/// The `User-Agent` of a request whose agent gives none.
pub const OWN_USER_AGENT: &str = concat!("gaiterguard/", env!("CARGO_PKG_VERSION"));

/// Request headers that clients and proxies change from one retry to the next, and that do not change what
/// the request means: who sends it when, and what traces it. In lower case.
const RETRY_HEADERS: &[&str] = &[
    "baggage",
    "date",
    "grpc-timeout",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-amzn-trace-id",
    "x-request-id",
];

/// Prefixes of further such headers: those of tracers, and of families of SDKs.
const RETRY_HEADER_PREFIXES: &[&str] = &[
    "amz-sdk-",
    "x-b3-",
    "x-datadog-",
    "x-stainless-",
    "x-stripe-client-",
];

/// Words in a header's name that mark its value as secret.
const SENSITIVE_WORDS: &[&str] = &["token", "secret", "key", "password"];

/// An agent's request has more headers than the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {HEADERS_MAX} headers with {HEADER_BYTES_MAX} bytes in total")]
pub struct TooManyHeaders;

/// Counts the headers of an agent's request against the limits.
#[derive(Debug, Default)]
pub struct HeaderCount {
    headers: usize,
    bytes: usize,
}

impl HeaderCount {
    /// Counts one header, and fails if it exceeds a limit.
    pub fn add(&mut self, name: &str, value: &[u8]) -> Result<(), TooManyHeaders> {
        self.headers += 1;
        self.bytes += name.len() + value.len();
        if self.headers > HEADERS_MAX || self.bytes > HEADER_BYTES_MAX {
            return Err(TooManyHeaders);
        }
        Ok(())
    }
}

/// Returns the agent's headers that may be forwarded.
///
/// Drops hop-by-hop headers, the headers in `DROPPED`, those that `Connection` names, those that the
/// credential sets (`reserved`), those that contain an agent key, the gateway's own cookies, and the
/// preference `wait`. If a credential is injected, also drops headers that request a part of a response.
pub fn forwardable(
    headers: &HeaderMap,
    reserved: &[HeaderName],
    injects_credential: bool,
) -> HeaderMap {
    let named_by_connection: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| dashed(name.trim()))
        .collect();
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let spelled = dashed(name.as_str());
        let dropped = is_hop_by_hop(&spelled)
            || DROPPED.contains(&spelled.as_str())
            || DROPPED_PREFIXES
                .iter()
                .any(|prefix| spelled.starts_with(prefix))
            || (injects_credential && asks_for_part(&spelled))
            || named_by_connection.contains(&spelled)
            || reserved
                .iter()
                .any(|reserved| dashed(reserved.as_str()) == spelled)
            // An upstream may read `-` in a name as `_`, as CGI does (RFC 3875, section 4.1.18).
            || redact::holds_agent_key(spelled.replace('-', "_").as_bytes())
            || redact::holds_agent_key(name.as_str().as_bytes())
            || redact::holds_agent_key(value.as_bytes());
        if dropped {
            continue;
        }
        let value = match spelled.as_str() {
            "cookie" => cookie::without_own(value),
            "prefer" => without_wait(value),
            _ => Some(value.clone()),
        };
        if let Some(value) = value {
            kept.append(name.clone(), value);
        }
    }
    kept
}

/// Removes the preference `wait` (RFC 7240, section 4.3), which is for the gateway; returns `None` if no
/// other remains.
fn without_wait(prefer: &HeaderValue) -> Option<HeaderValue> {
    let is_wait = |preference: &&[u8]| {
        let name = preference.split(|byte| matches!(byte, b'=' | b';')).next();
        name.is_some_and(|name| name.trim_ascii().eq_ignore_ascii_case(b"wait"))
    };
    if !preferences(prefer).any(|preference| is_wait(&preference)) {
        return Some(prefer.clone());
    }
    let others: Vec<&[u8]> = preferences(prefer).filter(|one| !is_wait(one)).collect();
    let others = others.join(&b","[..]);
    let others = HeaderValue::from_bytes(others.trim_ascii()).ok();
    others.filter(|others| !others.is_empty())
}

/// Returns the preferences in a `Prefer` header (RFC 7240, section 2). A comma in a quoted text separates nothing.
pub fn preferences(prefer: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    prefer.as_bytes().split(move |byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'\\' if is_quoted => is_escaped = !was_escaped,
            b'"' if !was_escaped => is_quoted = !is_quoted,
            b',' => return !is_quoted,
            _ => {}
        }
        false
    })
}

/// Removes headers that request a part of a response.
pub fn remove_partial(headers: &mut HeaderMap) {
    let partial: Vec<HeaderName> = headers
        .keys()
        .filter(|name| asks_for_part(&dashed(name.as_str())))
        .cloned()
        .collect();
    for name in partial {
        headers.remove(name);
    }
}

/// Returns whether a request's headers ask for a WebSocket (RFC 6455, section 4.2.1).
pub fn ask_for_web_socket(headers: &HeaderMap) -> bool {
    let names = |name: HeaderName, word: &str| {
        let values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    names(UPGRADE, "websocket") && names(CONNECTION, "upgrade")
}

/// Returns whether a header may differ between retries of the same request. Expects a lower-case name.
pub fn varies_between_retries(name: &str) -> bool {
    RETRY_HEADERS.contains(&name)
        || RETRY_HEADER_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Returns whether a header belongs to one connection. Expects a lower-case name written with `-`.
pub fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|known| known.as_str() == name)
}

/// Removes every hop-by-hop header and every header that `Connection` names. Also removes a
/// `Content-Length` next to a `Transfer-Encoding`, which takes precedence (RFC 9112, section 6.3).
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    // Most messages lack such headers. Comparing a parsed name with a standard one compares numbers.
    if !headers.keys().any(|name| HOP_BY_HOP.contains(name)) {
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
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Fields that a trailer section must not have (RFC 9110, section 6.5.1): those that frame or route a message, that
/// concern authentication, and that decide how its content is read.
const UNFIT_FOR_TRAILERS: &[&str] = &[
    "authorization",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expires",
    "host",
    "location",
    "retry-after",
    "set-cookie",
    "vary",
    "www-authenticate",
];

/// Removes from the trailers of a response whatever must not be in trailers, and what is for one connection.
pub fn remove_unfit_trailers(trailers: &mut HeaderMap) {
    remove_hop_by_hop(trailers);
    for name in UNFIT_FOR_TRAILERS {
        trailers.remove(*name);
    }
    remove_origin_wide(trailers);
}

/// Returns whether a message is one of gRPC, which needs HTTP/2. gRPC-Web is another format, which does not.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let Some(media_type) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else {
        return false;
    };
    media_type
        .split_at_checked(GRPC.len())
        .is_some_and(|(name, rest)| {
            name.eq_ignore_ascii_case(GRPC)
                && matches!(rest.first(), None | Some(b'+' | b';' | b' ' | b'\t'))
        })
}

/// The fields of the trailers that are the status of a call of gRPC.
const GRPC_STATUS: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// Adds the status of a call of gRPC, which is in its trailers, to the headers of a response that is stored.
pub fn add_grpc_status(headers: &mut HeaderMap, trailers: &HeaderMap) {
    if is_grpc(headers) {
        for name in GRPC_STATUS {
            headers.extend(trailers.get(&name).map(|value| (name, value.clone())));
        }
    }
}

/// Removes the status of a call of gRPC from the headers of a stored response, and returns it as trailers.
pub fn take_grpc_status(headers: &mut HeaderMap) -> HeaderMap {
    GRPC_STATUS
        .into_iter()
        .filter_map(|name| headers.remove(&name).map(|value| (name, value)))
        .collect()
}

/// Removes from an upstream's response whatever a browser would apply to the gateway's own origin:
/// origin-wide headers and the gateway's own cookies. Keeps other cookies.
pub fn remove_origin_wide(headers: &mut HeaderMap) {
    // Few responses have any of them, so the names that are there are compared, not each of these looked up.
    let is_origin_wide = |name: &&HeaderName| ORIGIN_WIDE.contains(&name.as_str());
    let origin_wide: Vec<HeaderName> = headers.keys().filter(is_origin_wide).cloned().collect();
    for name in origin_wide {
        headers.remove(name);
    }
    let set_cookie = http::header::SET_COOKIE;
    if headers.get_all(&set_cookie).iter().any(cookie::sets_own) {
        let cookies: Vec<HeaderValue> = headers.get_all(&set_cookie).iter().cloned().collect();
        headers.remove(&set_cookie);
        for value in cookies.into_iter().filter(|value| !cookie::sets_own(value)) {
            headers.append(set_cookie.clone(), value);
        }
    }
}

/// Returns whether a header's value is secret to readers of a request.
pub fn is_sensitive(name: &str) -> bool {
    let name = dashed(name);
    matches!(
        name.as_str(),
        "authorization" | "cookie" | "set-cookie" | "proxy-authorization"
    ) || SENSITIVE_WORDS.iter().any(|word| name.contains(word))
}

/// Returns a header's value for display: [`redact::MASK`] if it is sensitive. Replaces bytes that
/// are not UTF-8.
pub fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    if is_sensitive(name.as_str()) {
        redact::MASK.to_owned()
    } else {
        redact::agent_keys(&String::from_utf8_lossy(value.as_bytes())).into_owned()
    }
}

/// Returns whether a header requests a part of a response. Expects a name written with dashes.
fn asks_for_part(dashed: &str) -> bool {
    dashed == PARTIAL || (dashed.ends_with(PARTIAL_END) && !dashed.ends_with(PART_SENT_END))
}

fn dashed(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        headers
    }

    /// Base64 of `user:agt_` and 64 zeros.
    const ENCODED_KEY: &str = concat!(
        "dXNlcjphZ3RfMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
        "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="
    );

    #[test]
    fn grpc_is_recognized_and_grpc_web_is_not() {
        for (media_type, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/GRPC; charset=utf-8", true),
            ("application/grpc-web", false),
            ("application/grpc-web+proto", false),
            ("application/grpcx", false),
            ("application/json", false),
        ] {
            let headers = map(&[("content-type", media_type)]);
            assert_eq!(is_grpc(&headers), expected, "{media_type}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn trailers_neither_frame_a_message_nor_set_cookies() {
        let mut trailers = map(&[
            ("grpc-status", "0"),
            ("x-checksum", "1"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("set-cookie", "a=b"),
            ("content-type", "text/html"),
        ]);
        remove_unfit_trailers(&mut trailers);
        assert_eq!(trailers, map(&[("grpc-status", "0"), ("x-checksum", "1")]));
    }

    #[test]
    fn headers_that_concern_the_gateway_or_the_connection_are_dropped() {
        let key = format!("Bearer agt_{}", "0".repeat(64));
        let basic = format!("Basic {ENCODED_KEY}");
        let named = format!("X-agt_{}", "0".repeat(64));
        let kept = forwardable(
            &map(&[
                ("Accept", "a"),
                ("accept", "b"),
                ("Connection", "close, X-Named"),
                ("X_Named", "1"),
                ("Host", "evil"),
                ("X-Forwarded-For", "1.2.3.4"),
                ("x_forwarded_host", "evil"),
                ("X-HTTP-Method-Override", "DELETE"),
                ("X_Http_Method", "DELETE"),
                ("X-Api_Key", "mine"),
                ("X-Custom", &key),
                ("X-Basic", &basic),
                (&named, "1"),
                ("Prefer", "wait=5"),
                ("Prefer", "return=minimal, Wait = 5; x=y,respond-async"),
                ("Prefer", "wait=5, a=\"b\\\", wait=1\", c"),
                ("Cookie", "a=b"),
            ]),
            &[HeaderName::from_static("x-api-key")],
            true,
        );
        let expected = map(&[
            ("accept", "a"),
            ("accept", "b"),
            ("prefer", "return=minimal,respond-async"),
            ("prefer", "a=\"b\\\", wait=1\", c"),
            ("cookie", "a=b"),
        ]);
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_header_named_after_an_agent_key_is_dropped_with_either_separator() {
        let digits = "0a".repeat(32);
        for name in [
            format!("agt-{digits}"),
            format!("x-agt-{digits}"),
            format!("x_agt_{digits}-y"),
            format!("X-AGT-{}", digits.to_uppercase()),
        ] {
            let kept = forwardable(&map(&[(&name, "1")]), &[], false);
            assert!(kept.is_empty(), "{name}");
        }
        let others = map(&[
            ("x-agt-0a0a", "1"),
            (&format!("x-trace-{digits}"), "1"),
            (&format!("x-agt-{}", &digits[1..]), "1"),
        ]);
        assert_eq!(forwardable(&others, &[], false), others);
    }

    #[test]
    fn a_partial_response_is_requested_only_without_a_credential() {
        let asked = map(&[
            ("Range", "bytes=0-34"),
            ("If-Range", "\"1\""),
            ("If_Range", "\"1\""),
            ("X-Ms-Range", "bytes=0-34"),
            ("Request-Range", "bytes=0-34"),
            ("A-IM", "vcdiff"),
            ("If-Match", "\"1\""),
        ]);
        assert_eq!(forwardable(&asked, &[], false), asked);
        let whole = map(&[("if-match", "\"1\"")]);
        assert_eq!(forwardable(&asked, &[], true), whole);
        let mut headers = asked;
        remove_partial(&mut headers);
        assert_eq!(headers, whole);
    }

    #[test]
    fn an_upstream_cannot_act_on_the_gateways_origin() {
        let mut headers = map(&[
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "gaiterguard_refresh=planted; Path=/auth"),
            ("Set-Cookie", "=gaiterguard_refresh=planted"),
            ("Set-Cookie", "b=2; Path=/"),
            ("Clear-Site-Data", "\"*\""),
            ("Service-Worker-Allowed", "/"),
            ("Strict-Transport-Security", "max-age=1; includeSubDomains"),
            ("Alt-Svc", "h3=\"elsewhere.example:443\""),
            ("Etag", "\"1\""),
        ]);
        remove_origin_wide(&mut headers);
        let left = [
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2; Path=/"),
            ("etag", "\"1\""),
        ];
        assert_eq!(headers, map(&left));
    }

    #[test]
    fn the_gateways_own_cookie_is_not_forwarded() {
        let kept = forwardable(
            &map(&[
                ("Cookie", "a=1; gaiterguard_refresh=gr_1"),
                ("Cookie", "gaiterguard_refresh=gr_1"),
            ]),
            &[],
            false,
        );
        assert_eq!(kept, map(&[("cookie", "a=1")]));
    }

    #[test]
    fn a_web_socket_is_requested_by_two_headers() {
        let asks = |pairs: &[(&str, &str)]| ask_for_web_socket(&map(pairs));
        assert!(asks(&[
            ("Upgrade", "WebSocket"),
            ("Connection", "keep-alive, Upgrade")
        ]));
        assert!(!asks(&[("Upgrade", "websocket")]));
        assert!(!asks(&[
            ("Upgrade", "h2c"),
            ("Connection", "Upgrade, HTTP2-Settings")
        ]));
    }

    #[test]
    fn secrets_are_not_shown() {
        for name in [
            "Authorization",
            "COOKIE",
            "X-Api-Key",
            "x_access_token",
            "Client-Secret",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        assert!(!is_sensitive("content-type"));
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
