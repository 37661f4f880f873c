//! Key material: seals, opens and rotates, without IO, SQL, a clock or passwords. No other crate sees
//! the bytes of a key that seals.
//!
//! # From the master key to a sealed value
//!
//! ```text
//! secret and salt (settings) ──HKDF-SHA256──▶ MasterKey   one per secret, named by its MasterKeyId
//! MasterKey ──wraps──▶ DataKey                            random, stored as a WrappedKey
//! DataKey ──seals──▶ value                                a credential, a held request, a response
//! ```
//!
//! The [`MasterKey`] is derived from the operator's secret and never stored. Its [`MasterKeyId`] is a
//! public fingerprint with its own HKDF info string, so it identifies the secret without revealing
//! anything about it. HKDF does not slow down guessing, so the secret must be a long random string, not
//! a password.
//!
//! A [`DataKey`] is 256 random bits. The store keeps it as a [`WrappedKey`]: sealed under a master key,
//! with that key's id. A master key never seals values directly. Changing it therefore means wrapping a
//! few dozen bytes per data key again, and leaves the values alone.
//!
//! Every sealed value has the form `version (1 byte) || nonce (12) || ciphertext || tag (16)` and is
//! bound to a purpose, its [`AssociatedData`]: workspace, kind, subject and version. A value that is
//! copied to another row, workspace or version does not open. AES-GCM detects every change of a sealed
//! value. It cannot detect that a whole row was restored to an earlier value or was removed.
//!
//! # Nonce limits
//!
//! Each seal draws a fresh 96-bit nonce from the system's random source. Random nonces need no state,
//! so replicas and restarts cannot reuse one by mistake. The probability of a collision under one key
//! grows with the square of the number of seals: it stays below 2⁻³² for up to 2³² seals. A data key
//! per version of a secret seals a handful of values and stays far below that. The owner of a key that
//! seals traffic (held requests, responses) must replace it well before. A master key wraps only data
//! keys and links.
//!
//! # Rotation
//!
//! The store keeps one row per master key; one of them is current. To rotate:
//!
//! 1. [`MasterKey::link`] seals the next master key under the current one. One transaction stores the
//!    link and makes the next key current. From then on new data keys are wrapped under it, and the
//!    store rejects a new data key that names another master key.
//! 2. [`MasterKey::rewrap`] moves every data key to the new master key, in any order and any number of
//!    times. A wrapped key names its master key, so an interrupted rotation can be resumed.
//! 3. A running gateway that knows only the old secret gets [`OpenError::OtherMaster`], or reads a
//!    current id that its [`Keyring`] does not know. It reads the link from the store and calls
//!    [`Keyring::follow`]. It then knows both keys, without a restart.
//! 4. Restart with the new secret at any time. The link can be deleted once no wrapped key names the
//!    old master key and no gateway runs with the old secret. Until then, anyone with the old secret
//!    and the link has the new master key. If the old secret leaked, delete the link and replace the
//!    credentials themselves.
//!
//! # Secrets in memory
//!
//! [`Keyring`] keeps the master keys of this process and a bounded number of unwrapped data keys. Values
//! are opened for each use and wiped when dropped. Key material prints as `<sealed>`.

pub mod agent_key;
mod associated_data;
mod cipher;
mod data_key;
mod error;
mod keyring;
mod limit;
mod master_key;
mod master_key_id;
mod random;
pub mod signing_key;
pub mod token;
pub mod totp;
pub mod webhook_key;
mod wrapped_key;

pub use associated_data::AssociatedData;
pub use cipher::SEALED_OVERHEAD_BYTES;
pub use data_key::DataKey;
pub use error::{OpenError, RewrapError, SealError};
pub use keyring::{DATA_KEYS_CACHED_MAX, Keyring};
pub use limit::PLAINTEXT_BYTES_MAX;
pub use master_key::MasterKey;
pub use master_key_id::{MasterKeyId, ParseMasterKeyIdError};
pub use random::NoRandomness;
pub use wrapped_key::WrappedKey;
