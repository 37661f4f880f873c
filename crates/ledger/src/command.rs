//! The commands of the ledger writer, and how their callers learn the results.

use std::time::Duration;

use gaiterguard_database::connection::Durability;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::{ActionEvent, ActionState};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::ledger::{
    ActionChange, Changed, Completion, NewDecision, Outcome, Recorded,
};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use tokio::sync::oneshot;

use crate::delivery::{Delivery, UndoQueue};
use crate::pending_outcome::PendingOutcome;

/// Where a caller waits for the result of its command.
pub type Reply<T> = oneshot::Sender<Delivery<T, Command>>;

/// Something to write, and who waits for it.
pub enum Command {
    /// Records a decision, with the outcome of its request if that is set in time.
    Record(Box<NewDecision>, Option<PendingOutcome>, Reply<Recorded>),
    /// Records the end of a request, even if nobody waits.
    Complete(Box<Completion>, Option<Reply<bool>>),
    /// Changes an action, but only while its caller waits.
    Change(Box<ActionChange>, Reply<Changed>),
    /// Records the end of an execution, even if nobody waits.
    End(Box<ActionChange>, Option<Reply<Changed>>),
}

/// The result of a command.
pub enum CommandResult {
    /// The result of a decision.
    Recorded(Recorded),
    /// The result of a completion: false if the request had already ended.
    Completed(bool),
    /// The result of a change.
    Changed(Changed),
    /// The row that the command conflicted with is gone: it must be tried again in the next batch.
    Retry,
}

/// Waits for the result of a command.
pub async fn receive<T>(
    result: oneshot::Receiver<Delivery<T, Command>>,
    timeout: Duration,
) -> Result<T, StoreError> {
    match tokio::time::timeout(timeout, result).await {
        Ok(Ok(delivery)) => delivery.take(),
        Ok(Err(_)) => Err(StoreError::timed_out("the ledger writer's result")),
        Err(_) => Err(StoreError::timed_out("the ledger writer's commit")),
    }
}

impl Command {
    /// Whether the caller has stopped waiting for something that must not happen without its
    /// knowledge.
    pub fn is_abandoned(&self) -> bool {
        match self {
            Self::Record(.., reply) => reply.is_closed(),
            Self::Change(_, reply) => reply.is_closed(),
            Self::Complete(..) | Self::End(..) => false,
        }
    }

    /// Whether this records the decision on a read: it is sent while it is recorded.
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Record(_, Some(_), _))
    }

    /// The event that the commit must survive before the caller gets the result. A read sends nothing that it could
    /// send twice, and nobody waits for how a request without a key or an audit entry ended.
    pub fn durability(&self) -> Durability {
        match self {
            Self::Record(..) if self.is_read() => Durability::Process,
            Self::Complete(completion, _)
                if completion.claim.is_none() && completion.audit.is_none() =>
            {
                Durability::Process
            }
            Self::Record(..) | Self::Complete(..) | Self::Change(..) | Self::End(..) => {
                Durability::Storage
            }
        }
    }

    pub fn at(&self) -> Timestamp {
        match self {
            Self::Record(decision, ..) => decision.entry.at,
            Self::Complete(completion, _) => completion.at,
            Self::Change(change, _) | Self::End(change, _) => change.audit.at,
        }
    }

    /// Sends the result to the caller. Returns the command if it must be tried again.
    pub fn reply(self, result: CommandResult, undo: &UndoQueue<Self>) -> Option<Self> {
        match (self, result) {
            (this, CommandResult::Retry) => return Some(this),
            (Self::Record(decision, in_flight, reply), CommandResult::Recorded(recorded)) => {
                let outcome = match in_flight {
                    Some(_) => Outcome::Broken { status: None },
                    None => Outcome::NotSent,
                };
                let undone = undo_record(*decision, outcome, &recorded);
                // A delivery that nobody receives queues its undo when it is dropped.
                let _ = reply.send(Delivery::new(Ok(recorded), undone, undo));
            }
            (Self::Complete(_, Some(reply)), CommandResult::Completed(done)) => {
                let _ = reply.send(Delivery::new(Ok(done), None, undo));
            }
            (Self::Change(change, reply), CommandResult::Changed(changed)) => {
                let undone = undo_change(*change, &changed);
                let _ = reply.send(Delivery::new(Ok(changed), undone, undo));
            }
            (Self::End(_, Some(reply)), CommandResult::Changed(changed)) => {
                let _ = reply.send(Delivery::new(Ok(changed), None, undo));
            }
            _ => {}
        }
        None
    }

    /// Sends an error to the caller. Returns the command instead if it must be tried again: a
    /// request or execution that has ended must be recorded, whether or not the database is
    /// available now, and its caller may still learn that it was.
    pub fn fail(self, error: &StoreError, undo: &UndoQueue<Self>) -> Option<Self> {
        match self {
            Self::Record(.., reply) => {
                let _ = reply.send(Delivery::new(Err(error.to_unavailable()), None, undo));
                None
            }
            Self::Change(_, reply) => {
                let _ = reply.send(Delivery::new(Err(error.to_unavailable()), None, undo));
                None
            }
            end @ (Self::Complete(..) | Self::End(..)) => Some(end),
        }
    }

    /// Drops the content of the response and leaves that there was one. Returns whether it had any.
    pub fn drop_content(&mut self) -> bool {
        let response = match self {
            Self::Complete(completion, _) => match &mut completion.outcome {
                Outcome::Responded(response) => Some(response),
                Outcome::NotSent | Outcome::Broken { .. } => None,
            },
            Self::End(change, _) => change.answer.as_mut(),
            Self::Record(..) | Self::Change(..) => None,
        };
        response.is_some_and(|response| response.content.take().is_some())
    }
}

/// Returns the command that undoes a decision whose request nobody will send, or whose response
/// nobody will relay: an end with this outcome.
fn undo_record(decision: NewDecision, outcome: Outcome, recorded: &Recorded) -> Option<Command> {
    let Recorded::Done(entry) = recorded else {
        return None;
    };
    if decision.entry.evaluation.decision != Decision::Forward {
        return None;
    }
    let completion = Completion {
        entry: *entry,
        claim: decision
            .claim
            .map(|claim| (decision.entry.agent, claim.key)),
        outcome,
        at: decision.entry.at,
        audit: None,
    };
    Some(Command::Complete(Box::new(completion), None))
}

/// Returns the command that undoes an execution that nobody will carry out: the action is approved
/// again.
fn undo_change(change: ActionChange, changed: &Changed) -> Option<Command> {
    if *changed != Changed::Done || !matches!(change.state, ActionState::Executing(_)) {
        return None;
    }
    let change = ActionChange {
        action: change.action,
        revision: change.revision + 1,
        state: change.state.apply(ActionEvent::NothingSent).ok()?,
        authority: None,
        member: None,
        press: None,
        answer: None,
        ballot: None,
        audit: NewAuditEntry {
            actor: Actor::Gateway,
            event: Event::ActionExecutionGivenBack,
            ..change.audit
        },
    };
    Some(Command::End(Box::new(change), None))
}
