//! Reads a request, or the body of a response, into values.
//!
//! [`Opened`] is the assessor's view: everything that any server may find in a request, however it
//! is encoded or nested. [`Reading`] is the view of the rules: the one meaning that every server
//! agrees on, or none. Both consist of [`Node`]s in an [`Arena`].
//!
//! This crate must never hold an opinion about what it reads: no score, no rule, no history. It has
//! no IO and no clock.

mod arena;
pub mod node;
pub mod opened;
pub mod reading;

pub use arena::Arena;
pub use node::Node;
pub use opened::{Opened, Request};
pub use reading::Reading;
