//! The module that makes older versions of Node.js use the proxy.

/// Text of the module. It does nothing in versions that read the variables themselves.
pub(crate) const PRELOAD: &str = include_str!("../assets/preload.cjs");
