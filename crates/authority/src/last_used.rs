//! The times at which agent keys were last used, until they are written to the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gaiterguard_domain::id::AgentId;
use gaiterguard_domain::time::Timestamp;

/// The last use of each agent key, for keys whose last use is not written yet.
#[derive(Debug, Default)]
pub struct LastUsed(Mutex<HashMap<AgentId, Timestamp>>);

impl LastUsed {
    /// Records that an agent's key was used.
    pub fn note(&self, agent: AgentId, at: Timestamp) {
        let mut times = self.times();
        let last = times.entry(agent).or_insert(at);
        *last = at.max(*last);
    }

    /// Takes the times that are not written yet. The caller writes them, or records them again if
    /// the write fails.
    pub fn take(&self) -> Vec<(AgentId, Timestamp)> {
        self.times().drain().collect()
    }

    fn times(&self) -> MutexGuard<'_, HashMap<AgentId, Timestamp>> {
        // Every change under this lock is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
