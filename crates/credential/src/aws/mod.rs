//! AWS Signature Version 4: removing a client's own signature, and signing with the key of the vault.

mod key;
mod sign;
mod unsigned;

pub use key::AwsKey;
pub use sign::needs_body;
pub use unsigned::{NotSignable, Unsigned};

pub(crate) use sign::sign;
