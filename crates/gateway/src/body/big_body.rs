//! Work on big bodies, away from the threads that serve everybody.
//!
//! Searching a body for keys and reading it for the rules takes time in proportion to its length. A
//! worker thread that does it serves no other call meanwhile.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use gaiterguard_upstream::compressed::{self, Coding};
use http::HeaderMap;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::refusal::Refusal;

/// The longest body that is worked on where it is, in bytes. The slowest spelling takes some tens of
/// nanoseconds per byte, so this is a few milliseconds at the most; handing work to another thread
/// costs some microseconds, which the many small requests should not pay.
pub const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Whether work on a body may take long: it is long, or decodes to something that may be.
pub(crate) fn is_big(headers: &HeaderMap, body: &[u8]) -> bool {
    body.len() > INLINE_BYTES_MAX
        || Coding::of(body).is_some()
        || (!body.is_empty() && compressed::is_claimed(headers))
}

/// A bounded number of threads for big bodies. Clones share them.
#[derive(Clone)]
pub(crate) struct BigBodies {
    turns: Arc<Semaphore>,
}

impl Default for BigBodies {
    /// Half of the processors: the rest serves everything else.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            turns: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }
}

impl BigBodies {
    /// Does the work on another thread once there is a turn. The turns are taken in the order of the
    /// calls. Work that has begun keeps its turn to its end, even if the caller goes away.
    ///
    /// # Errors
    ///
    /// If the work broke off, because of a defect or the end of the process.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| Refusal::AuthorityUnconfirmed)?;
        let working = spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        working.await.map_err(|error| {
            tracing::error!(%error, "work on a request body broke off");
            Refusal::StorageUnavailable
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn no_more_than_the_turns_run_at_once() {
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
                assert!(count <= 2, "{count} at once");
                number
            })
        });
        let done: Vec<usize> = join_all(work).await.into_iter().flatten().collect();
        assert_eq!(done, (0..16).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn work_that_breaks_off_is_refused_and_gives_its_turn_back() {
        let bodies = BigBodies {
            turns: Arc::new(Semaphore::new(1)),
        };
        assert!(bodies.run(|| panic!("a defect")).await.is_err());
        assert_eq!(bodies.run(|| 1).await.ok(), Some(1));
    }
}
