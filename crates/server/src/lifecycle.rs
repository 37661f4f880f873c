//! From the start to the end of the process: who runs, and how it all stops.
//!
//! Stopping has two steps. Draining: no new connections, no new background work, what runs may end.
//! Cutting: what still runs after [`DRAIN_MAX`], or at the second signal, is dropped.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long running requests may take to end once the gateway is told to stop. Below the ninety
/// seconds that service managers commonly wait before they kill.
pub(crate) const DRAIN_MAX: Duration = Duration::from_secs(30);

/// How long dropped tasks get to be gone before the process ends without them.
const CUT_MAX: Duration = Duration::from_secs(2);

/// A handle on the process's running and stopping; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Runs a task that stopping waits for. It has to end soon after [`Self::draining`], and is
    /// dropped in the end if it has not.
    pub(crate) fn spawn<F>(&self, task: F)
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

    /// Completes when the gateway begins to stop: long waits, event streams and background work
    /// end themselves then.
    pub(crate) async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Begins to stop.
    pub(crate) fn drain(&self) {
        self.soft.cancel();
    }

    /// Waits until every task has ended, at most for `limit` or until `urged`, then cuts the rest.
    /// Answers whether all of them ended by themselves.
    pub(crate) async fn finish(&self, limit: Duration, urged: impl Future<Output = ()>) -> bool {
        self.tasks.close();
        let ended = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(limit) => false,
            () = urged => false,
        };
        self.hard.cancel();
        if !ended {
            // A task that holds its thread cannot be dropped, and the process ends without it.
            let _ = tokio::time::timeout(CUT_MAX, self.tasks.wait()).await;
        }
        ended
    }
}

/// SIGTERM and SIGINT.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes the signals over from the system, whose own answer to them is to end the process.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Completes at the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
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
    async fn what_does_not_end_is_cut_at_the_limit_or_when_urged() {
        for (limit, is_urged) in [(Duration::from_millis(10), false), (DRAIN_MAX, true)] {
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
