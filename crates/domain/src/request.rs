//! What an agent wants to send, and the exact request that comes of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::id::ServiceId;
use crate::message;
use crate::redact;
use crate::target::Target;

/// The longest intent, in characters.
pub const INTENT_CHARS_MAX: usize = 2000;

/// The longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The longest that a call may wait for a human.
pub const WAIT_MAX: Duration = Duration::from_mins(5);

/// The methods that may be proxied.
pub const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Whether a method is safe: it asks for nothing to change (RFC 9110, section 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the agent must send an idempotency key with this method.
pub fn needs_idempotency_key(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PATCH)
}

/// Why the agent wants to send a request, in its own words. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent(String);

/// An intent that is empty, too long or holds a NUL, which no database text can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 1 to {INTENT_CHARS_MAX} characters that say why the request is sent, without NUL")]
pub struct IntentRefused;

impl Intent {
    /// Reads an intent; it must say something.
    pub fn parse(text: &str) -> Result<Self, IntentRefused> {
        let length = text.chars().count();
        if text.trim().is_empty() || length > INTENT_CHARS_MAX || text.contains('\0') {
            return Err(IntentRefused);
        }
        Ok(Self(text.to_owned()))
    }

    /// The intent of a request that came without one, where the service does not require it.
    pub fn absent() -> Self {
        Self(String::new())
    }

    /// Whether the request came without one.
    pub fn is_absent(&self) -> bool {
        self.0.is_empty()
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key under which a request is done at most once for its agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// An idempotency key of a wrong form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters without an agent key")]
pub struct IdempotencyKeyRefused;

impl IdempotencyKey {
    /// Reads a key. One with an agent key in it would be stored as it is, so it is refused.
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

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an agent names the place it wants to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The service, by id or by name, where the agent names one.
    pub service: Option<ServiceName>,
    /// What stands behind the service's base URL.
    pub path: Option<String>,
    /// The whole address.
    pub target_url: Option<String>,
}

/// How a service is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceName {
    /// By its id.
    Id(ServiceId),
    /// By its name in the workspace.
    Name(String),
}

/// What an agent wants to send and why, as a door hands it to the engine. Every field is in
/// bounds; nothing has been decided.
#[derive(Clone, Debug)]
pub struct ProxyRequest {
    /// Where to.
    pub destination: Destination,
    /// The method.
    pub method: Method,
    /// The headers as the agent sent them.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// Whether it is the handshake of a WebSocket, which the door can carry.
    pub web_socket: bool,
    /// Why.
    pub intent: Intent,
    /// The key under which it is done at most once.
    pub idempotency_key: Option<IdempotencyKey>,
    /// How long the call may stay open for a human, if the request is held; as long as the agent is
    /// set to if it does not say.
    pub wait: Option<Duration>,
}

/// The exact request that would be sent, less the credential: what is judged, shown, digested
/// and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest {
    /// The method.
    pub method: Method,
    /// The address.
    pub target: Target,
    /// The agent's headers that are passed on, in the order in which they are sent.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The headers that ask to go on as a WebSocket. Nothing that an agent sends under these names is passed on.
const WEB_SOCKET_HEADERS: [(HeaderName, &str); 2] = [
    (http::header::CONNECTION, "Upgrade"),
    (http::header::UPGRADE, "websocket"),
];

/// The first line of the canonical form.
const CANONICAL_VERSION: &str = "gaiterguard.request.v1";

/// A SHA-256 sum.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of lower-case or upper-case hexadecimal text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The digest of a request whose body is still to be added.
#[derive(Clone)]
pub struct RunningDigest(Sha256);

impl RunningDigest {
    /// Adds the next piece of the body.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest, with the body as it was added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl CanonicalRequest {
    /// Makes it the handshake of a WebSocket (RFC 6455, section 4.1), which its headers say, so that it is
    /// another request than a plain one to whoever looks at it.
    #[must_use]
    pub fn with_web_socket(mut self) -> Self {
        self.headers
            .extend(WEB_SOCKET_HEADERS.map(|(name, word)| (name, HeaderValue::from_static(word))));
        self
    }

    /// Whether it is the handshake of a WebSocket.
    pub fn is_web_socket(&self) -> bool {
        WEB_SOCKET_HEADERS
            .iter()
            .all(|(name, word)| self.headers.get(name).is_some_and(|value| value == word))
    }

    /// The canonical form, in which a held request is digested and kept:
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
    /// No part but the body can hold a line feed, so two requests never share a form.
    pub fn to_canonical_form(&self) -> Vec<u8> {
        let mut form = self.canonical_head();
        form.extend_from_slice(&self.body);
        form
    }

    /// Reads a canonical form back.
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

    /// SHA-256 over the canonical form. Anyone who has the request can recompute it.
    pub fn digest(&self) -> Digest {
        let mut digest = self.running_digest();
        digest.add(&self.body);
        digest.finish()
    }

    /// The digest of the same request with a body that comes in pieces.
    pub fn running_digest(&self) -> RunningDigest {
        let mut hash = Sha256::new();
        hash.update(self.canonical_head());
        RunningDigest(hash)
    }

    fn canonical_head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(256 + self.body.len());
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

/// The sum that tells whether a request with a used idempotency key is the same again: method,
/// URL, forwarded headers, body and intent count.
pub fn idempotency_digest(request: &Digest, intent: &Intent) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"gaiterguard.idempotency.v1\n");
    hash.update(request.0);
    hash.update(intent.as_str());
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let intent = Intent::parse("pay").unwrap();
        assert_ne!(
            idempotency_digest(&digest, &intent),
            idempotency_digest(&digest, &Intent::absent())
        );
    }

    #[test]
    fn an_intent_is_counted_in_characters() {
        assert!(Intent::parse(&"\u{fc}".repeat(INTENT_CHARS_MAX)).is_ok());
        assert!(Intent::parse(&"a".repeat(INTENT_CHARS_MAX + 1)).is_err());
        assert!(Intent::parse(" \n").is_err());
        assert!(Intent::parse("a\0").is_err());
    }
}
