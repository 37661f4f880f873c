//! File descriptors: every connection takes one, and a gateway that has none left can reach neither
//! its upstreams nor its database.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::limits::CONNECTIONS_MAX;

/// Descriptors for everything that is neither a client's connection nor its upstream's.
const OTHERS: u64 = 128;
/// What is left to clients however low the limit.
const CONNECTIONS_MIN: usize = 16;

/// Raises this process's limit as far as it may, and answers how many connections fit into it: each
/// may need another to an upstream.
pub(super) fn connections_max() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // A limit that cannot be raised is lived with.
    let _ = setrlimit(Resource::Nofile, limit);
    let connections = fitting(getrlimit(Resource::Nofile).current);
    if connections < CONNECTIONS_MAX {
        tracing::warn!("the limit on open files leaves room for {connections} connections at once");
    }
    connections
}

/// How many connections fit into a limit; none means no limit.
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
