//! What is secret: the only room with key material. It seals, opens and rotates, and it does
//! nothing else: no IO, no SQL, no clock, no passwords.
//!
//! # From the master key to a sealed value
//!
//! ```text
//! secret and salt (settings) ──HKDF-SHA256──▶ MasterKey   one per secret, named by its MasterKeyId
//! MasterKey ──wraps──▶ DataKey                            random, stored as a WrappedKey
//! DataKey ──seals──▶ value                                a credential, a held request, an answer
//! ```
//!
//! The [`MasterKey`] is derived from the operator's secret and is never stored. Its [`MasterKeyId`]
//! is a public fingerprint, derived with an info string of its own, so it tells which secret
//! is needed and nothing about it. HKDF does not slow a guesser down: the secret has to be a long
//! random string, not a password.
//!
//! A [`DataKey`] is 256 random bits. The store keeps it as a [`WrappedKey`], that is sealed under a
//! master key, beside the id of that master key. Sealed values never meet the master key, so a new
//! master key means wrapping a few dozen bytes per data key again and leaves the values alone.
//!
//! Everything sealed has one form, `version (1 byte) || nonce (12) || ciphertext || tag (16)`, and is
//! sealed for a purpose, its [`AssociatedData`]: workspace, kind, subject and version. A value that
//! is copied to another row, workspace or version does not open there. AES-GCM finds every
//! change of a sealed value; it cannot find that a whole row was put back to what it was before, or
//! was removed.
//!
//! # Nonces, and their limit
//!
//! Each sealing draws a fresh 96-bit nonce from the system's random source. Random nonces need no
//! memory, so replicas and restarts cannot repeat one by mistake, but under one key the chance
//! of a repetition grows with the square of their number: it stays below 2⁻³² up to 2³² sealings.
//! A data key per version of a secret seals a handful of values and never comes near that; a key
//! that seals traffic (held requests, answers) must be replaced by its owner well before. A master
//! key only wraps data keys and links.
//!
//! # Rotation
//!
//! The store keeps a row per master key, one of them current. To rotate:
//!
//! 1. [`MasterKey::link`] seals the next master key under the present one, and the next becomes the
//!    current one with that link stored, in one transaction. New data keys are wrapped under it
//!    from then on; the store refuses a new one that names a master key no longer current.
//! 2. [`MasterKey::rewrap`] moves every data key over, in any order and any number of times. A
//!    wrapped key names its master, so a rotation that was killed goes on where it stopped.
//! 3. A live gateway that knows the old secret alone meets [`OpenError::OtherMaster`] or a current
//!    id that its [`Keyring`] does not know, takes the link from the store and calls
//!    [`Keyring::follow`]. It needs no restart and knows both keys from then on.
//! 4. Restart with the new secret when it suits. Once no wrapped key names the old master and no
//!    gateway runs on the old secret, the link is of no further use and its row can go; until
//!    then, whoever has the old secret and the link has the new master key. After a leak of the
//!    old secret, delete the link and replace the credentials themselves.
//!
//! # What is kept in memory
//!
//! [`Keyring`] keeps the master keys this process knows and a bounded number of unwrapped data
//! keys. The values themselves are opened for each use and wiped when dropped, and key material
//! prints as `<sealed>`.

pub mod agent_key;
mod associated_data;
mod cipher;
mod data_key;
mod error;
mod keyring;
mod master_key;
mod master_key_id;
mod random;
pub mod token;
mod wrapped_key;

pub use associated_data::AssociatedData;
pub use cipher::{PLAINTEXT_BYTES_MAX, SEALED_OVERHEAD_BYTES};
pub use data_key::DataKey;
pub use error::{NoRandomness, OpenError, RewrapError, SealError};
pub use keyring::{DATA_KEYS_CACHED_MAX, Keyring};
pub use master_key::MasterKey;
pub use master_key_id::{MasterKeyId, ParseMasterKeyIdError};
pub use wrapped_key::WrappedKey;
