//! A result that undoes what it reports unless its caller receives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gaiterguard_database::error::StoreError;
use tokio::sync::mpsc;

/// The queue for commands that undo others. Weak, so that it does not keep a closed store's writers
/// running.
pub struct UndoQueue<C> {
    queue: mpsc::WeakSender<C>,
    waiting: Arc<AtomicUsize>,
}

impl<C: Send + 'static> UndoQueue<C> {
    pub fn new(queue: mpsc::WeakSender<C>, waiting: Arc<AtomicUsize>) -> Self {
        Self { queue, waiting }
    }

    fn send(&self, command: C) {
        if let Some(queue) = self.queue.upgrade() {
            queue_end(&queue, &self.waiting, command);
        }
    }
}

/// Queues a command that ends something that has begun. A full queue never rejects it: no more of
/// these can wait than requests are in flight.
pub(crate) fn queue_end<C: Send + 'static>(
    queue: &mpsc::Sender<C>,
    waiting: &AtomicUsize,
    command: C,
) {
    waiting.fetch_add(1, Ordering::Relaxed);
    match queue.try_send(command) {
        Ok(()) => {}
        Err(mpsc::error::TrySendError::Full(command)) => {
            // A destructor may call this while the runtime shuts down.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let queue = queue.clone();
                runtime.spawn(async move { queue.send(command).await.is_ok() });
            }
        }
        // A closed store writes nothing more; the next replica recovers what was running.
        Err(mpsc::error::TrySendError::Closed(_)) => {
            waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<C> Clone for UndoQueue<C> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            waiting: Arc::clone(&self.waiting),
        }
    }
}

/// A result on its way to a caller. If it is dropped before the caller takes it, wherever that
/// happens, the command that undoes it is queued.
pub struct Delivery<T, C: Send + 'static> {
    result: Option<Result<T, StoreError>>,
    undo: Option<(C, UndoQueue<C>)>,
}

impl<T, C: Send + 'static> Delivery<T, C> {
    pub fn new(result: Result<T, StoreError>, undo: Option<C>, undo_queue: &UndoQueue<C>) -> Self {
        Self {
            result: Some(result),
            undo: undo.map(|undo| (undo, undo_queue.clone())),
        }
    }

    pub fn take(mut self) -> Result<T, StoreError> {
        self.undo = None;
        self.result
            .take()
            .unwrap_or_else(|| Err(StoreError::timed_out("the ledger writer's result")))
    }
}

impl<T, C: Send + 'static> Drop for Delivery<T, C> {
    fn drop(&mut self) {
        if let Some((undo, queue)) = self.undo.take() {
            queue.send(undo);
        }
    }
}
