//! The commands, one file each. Every one has a `run` that answers the exit code.

pub(crate) mod serve;
