//! A request: what an agent asks for, and the exact bytes to be sent.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::id::ServiceId;
use crate::invisible::Invisible;
use crate::message;
use crate::target::Target;
use crate::{header, redact};

/// The length limit of an intent, in characters. An approver reads it whole, and it is part of every question to a
/// model.
pub const INTENT_CHARS_MAX: usize = 2000;

/// The length limit of an idempotency key, in characters. Stripe accepts as many, so clients that were written for
/// such APIs keep their keys.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The longest time that a call may stay open for a human. It occupies a connection; an agent that wants to wait
/// longer calls the status endpoint again.
pub const WAIT_MAX: Duration = Duration::from_secs(1).saturating_mul(WAIT_SECONDS_MAX);

/// The same in seconds.
pub const WAIT_SECONDS_MAX: u32 = 5 * 60;

/// The methods of HTTP itself that are proxied. [`is_forwardable`] says which others are.
pub const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The length limit of a method, in bytes. The longest registered one has 17.
const METHOD_BYTES_MAX: usize = 32;

/// Returns whether a request with this method can be forwarded as it is. The methods of other protocols, such as
/// those of WebDAV, count as unsafe.
///
/// CONNECT and TRACE are not forwarded: one opens a tunnel, the other returns the credential in a body. A method in
/// lower case is refused, because some servers read it as the one in upper case.
pub fn is_forwardable(method: &Method) -> bool {
    let name = method.as_str();
    name.len() <= METHOD_BYTES_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        && !matches!(*method, Method::CONNECT | Method::TRACE)
}

/// Returns whether a method is safe: its definition is read-only (RFC 9110, section 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Returns whether the agent must send an idempotency key with this method.
pub fn needs_idempotency_key(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PATCH)
}

/// The agent's stated purpose for a request. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent(String);

/// The rejection of an intent that is empty, too long, or contains a NUL, which PostgreSQL cannot store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 1 to {INTENT_CHARS_MAX} characters that say why the request is sent, without NUL")]
pub struct IntentRefused;

