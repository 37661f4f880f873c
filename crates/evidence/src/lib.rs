//! Evidence that others can check without the gateway: signed checkpoints of the audit log, and proofs that a request
//! was recorded as it is shown.
//!
//! The audit log shows changes within a chain, but a chain whose end is cut off is still intact. A checkpoint names the
//! heads of all chains and is signed, so the log must contain them as long as anyone keeps the checkpoint. A proof
//! leads from the row of a request over its audit entry and the digests of later entries to a checkpoint.
//!
//! `docs/src/operations/proofs.md` describes both formats for other implementations.
//!
//! This crate must never hold SQL, or a decision about a request.

mod check;
mod checkpoints;
mod document;
mod key;
mod prove;
mod verify;

pub use check::{ActionEvent, EndOfRequest, ProofRefused, Proven, check};
pub use checkpoints::Checkpoints;
pub use document::{CheckpointDocument, NotADocument, ProofDocument};
pub use key::{KeyError, NotAKey, PublicKey};
pub use prove::ProveError;
pub use verify::{VerifyError, verify};
