//! A task that takes commands from the queue and commits them in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_database::error::StoreError;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

use crate::batch::write::write_batch;
use crate::command::{Command, CommandResult};
use crate::delivery::UndoQueue;
use crate::writer::commit::{CommitError, UnknownCommit};
use crate::writer::connection::WriterConnection;
use crate::writer::pool::WriterPool;

/// How many commands are committed together at most. With a few hundred the disk flush is a small
/// part of each command's cost, and a limit bounds how long one batch keeps its callers waiting.
const BATCH_MAX: usize = 256;

/// How long the statements of a batch may take. They take milliseconds; past this the connection is
/// treated as lost.
const BATCH_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a batch is tried when other transactions conflict with it. Locks are taken in a fixed
/// order, so conflicts are rare; this only bounds the attempts.
const CONFLICT_ATTEMPTS_MAX: usize = 5;

/// How long to wait before a command that must be written is tried again: short, because a caller
/// may be waiting, but not a busy loop while the database is down.
const RETRY_DELAY: Duration = Duration::from_millis(300);

/// How many completions keep their responses while the database is down. Later ones only record
/// that there was a response, so that memory stays bounded.
const RESPONSES_CARRIED_MAX: usize = 256;

/// A task that writes.
pub(crate) struct WriterTask {
    pool: Arc<WriterPool>,
    commands: Arc<Mutex<mpsc::Receiver<Command>>>,
    waiting: Arc<AtomicUsize>,
    undo: UndoQueue<Command>,
    /// Commands that must be written and could not be so far.
    carried: Vec<Command>,
}

