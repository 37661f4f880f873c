//! The queue in front of the ledger writer's tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_database::error::StoreError;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

use crate::command::Command;
use crate::delivery::{UndoQueue, queue_end};
use crate::task::WriterTask;
use crate::writer::pool::WriterPool;

/// How many commands may wait: sixteen full batches, so that memory stays bounded while the
/// database is slow.
const QUEUE_MAX: usize = 4096;

/// How long a command may wait for a place in the queue. A queue that stays full this long means
/// that the database is not keeping up, and an error is better than a longer wait.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the writers may take to finish when the store is closed. Covers one batch and one commit
/// at their limits.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// How often [`Ledger::flush`] checks whether the queue is empty.
const FLUSH_POLL: Duration = Duration::from_millis(5);

/// The queue to the tasks that write.
pub struct Ledger {
    queue: mpsc::Sender<Command>,
    waiting: Arc<AtomicUsize>,
}

impl Ledger {
    /// Starts a task for each write connection.
    pub fn start(pool: &Arc<WriterPool>) -> (Self, Vec<AbortHandle>) {
        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let commands = Arc::new(Mutex::new(commands));
        let waiting = Arc::new(AtomicUsize::new(0));
        let undo = UndoQueue::new(queue.downgrade(), Arc::clone(&waiting));
        let tasks = pool
            .connections()
            .iter()
            .map(|_| {
                let task = WriterTask::new(
                    Arc::clone(pool),
                    Arc::clone(&commands),
                    Arc::clone(&waiting),
                    undo.clone(),
                );
                tokio::spawn(task.run()).abort_handle()
            })
            .collect();
        (Self { queue, waiting }, tasks)
    }

    /// Queues a command, or fails if the queue stays full.
    pub async fn send(&self, command: Command) -> Result<(), StoreError> {
        let place = tokio::time::timeout(QUEUE_TIMEOUT, self.queue.reserve()).await;
        let Ok(Ok(place)) = place else {
            return Err(StoreError::timed_out(
                "waiting for the ledger writer's queue",
            ));
        };
        // Counted only now, because a caller may give up while it waits for a place.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        place.send(command);
        Ok(())
    }

    /// Queues the end of something that has begun.
    pub fn send_end(&self, command: Command) {
        queue_end(&self.queue, &self.waiting, command);
    }

    /// Waits until every queued command is written.
    pub async fn flush(&self) {
        let flushing = async {
            while self.waiting.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(FLUSH_POLL).await;
            }
        };
        if tokio::time::timeout(FLUSH_TIMEOUT, flushing).await.is_err() {
            tracing::warn!("the ledger writer did not finish; the next start recovers the rest");
        }
    }
}
