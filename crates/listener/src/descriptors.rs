//! Limits connections by the number of file descriptors. A process without free descriptors can
//! reach neither upstreams nor a database.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::limits::CONNECTIONS_MAX;

/// Descriptors reserved for everything except connections of clients and their upstreams: the database, listeners,
/// files and connections of the gateway's own.
const OTHERS: u64 = 128;
/// Minimum number of connections, however low the limit is. With fewer, one browser could use them all.
const CONNECTIONS_MIN: usize = 16;

/// Raises the process's limit as far as permitted, and returns how many connections fit into it:
/// each may need a second descriptor for its upstream.
pub(crate) fn connections_max() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If the limit cannot be raised, the current one applies.
    let _ = setrlimit(Resource::Nofile, limit);
    let connections = fitting(getrlimit(Resource::Nofile).current);
    if connections < CONNECTIONS_MAX {
        tracing::warn!(
            "the limit on open files allows only {connections} simultaneous connections"
        );
    }
    connections
}

/// Returns how many connections fit into a limit; `None` means unlimited.
fn fitting(descriptors: Option<u64>) -> usize {
    let Some(descriptors) = descriptors else {
        return CONNECTIONS_MAX;
    };
    let connections = descriptors.saturating_sub(OTHERS) / 2;
    usize::try_from(connections)
        .unwrap_or(usize::MAX)
        .clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_descriptors_are_for_upstreams() {
        assert_eq!(fitting(None), CONNECTIONS_MAX);
        assert_eq!(fitting(Some(1 << 20)), CONNECTIONS_MAX);
        assert_eq!(fitting(Some(1024)), 448);
        assert_eq!(fitting(Some(0)), CONNECTIONS_MIN);
    }
}
