//! Decisions, completions and changes of actions, made durable by the ledger writer.

use std::time::Duration;

use gaiterguard_database::error::StoreError;
use gaiterguard_domain::ledger::{ActionChange, Changed, Completion, NewDecision, Recorded};
use gaiterguard_ledger::command::{Command, receive};
use gaiterguard_ledger::pending_outcome::PendingOutcome;
use tokio::sync::oneshot;

use crate::store::Store;

/// How long a caller waits for the result of a command that has not begun anything yet. Slightly
/// longer than a batch may take, so that the writer gives up first and the result is usually known.
const RESULT_TIMEOUT: Duration = Duration::from_secs(6);

/// How long a caller waits for the end of a request to be durable. Longer than an ordinary restart
/// of PostgreSQL, so that the agent still gets its response. The writer keeps trying to record the
/// end for as long as the process lives.
const END_TIMEOUT: Duration = Duration::from_secs(10);

impl Store {
    /// Makes a decision durable: its ledger entry, its claim, its action and its audit entry, all or
    /// none.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Unavailable`] the caller must not send anything: if the decision was
    /// written after all, it is undone.
    pub async fn record(
        &self,
        decision: impl Into<Box<NewDecision>>,
    ) -> Result<Recorded, StoreError> {
        self.record_command(decision.into(), None).await
    }

    /// Makes a decision durable whose request is already in flight. If `outcome` is set before the
    /// decision is written, both are written together.
    ///
    /// # Errors
    ///
    /// As [`Self::record`], but a decision that was written after all ends as one whose request may
    /// have been sent.
    pub async fn record_in_flight(
        &self,
        decision: impl Into<Box<NewDecision>>,
        outcome: PendingOutcome,
    ) -> Result<Recorded, StoreError> {
        self.record_command(decision.into(), Some(outcome)).await
    }

    async fn record_command(
        &self,
        decision: Box<NewDecision>,
        outcome: Option<PendingOutcome>,
    ) -> Result<Recorded, StoreError> {
        let (reply, result) = oneshot::channel();
        let command = Command::Record(decision, outcome, reply);
        self.ledger().send(command).await?;
        receive(result, RESULT_TIMEOUT).await
    }

    /// Makes the end of a forwarded request durable. Returns false if the request had already ended,
    /// for example because this replica was declared dead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if it is not durable yet. The writer keeps trying for as long as
    /// the process lives, whether or not the caller waits.
    pub async fn complete(&self, completion: Completion) -> Result<bool, StoreError> {
        let (reply, result) = oneshot::channel();
        let command = Command::Complete(Box::new(completion), Some(reply));
        self.ledger().send_end(command);
        receive(result, END_TIMEOUT).await
    }

    /// Queues the end of a forwarded request, as [`Self::complete`] does, without waiting for it.
    pub fn complete_in_background(&self, completion: Completion) {
        let command = Command::Complete(Box::new(completion), None);
        self.ledger().send_end(command);
    }

    /// Changes an action's state, if it still has the revision that the change was made against.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Unavailable`] the caller must not send anything: if an execution was
    /// begun after all, it is undone.
    pub async fn action_change(&self, change: ActionChange) -> Result<Changed, StoreError> {
        let (reply, result) = oneshot::channel();
        let command = Command::Change(Box::new(change), reply);
        self.ledger().send(command).await?;
        receive(result, RESULT_TIMEOUT).await
    }

    /// Makes the end of an execution durable, against the revision under which it began.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if it is not durable yet. The writer keeps trying for as long as
    /// the process lives, whether or not the caller waits.
    pub async fn action_end(&self, change: ActionChange) -> Result<Changed, StoreError> {
        let (reply, result) = oneshot::channel();
        let command = Command::End(Box::new(change), Some(reply));
        self.ledger().send_end(command);
        receive(result, END_TIMEOUT).await
    }

    /// Queues the end of an execution, as [`Self::action_end`] does, without waiting for it.
    pub fn action_end_in_background(&self, change: ActionChange) {
        self.ledger().send_end(Command::End(Box::new(change), None));
    }
}
