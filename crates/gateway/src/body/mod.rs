//! The body of an agent's request: read up to its limit, searched for agent keys, and kept off the threads
//! that serve requests if it is large.

pub mod arriving;
pub mod big_body;
pub(crate) mod key_guard;
