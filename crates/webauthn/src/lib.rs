//! The checks of passkeys (Web Authentication, level 3): the response of an authenticator is for this site and
//! for this challenge, a person was verified, and the credential's key made the signature.
//!
//! No attestation is requested, so the model of the authenticator is unknown. The keys may be for ES256,
//! `EdDSA` (Ed25519) or RS256; aws-lc-rs verifies the signatures.
//!
//! This crate must never hold challenges, accounts, or IO.

mod assertion;
mod authenticator_data;
mod cbor;
mod client_data;
mod error;
mod public_key;
mod registration;
mod relying_party;

pub use assertion::{Assertion, SignCount, verify_assertion};
pub use client_data::challenge_of;
pub use error::WebauthnError;
pub use public_key::ALGORITHMS;
pub use registration::{NewCredential, Registration, verify_registration};
pub use relying_party::RelyingParty;