impl Intent {
    /// Parses an intent.
    pub fn parse(text: &str) -> Result<Self, IntentRefused> {
        let length = text.chars().count();
        if text.trim().is_empty() || length > INTENT_CHARS_MAX || text.contains('\0') {
            return Err(IntentRefused);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the intent of a request that states none, for services that do not require one.
    pub fn absent() -> Self {
        Self(String::new())
    }

    /// Returns whether the request states no intent.
    pub fn is_absent(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The length limit of a label, in characters: the same as for the name that it is shown next to.
pub const LABEL_CHARS_MAX: usize = 100;

/// The name that a client's user gives to the program that sends a request. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// Returns a text as a label: without agent keys and invisible characters, and cut to its length limit.
    /// `None` if nothing is left.
    pub fn of(text: &str) -> Option<Self> {
        let visible = text
            .chars()
            .filter(|letter| Invisible::of(*letter).is_none());
        let visible: String = visible.take(LABEL_CHARS_MAX).collect();
        let label = redact::agent_keys(visible.trim()).into_owned();
        (!label.is_empty()).then_some(Self(label))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key under which an agent's request is sent at most once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The rejection of a malformed idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters without an agent key")]
pub struct IdempotencyKeyRefused;

impl IdempotencyKey {
    /// Parses a key. Keys are stored in plain text, so one that contains an agent key is rejected.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyRefused> {
        let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        if text.is_empty()
            || text.len() > IDEMPOTENCY_KEY_CHARS_MAX
            || !visible
            || redact::holds_agent_key(text.as_bytes())
        {
            return Err(IdempotencyKeyRefused);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an agent wants to send a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The service, by id or name.
    pub service: Option<ServiceName>,
    /// The path below the service's base URL.
    pub path: Option<String>,
    /// The absolute URL.
    pub target_url: Option<String>,
}

/// A reference to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceName {
    /// By its id.
    Id(ServiceId),
    /// By its name in the workspace.
    Name(String),
}

/// A request from an agent, as an entry point passes it to the engine. Every field is
/// within its limits; nothing has been decided.
#[derive(Clone, Debug)]
pub struct ProxyRequest {
    /// The destination.
    pub destination: Destination,
    /// The method.
    pub method: Method,
    /// The headers as the agent sent them.
    pub headers: HeaderMap,
    /// The body, empty if there is none.
    pub body: Bytes,
    /// Whether it is a WebSocket handshake from an entry point that supports WebSockets.
    pub web_socket: bool,
    /// The agent's intent.
    pub intent: Intent,
    /// The label that the client's user chose for it.
    pub label: Option<Label>,
    /// The key under which it is sent at most once.
    pub idempotency_key: Option<IdempotencyKey>,
    /// How long the call may stay open for a human if the request is held. `None` uses the agent's
    /// setting.
    pub wait: Option<Duration>,
}

/// The exact request to be sent, without the credential. These bytes are assessed, shown to the
/// approver, digested and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest {
    /// The method.
    pub method: Method,
    /// The URL.
    pub target: Target,
    /// The agent's forwarded headers, in the order in which they are sent.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The headers that request a WebSocket. An agent's own headers with these names are never forwarded.
const WEB_SOCKET_HEADERS: [(HeaderName, &str); 2] = [
    (http::header::CONNECTION, "Upgrade"),
    (http::header::UPGRADE, "websocket"),
];

/// The first line of the canonical form.
const CANONICAL_VERSION: &str = "gaiterguard.request.v1";

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Parses hexadecimal text in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut digits = [0; 64];
        // The buffer has room for two digits of each byte.
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| std::fmt::Error)?;
        f.write_str(str::from_utf8(&digits).map_err(|_| std::fmt::Error)?)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A digest whose body is added piece by piece.
#[derive(Clone)]
pub struct RunningDigest(Sha256);

impl RunningDigest {
    /// Adds the next piece of the body.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// Returns the digest, including the added body.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl CanonicalRequest {
    /// Makes this the handshake of a WebSocket (RFC 6455, section 4.1). Its headers say so, so that
    /// neither its digest nor its display can be a plain request's.
    #[must_use]
    pub fn with_web_socket(mut self) -> Self {
        self.headers
            .extend(WEB_SOCKET_HEADERS.map(|(name, word)| (name, HeaderValue::from_static(word))));
        self
    }

    /// Returns whether this is a WebSocket handshake.
    pub fn is_web_socket(&self) -> bool {
        WEB_SOCKET_HEADERS
            .iter()
            .all(|(name, word)| self.headers.get(name).is_some_and(|value| value == word))
    }

    /// Returns the canonical form, which is digested and stored for a held request:
    ///
    /// ```text
    /// gaiterguard.request.v1 LF
    /// METHOD LF
    /// absolute URL LF
    /// for each header, in the order sent: lower-case name ":" value LF
    /// LF
    /// body bytes
    /// ```
    ///
    /// Only the body can contain a line feed, so different requests have different forms.
    pub fn to_canonical_form(&self) -> Vec<u8> {
        let mut form = self.canonical_head(self.body.len());
        form.extend_from_slice(&self.body);
        form
    }

    /// Parses a canonical form; returns `None` if it is malformed.
    pub fn from_canonical_form(form: &[u8]) -> Option<Self> {
        let (head, body) = message::split(form)?;
        let mut lines = head.splitn(4, |byte| *byte == b'\n');
        if lines.next()? != CANONICAL_VERSION.as_bytes() {
            return None;
        }
        let method = Method::from_bytes(lines.next()?).ok()?;
        let target = Target::parse(std::str::from_utf8(lines.next()?).ok()?).ok()?;
        let headers = message::read_headers(lines.next().unwrap_or_default())?;
        Some(Self {
            method,
            target,
            headers,
            body: Bytes::copy_from_slice(body),
        })
    }

    /// Returns the request without the headers that differ between retries of it; `None` if there are no
    /// such headers.
    pub(crate) fn without_retry_headers(&self) -> Option<Self> {
        let varies = |name: &HeaderName| header::varies_between_retries(name.as_str());
        if !self.headers.keys().any(varies) {
            return None;
        }
        let kept = self.headers.iter().filter(|(name, _)| !varies(name));
        let headers = kept.map(|(name, value)| (name.clone(), value.clone()));
        Some(Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: headers.collect(),
            body: self.body.clone(),
        })
    }

    /// Returns the SHA-256 of the canonical form. Anyone who has the request can recompute it.
    pub fn digest(&self) -> Digest {
        let mut digest = self.running_digest();
        digest.add(&self.body);
        digest.finish()
    }

    /// Returns the digest of the same request with a body that arrives in pieces.
    pub fn running_digest(&self) -> RunningDigest {
        let mut hash = Sha256::new();
        hash.update(self.canonical_head(0));
        RunningDigest(hash)
    }

    /// Returns the canonical form up to the body, with room for so many bytes after it.
    fn canonical_head(&self, room: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(256 + room);
        let target = self.target.to_string();
        for line in [CANONICAL_VERSION, self.method.as_str(), &target] {
            head.extend_from_slice(line.as_bytes());
            head.push(b'\n');
        }
        message::write_headers(&self.headers, &mut head);
        head.push(b'\n');
        head
    }
}

/// Returns the digest that identifies a repeated request under a used idempotency key. It covers the service,
/// because services with the same URL may have different credentials, and the payload: method, URL, body and
/// the headers that do not differ between retries. The intent may be in other words each time.
pub fn idempotency_digest(service: ServiceId, payload: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"gaiterguard.idempotency.v3\n");
    hash.update(service.0.to_be_bytes());
    hash.update(payload.0);
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digested_request::DigestedRequest;

    fn request() -> CanonicalRequest {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        CanonicalRequest {
            method: Method::POST,
            target: Target::parse("https://api.example.com/v1/charges?expand=x").unwrap(),
            headers,
            body: Bytes::from_static(b"{\"amount\":500}"),
        }
    }

    #[test]
    fn anyone_can_recompute_the_digest() {
        let form = "gaiterguard.request.v1\nPOST\nhttps://api.example.com/v1/charges?expand=x\n\
                    content-type:application/json\n\n{\"amount\":500}";
        assert_eq!(request().digest(), Digest(Sha256::digest(form).into()));
    }

    #[test]
    fn a_label_is_short_visible_and_without_keys() {
        let of = |text: &str| Label::of(text).map(|label| label.as_str().to_owned());
        assert_eq!(of(" nightly build "), Some("nightly build".to_owned()));
        assert_eq!(of("a\u{202e}b\u{0}\n"), Some("ab".to_owned()));
        assert_eq!(of(&"ü".repeat(101)), Some("ü".repeat(100)));
        assert_eq!(of(" \u{200b}"), None);
        let key = format!("agt_{}", "0a".repeat(32));
        assert_eq!(of(&key), Some("agt_•••".to_owned()));
    }

    #[test]
    fn a_body_in_pieces_has_the_digest_of_the_whole() {
        let whole = request();
        let mut running = whole.running_digest();
        for piece in whole.body.chunks(3) {
            running.add(piece);
        }
        assert_eq!(running.finish(), whole.digest());
    }

    #[test]
    fn the_handshake_of_a_web_socket_is_another_request() {
        let plain = request();
        let handshake = request().with_web_socket();
        assert!(!plain.is_web_socket());
        assert_ne!(handshake.digest(), plain.digest());
        let again = CanonicalRequest::from_canonical_form(&handshake.to_canonical_form()).unwrap();
        assert!(again.is_web_socket());
    }

    #[test]
    fn a_canonical_form_is_read_back_as_the_same_request() {
        let mut request = request();
        request.headers.append("x", HeaderValue::from_static("b"));
        request
            .headers
            .append("accept", HeaderValue::from_bytes(b"\xff:").unwrap());
        request.headers.append("x", HeaderValue::from_static(""));
        request.body = Bytes::from_static(b"\n\n\x00");
        let again = CanonicalRequest::from_canonical_form(&request.to_canonical_form()).unwrap();
        assert_eq!(again, request);
        assert_eq!(again.digest(), request.digest());
        request.headers.clear();
        let again = CanonicalRequest::from_canonical_form(&request.to_canonical_form()).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn every_part_of_a_request_counts_for_its_digest() {
        let digest = request().digest();
        let mut other = request();
        other.method = Method::PUT;
        assert_ne!(other.digest(), digest);
        let mut other = request();
        other.headers.append("x", HeaderValue::from_static("1"));
        assert_ne!(other.digest(), digest);
        let mut other = request();
        other.body = Bytes::from_static(b"{\"amount\":501}");
        assert_ne!(other.digest(), digest);
        let identity = idempotency_digest(ServiceId(1), &digest);
        assert_ne!(idempotency_digest(ServiceId(2), &digest), identity);
    }

    #[test]
    fn a_retry_has_the_payload_of_the_first_attempt() {
        let first = DigestedRequest::new(request());
        assert_eq!(first.payload(), first.digest());
        let with = |name: &'static str, value: &'static str| {
            let mut request = request();
            request
                .headers
                .append(name, HeaderValue::from_static(value));
            DigestedRequest::new(request)
        };
        for name in [
            "traceparent",
            "user-agent",
            "x-stainless-retry-count",
            "x-b3-traceid",
        ] {
            let retry = with(name, "1");
            assert_eq!(retry.payload(), first.payload(), "{name}");
            assert_ne!(retry.digest(), first.digest(), "{name}");
        }
        assert_ne!(with("x-version", "2").payload(), first.payload());
    }

    #[test]
    fn an_intent_is_counted_in_characters() {
        assert!(Intent::parse(&"\u{fc}".repeat(INTENT_CHARS_MAX)).is_ok());
        assert!(Intent::parse(&"a".repeat(INTENT_CHARS_MAX + 1)).is_err());
        assert!(Intent::parse(" \n").is_err());
        assert!(Intent::parse("a\0").is_err());
    }

    #[test]
    fn methods_of_other_protocols_are_forwarded_as_unsafe_ones() {
        let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
        for name in [
            "PROPFIND",
            "REPORT",
            "LIST",
            "VERSION-CONTROL",
            "M-SEARCH",
            "QUERY",
        ] {
            assert!(is_forwardable(&method(name)), "{name}");
            assert!(!is_safe(&method(name)), "{name}");
        }
        let long = "X".repeat(33);
        for name in [
            "CONNECT",
            "TRACE",
            "get",
            "Delete",
            "PROP!FIND",
            long.as_str(),
        ] {
            assert!(!is_forwardable(&method(name)), "{name}");
        }
        assert!(METHODS.iter().all(is_forwardable));
    }
}
