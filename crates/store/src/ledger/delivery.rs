//! An answer that undoes what it tells of unless somebody takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::Command;
use crate::error::StoreError;

/// Where commands that undo others go.
#[derive(Clone)]
pub(super) struct Returns {
    queue: mpsc::WeakSender<Command>,
    waiting: Arc<AtomicUsize>,
}

impl Returns {
    pub(super) fn new(queue: mpsc::WeakSender<Command>, waiting: Arc<AtomicUsize>) -> Self {
        Self { queue, waiting }
    }

    fn send(&self, command: Command) {
        // A store that is closed undoes nothing; what was running is recovered by the next run.
        let Some(queue) = self.queue.upgrade() else {
            return;
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(mpsc::error::TrySendError::Full(command)) = queue.try_send(command)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { queue.send(command).await.is_ok() });
        }
    }
}

/// An answer on its way to its waiter. If it is dropped before it is taken, wherever on the way
/// that happens, its undoing is written.
pub(crate) struct Delivery<T> {
    answer: Option<Result<T, StoreError>>,
    undo: Option<(Command, Returns)>,
}

impl<T> Delivery<T> {
    pub(super) fn new(
        answer: Result<T, StoreError>,
        undo: Option<Command>,
        returns: &Returns,
    ) -> Self {
        Self {
            answer: Some(answer),
            undo: undo.map(|undo| (undo, returns.clone())),
        }
    }

    pub(super) fn take(mut self) -> Result<T, StoreError> {
        self.undo = None;
        self.answer
            .take()
            .unwrap_or_else(|| Err(StoreError::late("the ledger writer's answer")))
    }
}

impl<T> Drop for Delivery<T> {
    fn drop(&mut self) {
        if let Some((undo, returns)) = self.undo.take() {
            returns.send(undo);
        }
    }
}
