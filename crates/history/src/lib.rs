//! Records which values an agent was shown by a service, and finds where those of a request come from.
//!
//! A value in a request is explained by its intent, or by what the agent read earlier. The history
//! returns where a value was seen. It records only what the service itself returned or a human approved,
//! so an agent cannot plant evidence. A value that the agent sent before the service ever returned it
//! is not evidence either when the service repeats it.
//!
//! This crate must never hold IO, a clock, storage, a key that outlives its caller, or a score.

mod created;
mod elsewhere;
mod exchange;
mod extract;
mod form;
mod hash;
mod name;
mod origin;
mod packed;
mod piece;
mod place;
mod seal;
mod secret;
mod seen;
mod sent;

use std::fmt::Debug;

pub use elsewhere::{Elsewhere, Evidence};
pub use exchange::{BODY_BYTES_MAX, Exchange};
pub use hash::HashKey;
pub use origin::{Origin, origins};
pub use place::Noted;
pub use seal::{Seal, Unsealed};
pub use seen::{Limits, Seen, SeenAt};
pub use sent::hashes_of_request;

/// The earlier exchanges between one agent and one service.
pub trait History: Debug {
    /// Returns where a value was seen. The value is as the request has it: case, spaces around it, and
    /// the spelling of a number do not count, and of a reference such as `users/U123` or a URL the last
    /// segment is tried as well.
    ///
    /// A thing that the agent created under a name of its own choosing is found by the path of the
    /// request that names it, as in `/repos/a/b/labels/bug`, and not by the name alone: the agent could
    /// have chosen the name of something else.
    fn sighting(&self, value: &str) -> Option<Sighting>;

    /// Returns how a value was seen, without opening what was seen around it.
    fn kind(&self, value: &str) -> Option<SightingKind>;

    /// Whether there are no earlier exchanges, so that an unknown value is not suspicious.
    fn is_empty(&self) -> bool;
}

/// Where a value was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How the value was seen.
    pub kind: SightingKind,
    /// The call in whose response, or with which, it was seen, as in `GET /conversations.list`.
    pub call: String,
    /// The small piece of the object around it, as `name: value` pairs: at most 300 characters.
    pub piece: String,
    /// The same pieces of the siblings of that object, in order: at most 20.
    pub siblings: Vec<String>,
    /// How long ago, in seconds.
    pub age: u64,
}

/// How a value was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SightingKind {
    /// In a response.
    Shown,
    /// In the response to the request by which the agent created the object that the value identifies.
    Created,
    /// In a request that a human approved and that was executed.
    Approved,
}

impl Sighting {
    /// Returns where the value was seen as the end of a sentence: `in the response to GET /users`.
    pub fn source(&self) -> String {
        let call = &self.call;
        match self.kind {
            SightingKind::Shown => format!("in the response to {call}"),
            SightingKind::Created => format!("came back from the agent's own request: {call}"),
            SightingKind::Approved => format!("in a request that a human approved: {call}"),
        }
    }
}
