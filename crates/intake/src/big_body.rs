//! Runs work on big bodies on separate threads.
//!
//! The time to search a body for keys and to parse it for the rules grows with its length. A worker
//! thread that does it serves no other call until it is done.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use gaiterguard_upstream::compressed::{self, Coding};
use http::HeaderMap;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The longest body that is processed on the worker thread, in bytes. The slowest encoding takes some
/// tens of nanoseconds per byte, so this is a few milliseconds at most; passing work to another thread
/// costs some microseconds, which the many small requests should not pay.
pub const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Returns whether work on a body may take long: the body is long, or what it decodes to may be.
pub fn is_big(headers: &HeaderMap, body: &[u8]) -> bool {
    body.len() > INLINE_BYTES_MAX
        || Coding::of(body).is_some()
        || (!body.is_empty() && compressed::is_claimed(headers))
}

/// Why work on a body was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkFailed {
    /// The process is stopping.
    #[error("the gateway is stopping")]
    Stopping,
    /// The work ended in a panic.
    #[error("work on a request body failed")]
    Panicked,
}

/// A bounded number of threads for big bodies. Clones share them.
#[derive(Clone)]
pub struct BigBodies {
    turns: Arc<Semaphore>,
}

impl Default for BigBodies {
    /// Uses half of the processors; the others serve everything else.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            turns: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }
}

impl BigBodies {
    /// Runs the work on another thread once one is free, in the order of the calls. Work that has begun
    /// runs to its end, even if the caller goes away.
    ///
    /// # Errors
    ///
    /// If the work panicked, or the process ends.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkFailed> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| WorkFailed::Stopping)?;
        let working = spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        working.await.map_err(|error| {
            tracing::error!(%error, "work on a request body failed");
            WorkFailed::Panicked
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn no_more_than_the_limit_runs_at_the_same_time() {
        let bodies = BigBodies {
            turns: Arc::new(Semaphore::new(2)),
        };
        let running = Arc::new(AtomicUsize::new(0));
        let work = (0..16).map(|number| {
            let running = Arc::clone(&running);
            bodies.run(move || {
                let count = running.fetch_add(1, Ordering::SeqCst) + 1;
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                assert!(count <= 2, "{count} at the same time");
                number
            })
        });
        let done: Vec<usize> = join_all(work).await.into_iter().flatten().collect();
        assert_eq!(done, (0..16).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn work_that_panics_fails_and_frees_its_thread() {
        let bodies = BigBodies {
            turns: Arc::new(Semaphore::new(1)),
        };
        let panicked = bodies.run(|| panic!("a defect")).await;
        assert_eq!(panicked, Err(WorkFailed::Panicked));
        assert_eq!(bodies.run(|| 1).await.ok(), Some(1));
    }
}
