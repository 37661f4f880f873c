//! Start and shutdown of the process.
//!
//! Shutdown has two steps. Draining: no new connections are accepted, long waits end, and running
//! work may finish. Canceling: work that is still running after a limit, or when urged, is dropped.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long canceled tasks may take to be dropped before the process exits without them.
const CUT_MAX: Duration = Duration::from_secs(2);

/// Handle to the process's lifecycle. Clones share the state.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Creates the lifecycle of a process that serves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task that shutdown waits for. The task should end soon after [`Self::draining`];
    /// otherwise it is dropped in the end.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = hard.cancelled() => {}
            }
        });
    }

    /// Completes when shutdown begins. Long waits, event streams, and background work end at this
    /// point.
    pub async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Starts the shutdown.
    pub fn drain(&self) {
        self.soft.cancel();
    }

    /// Returns a lifecycle that drains with this one, and can also be drained without it.
    #[must_use]
    pub fn scoped(&self) -> Self {
        Self {
            soft: self.soft.child_token(),
            ..self.clone()
        }
    }

    /// Waits until every task has ended, at most for `limit` or until `urged`, and then cancels the
    /// rest. Returns whether all of them ended by themselves.
    pub async fn finish(&self, limit: Duration, urged: impl Future<Output = ()>) -> bool {
        self.tasks.close();
        let ended = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(limit) => false,
            () = urged => false,
        };
        self.hard.cancel();
        if !ended {
            // A task that blocks its thread cannot be dropped, so the process exits without it.
            let _ = tokio::time::timeout(CUT_MAX, self.tasks.wait()).await;
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn what_ends_in_time_ends_by_itself() {
        let lifecycle = Lifecycle::new();
        let task = lifecycle.clone();
        lifecycle.spawn(async move { task.draining().await });
        lifecycle.drain();
        assert!(lifecycle.finish(Duration::from_secs(5), pending()).await);
    }

    #[tokio::test]
    async fn a_scoped_lifecycle_drains_with_the_process_and_without_it() {
        let lifecycle = Lifecycle::new();
        let (one, other) = (lifecycle.scoped(), lifecycle.scoped());
        one.drain();
        one.draining().await;
        assert!(!other.soft.is_cancelled() && !lifecycle.soft.is_cancelled());
        lifecycle.drain();
        other.draining().await;
    }

    #[tokio::test]
    async fn what_does_not_end_is_cut_at_the_limit_or_when_urged() {
        for (limit, is_urged) in [
            (Duration::from_millis(10), false),
            (Duration::from_secs(30), true),
        ] {
            let lifecycle = Lifecycle::new();
            lifecycle.spawn(pending());
            lifecycle.drain();
            let urged = async {
                if !is_urged {
                    pending::<()>().await;
                }
            };
            assert!(!lifecycle.finish(limit, urged).await);
            assert!(lifecycle.tasks.is_empty());
        }
    }
}
