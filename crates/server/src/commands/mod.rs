//! The commands that need the engine or the routes, one file each. Each has a function `run` that
//! returns the exit code.

pub(crate) mod openapi;
pub(crate) mod serve;
