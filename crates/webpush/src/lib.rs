//! The sender's side of Web Push: messages that only one browser can read (RFC 8291), and the signature by which
//! push services recognize their sender (RFC 8292). aws-lc-rs has the cryptography.
//!
//! This crate must never hold subscriptions, or IO.

mod message;
mod subscriber;
mod vapid;

pub use message::{PLAINTEXT_BYTES_MAX, encrypt};
pub use subscriber::Subscriber;
pub use vapid::VapidKey;

/// Why a message cannot be encrypted, or a sender's key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebPushError {
    /// The key of the browser is not a point of the curve P-256.
    #[error("the key of the browser is not a point of the curve P-256")]
    BrowserKey,
    /// The message is longer than push services must accept.
    #[error("the message is longer than {PLAINTEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The stored key of the sender is damaged.
    #[error("the key of the sender cannot be read")]
    SenderKey,
    /// The system returns no random bytes, or the cryptographic library refuses a key that it made.
    #[error("the cryptographic library failed")]
    Library,
}
