//! The key under which connections are kept for later requests.

/// Identifies which requests may share a connection, in addition to the same origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    pub service_id: i64,
    /// Changes with every change to the service, so that a changed service never uses an old connection.
    pub target_version: i64,
}
