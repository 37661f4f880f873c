//! An agent's request as it arrives: the key and the wishes in its head, and its body, which is read up to its limit,
//! searched for agent keys, and kept off the threads that serve requests if it is large.
//!
//! This crate must never decide about a request, or know where it goes.

mod arriving;
mod big_body;
mod call_headers;
mod carried_key;
mod key_guard;

pub use arriving::{ArrivingBody, BodyBroken};
pub use big_body::{BigBodies, INLINE_BYTES_MAX, WorkFailed, is_big};
pub use call_headers::{preferred_wait, words_in_header};
pub use carried_key::{AGENT_KEY, CarriedKey, KeyPlace, carried_keys, take_keys};
pub use key_guard::{KeyFound, UploadGuard, holds_agent_key};