impl WriterTask {
    pub(crate) fn new(
        pool: Arc<WriterPool>,
        commands: Arc<Mutex<mpsc::Receiver<Command>>>,
        waiting: Arc<AtomicUsize>,
        undo: UndoQueue<Command>,
    ) -> Self {
        Self {
            pool,
            commands,
            waiting,
            undo,
            carried: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            let mut batch: Vec<Command> = self.take_carried();
            // Only one task waits for commands at a time. A task with carried commands does not
            // wait, and takes new ones only if no other task is waiting for them.
            let mut commands = if batch.is_empty() {
                let mut commands = Arc::clone(&self.commands).lock_owned().await;
                if commands.recv_many(&mut batch, BATCH_MAX).await == 0 {
                    return;
                }
                Some(commands)
            } else {
                Arc::clone(&self.commands).try_lock_owned().ok()
            };
            let writer = self.pool.acquire().await;
            if let Some(commands) = &mut commands {
                gather(commands, &mut batch).await;
            }
            drop(commands);
            let must_retry = self.write(batch, writer).await;
            if must_retry {
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }

    fn take_carried(&mut self) -> Vec<Command> {
        let count = self.carried.len().min(BATCH_MAX);
        self.carried.drain(..count).collect()
    }

    /// Writes a batch. Returns whether some of it must be tried again after a while.
    async fn write(
        &mut self,
        mut batch: Vec<Command>,
        writer: OwnedMutexGuard<WriterConnection>,
    ) -> bool {
        let before = batch.len();
        batch.retain(|command| !command.is_abandoned());
        self.finished(before - batch.len());
        if batch.is_empty() {
            return false;
        }
        match self.commit_with_retries(&batch, writer).await {
            Ok(results) => {
                self.reply(batch, results);
                false
            }
            Err(error) if error.is_unavailable() => self.fail(batch, &error),
            Err(_) if batch.len() > 1 => self.write_one_by_one(batch).await,
            Err(error) => self.refuse(batch, &error),
        }
    }

    /// Writes each command in a transaction of its own, so that one that the database refuses does
    /// not fail the others.
    async fn write_one_by_one(&mut self, batch: Vec<Command>) -> bool {
        let mut must_retry = false;
        for command in batch {
            let writer = self.pool.acquire().await;
            let one = vec![command];
            must_retry |= match self.commit_with_retries(&one, writer).await {
                Ok(results) => {
                    self.reply(one, results);
                    false
                }
                Err(error) if error.is_unavailable() => self.fail(one, &error),
                Err(error) => self.refuse(one, &error),
            };
        }
        must_retry
    }

    /// Commits commands, and retries after a conflict, which leaves nothing written.
    async fn commit_with_retries(
        &self,
        batch: &[Command],
        writer: OwnedMutexGuard<WriterConnection>,
    ) -> Result<Vec<CommandResult>, StoreError> {
        let mut committed = self.commit(batch, writer).await;
        for _ in 1..CONFLICT_ATTEMPTS_MAX {
            if !matches!(committed, Err(StoreError::Conflict(_))) {
                break;
            }
            let writer = self.pool.acquire().await;
            committed = self.commit(batch, writer).await;
        }
        committed
    }

    /// Commits commands. If the response to COMMIT is lost, returns only once the outcome is known.
    async fn commit(
        &self,
        batch: &[Command],
        writer: OwnedMutexGuard<WriterConnection>,
    ) -> Result<Vec<CommandResult>, StoreError> {
        let writing = write_batch(Arc::clone(&self.pool), writer, batch);
        let Ok(written) = tokio::time::timeout(BATCH_TIMEOUT, writing).await else {
            return Err(StoreError::timed_out("the end of a batch"));
        };
        let (tx, results) = written?;
        // Used keys and repeated requests are only found, so there is nothing to make durable.
        if tx.is_unchanged() {
            tx.rollback().await?;
            return Ok(results);
        }
        match tx.commit_or_unknown().await {
            Ok(()) => Ok(results),
            Err(CommitError::NotCommitted(error)) => Err(error),
            Err(CommitError::Unknown(unknown)) => {
                resolve(*unknown).await?;
                Ok(results)
            }
        }
    }

    fn reply(&mut self, batch: Vec<Command>, results: Vec<CommandResult>) {
        let before = batch.len();
        let carried_before = self.carried.len();
        let retried = batch
            .into_iter()
            .zip(results)
            .filter_map(|(command, result)| command.reply(result, &self.undo));
        self.carried.extend(retried);
        self.finished(before - (self.carried.len() - carried_before));
    }

    fn fail(&mut self, batch: Vec<Command>, error: &StoreError) -> bool {
        let before = batch.len();
        let carried_before = self.carried.len();
        let retried = batch
            .into_iter()
            .filter_map(|command| command.fail(error, &self.undo));
        self.carried.extend(retried);
        for command in self.carried.iter_mut().skip(RESPONSES_CARRIED_MAX) {
            command.drop_content();
        }
        let carried = self.carried.len() - carried_before;
        self.finished(before - carried);
        carried > 0
    }

    /// Handles commands that the database refuses. It would refuse them again, unless the content
    /// of a response was the reason: recording that a request ended matters more than its response.
    fn refuse(&mut self, batch: Vec<Command>, error: &StoreError) -> bool {
        tracing::error!(%error, "the database refused an entry of the ledger");
        let before = batch.len();
        let carried_before = self.carried.len();
        for mut command in batch {
            if command.drop_content() {
                self.carried.push(command);
            } else {
                drop(command.fail(error, &self.undo));
            }
        }
        let carried = self.carried.len() - carried_before;
        self.finished(before - carried);
        carried > 0
    }

    fn finished(&self, commands: usize) {
        self.waiting.fetch_sub(commands, Ordering::Relaxed);
    }
}

/// Adds the commands that have arrived to a batch, and those of requests that are ready to be decided: they go
/// first, because what a batch costs is mostly the same for one row and for many. Nothing waits for a
/// request that is not ready.
async fn gather(commands: &mut mpsc::Receiver<Command>, batch: &mut Vec<Command>) {
    loop {
        tokio::task::yield_now().await;
        let before = batch.len();
        while batch.len() < BATCH_MAX
            && let Ok(command) = commands.try_recv()
        {
            batch.push(command);
        }
        if batch.len() == before || batch.len() == BATCH_MAX {
            return;
        }
    }
}

/// Waits until it is known whether a transaction was committed. An error if it was not.
async fn resolve(mut unknown: UnknownCommit) -> Result<(), StoreError> {
    loop {
        match unknown.resolve().await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(StoreError::not_committed()),
            Err(error) if error.is_unavailable() => tokio::time::sleep(RETRY_DELAY).await,
            Err(error) => return Err(error),
        }
    }
}
