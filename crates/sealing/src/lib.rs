//! The vault over the store: seals values under data keys that the store keeps wrapped.
//!
//! Every version of a credential has its own data key. All other sealed values of a workspace (held
//! requests, stored responses, documents) share one payload key, which is replaced at every start and
//! every day, long before it has sealed too many values. If another process rotates the master key,
//! this one follows the link to the new key when it first needs it, and fails closed if it cannot.
//!
//! This crate must never hold SQL, a cipher of its own, or an opened value for longer than a call.

mod error;
mod link;
mod master;
mod purpose;
mod rotate;
mod sealing;
mod start;

pub use error::SealingError;
pub use link::{OldSecret, finish};
pub use purpose::Purpose;
pub use rotate::{RotateError, Rotation, is_sealed_under, rotate};
pub use sealing::{PayloadKey, Sealing, SealingKey};
pub use start::StartError;
