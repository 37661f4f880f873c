//! AWS Signature Version 4: removing a client's own signature, and signing with the key of the vault.

mod key;
mod sign;
mod signable;
mod unsigned;

pub use key::AwsKey;
pub use sign::needs_body;
pub(crate) use sign::sign;
pub use signable::Signable;
pub use unsigned::{NotSignable, Unsigned};
