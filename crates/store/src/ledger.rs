//! The ledger writer: the request path's changes, committed together.
//!
//! Whoever wants something written puts a command into a queue and waits. A task takes everything
//! that waits, writes it in one transaction with a few statements of many rows, and then wakes the
//! waiters. While it commits, the next batch gathers.
//!
//! Nothing a waiter was not told of may go on: a claim or an execution whose waiter has gone is
//! given back, since nobody will send its request.

mod batch;
mod decision_rows;
mod delivery;
mod ending;
mod predecessor;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, ActionState};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::ledger::{
    ActionChange, Changed, Completion, NewDecision, Outcome, Recorded,
};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::task::AbortHandle;

use self::delivery::{Delivery, Returns};
pub use self::ending::Ending;
use crate::error::StoreError;
use crate::lane::{CommitFailed, Lane};
use crate::store::{Shared, Store};

/// How many commands may wait.
const QUEUE_MAX: usize = 4096;

/// How many commands are committed together at most.
const BATCH_MAX: usize = 256;

/// How long a command may wait for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// How long a waiter waits for its answer.
const ANSWER_WAIT: Duration = Duration::from_secs(6);

/// How long a waiter waits for the end of a request to be durable. Longer than an ordinary restart
/// of PostgreSQL takes, so that the agent still gets its response; the end itself is tried for as
/// long as the process lives.
const END_WAIT: Duration = Duration::from_secs(10);

/// How long the statements of a batch may take.
const BATCH_WAIT: Duration = Duration::from_secs(5);

/// How often a batch is tried that other transactions go before.
const OVERTAKEN_ATTEMPTS_MAX: usize = 5;

/// How long to wait before what must be written is tried again.
const AGAIN_WAIT: Duration = Duration::from_millis(300);

/// How many completions keep their answers while the database is gone. Those after them keep only
/// that they were answered, so that memory stays bounded.
const ANSWERS_CARRIED_MAX: usize = 256;

/// How long the writer is given to finish when the store is closed.
const FLUSH_WAIT: Duration = Duration::from_secs(10);

/// Something to write, and who waits for it.
pub(crate) enum Command {
    /// A decision, and where the end of its request may be told meanwhile.
    Record(
        Box<NewDecision>,
        Option<Ending>,
        oneshot::Sender<Delivery<Recorded>>,
    ),
    /// The end of a request. It is written even if nobody waits.
    Complete(Box<Completion>, Option<oneshot::Sender<Delivery<bool>>>),
    /// A change of an action, which is made only if somebody waits for it.
    Change(Box<ActionChange>, oneshot::Sender<Delivery<Changed>>),
    /// The end of an execution. It is written even if nobody waits.
    End(
        Box<ActionChange>,
        Option<oneshot::Sender<Delivery<Changed>>>,
    ),
}

/// What became of a command.
pub(crate) enum Answer {
    /// Of a decision.
    Recorded(Recorded),
    /// Of a completion.
    Completed(bool),
    /// Of a change.
    Changed(Changed),
    /// It can be told in the next batch: what it met has gone meanwhile.
    Later,
}

/// The queue to the tasks that write.
pub(crate) struct Ledger {
    queue: mpsc::Sender<Command>,
    waiting: Arc<AtomicUsize>,
}

impl Ledger {
    /// Starts a task for each lane.
    pub(crate) fn start(shared: &Arc<Shared>) -> (Self, Vec<AbortHandle>) {
        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let commands = Arc::new(Mutex::new(commands));
        let waiting = Arc::new(AtomicUsize::new(0));
        let returns = Returns::new(queue.downgrade(), Arc::clone(&waiting));
        let tasks = shared
            .lanes()
            .iter()
            .map(|_| {
                let writer = Writer {
                    shared: Arc::clone(shared),
                    commands: Arc::clone(&commands),
                    waiting: Arc::clone(&waiting),
                    returns: returns.clone(),
                    carried: Vec::new(),
                };
                tokio::spawn(writer.run()).abort_handle()
            })
            .collect();
        (Self { queue, waiting }, tasks)
    }

    async fn send(&self, command: Command) -> Result<(), StoreError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = match self.queue.try_send(command) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Full(command)) => {
                self.queue.send_timeout(command, QUEUE_WAIT).await
            }
            Err(mpsc::error::TrySendError::Closed(command)) => {
                Err(mpsc::error::SendTimeoutError::Closed(command))
            }
        };
        sent.map_err(|_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            StoreError::late("a place in the ledger writer's queue")
        })
    }

    /// Queues the end of something that has begun. It is never given up for want of a place: no
    /// more of these can wait than requests were under way.
    fn send_end(&self, command: Command) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        match self.queue.try_send(command) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(command)) => {
                // It may be queued by a destructor, while the runtime ends.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    let queue = self.queue.clone();
                    runtime.spawn(async move { queue.send(command).await.is_ok() });
                }
            }
            // A store that is closed writes nothing more; the next run recovers what was running.
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits until everything that was put into the queue is written.
    pub(crate) async fn flush(&self) {
        let flushing = async {
            while self.waiting.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(FLUSH_WAIT, flushing).await.is_err() {
            tracing::warn!("the ledger writer could not finish; what was running is recovered");
        }
    }
}

impl Store {
    /// Makes a decision durable: its ledger row, its claim, its action and its audit entry, all or
    /// nothing.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Unavailable`] the caller must send nothing: whatever of the decision was
    /// written after all is given back.
    pub async fn record(&self, decision: NewDecision) -> Result<Recorded, StoreError> {
        self.record_command(decision, None).await
    }

    /// As [`Self::record`], for a request that is on its way already: if its end is told to `ending`
    /// before the decision is written, both are written at once.
    pub async fn record_with_ending(
        &self,
        decision: NewDecision,
        ending: Ending,
    ) -> Result<Recorded, StoreError> {
        self.record_command(decision, Some(ending)).await
    }

    async fn record_command(
        &self,
        decision: NewDecision,
        ending: Option<Ending>,
    ) -> Result<Recorded, StoreError> {
        let (tell, told) = oneshot::channel();
        let command = Command::Record(Box::new(decision), ending, tell);
        self.ledger().send(command).await?;
        answered(told, ANSWER_WAIT).await
    }

    /// Makes the end of a forwarded request durable. False if it had ended already, as when this
    /// run was taken for dead.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if it is not durable yet. It is tried for as long as the process
    /// lives, whether or not the caller waits.
    pub async fn complete(&self, completion: Completion) -> Result<bool, StoreError> {
        let (tell, told) = oneshot::channel();
        let command = Command::Complete(Box::new(completion), Some(tell));
        self.ledger().send_end(command);
        answered(told, END_WAIT).await
    }

    /// As [`Self::complete`], without waiting for it to be durable.
    pub fn complete_soon(&self, completion: Completion) {
        let command = Command::Complete(Box::new(completion), None);
        self.ledger().send_end(command);
    }

    /// Changes an action's state against the revision that was seen.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Unavailable`] the caller must send nothing: an execution that was begun
    /// after all is given back.
    pub async fn action_change(&self, change: ActionChange) -> Result<Changed, StoreError> {
        let (tell, told) = oneshot::channel();
        let command = Command::Change(Box::new(change), tell);
        self.ledger().send(command).await?;
        answered(told, ANSWER_WAIT).await
    }

    /// Makes the end of an execution durable, against the revision under which it was begun.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if it is not durable yet. It is tried for as long as the process
    /// lives, whether or not the caller waits.
    pub async fn action_end(&self, change: ActionChange) -> Result<Changed, StoreError> {
        let (tell, told) = oneshot::channel();
        let command = Command::End(Box::new(change), Some(tell));
        self.ledger().send_end(command);
        answered(told, END_WAIT).await
    }

    /// As [`Self::action_end`], without waiting for it to be durable.
    pub fn action_end_soon(&self, change: ActionChange) {
        self.ledger().send_end(Command::End(Box::new(change), None));
    }
}

async fn answered<T>(
    told: oneshot::Receiver<Delivery<T>>,
    wait: Duration,
) -> Result<T, StoreError> {
    match tokio::time::timeout(wait, told).await {
        Ok(Ok(delivery)) => delivery.take(),
        Ok(Err(_)) => Err(StoreError::late("the ledger writer's answer")),
        Err(_) => Err(StoreError::late("the commit")),
    }
}

impl Command {
    /// Whether nobody waits any more for something that must not happen unseen.
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Record(.., tell) => tell.is_closed(),
            Self::Change(_, tell) => tell.is_closed(),
            Self::Complete(..) | Self::End(..) => false,
        }
    }

    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Record(decision, ..) => decision.entry.at,
            Self::Complete(completion, _) => completion.at,
            Self::Change(change, _) | Self::End(change, _) => change.audit.at,
        }
    }

    /// Tells the waiter. Answers the command if it must be tried again.
    fn answer(self, answer: Answer, returns: &Returns) -> Option<Self> {
        match (self, answer) {
            (this, Answer::Later) => return Some(this),
            (Self::Record(decision, _, tell), Answer::Recorded(recorded)) => {
                let undo = recorded_undo(*decision, &recorded);
                // A delivery that nobody takes gives back what it tells of.
                let _ = tell.send(Delivery::new(Ok(recorded), undo, returns));
            }
            (Self::Complete(_, Some(tell)), Answer::Completed(done)) => {
                let _ = tell.send(Delivery::new(Ok(done), None, returns));
            }
            (Self::Change(change, tell), Answer::Changed(changed)) => {
                let undo = changed_undo(*change, changed);
                let _ = tell.send(Delivery::new(Ok(changed), undo, returns));
            }
            (Self::End(_, Some(tell)), Answer::Changed(changed)) => {
                let _ = tell.send(Delivery::new(Ok(changed), None, returns));
            }
            _ => {}
        }
        None
    }

    /// Reports an error to the waiter. Returns the command if it must be tried again all the same:
    /// what has begun has ended, whether or not the database takes note now, and its waiter may
    /// still hear of it.
    fn fail(self, error: &StoreError, returns: &Returns) -> Option<Self> {
        match self {
            Self::Record(.., tell) => {
                let _ = tell.send(Delivery::new(Err(error.told_again()), None, returns));
                None
            }
            Self::Change(_, tell) => {
                let _ = tell.send(Delivery::new(Err(error.told_again()), None, returns));
                None
            }
            end @ (Self::Complete(..) | Self::End(..)) => Some(end),
        }
    }

    /// Drops the content of the response and keeps that there was one. Returns whether it had any.
    fn strip(&mut self) -> bool {
        let answer = match self {
            Self::Complete(completion, _) => match &mut completion.outcome {
                Outcome::Responded(answer) => Some(answer),
                Outcome::NotSent | Outcome::Broken { .. } => None,
            },
            Self::End(change, _) => change.answer.as_mut(),
            Self::Record(..) | Self::Change(..) => None,
        };
        answer.is_some_and(|answer| answer.content.take().is_some())
    }
}

/// What gives a decision back whose request nobody will send: its end with nothing sent.
fn recorded_undo(decision: NewDecision, recorded: &Recorded) -> Option<Command> {
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
        outcome: Outcome::NotSent,
        at: decision.entry.at,
        audit: None,
    };
    Some(Command::Complete(Box::new(completion), None))
}

/// What gives an execution back that nobody will carry out: its approval stands again.
fn changed_undo(change: ActionChange, changed: Changed) -> Option<Command> {
    if changed != Changed::Done || !matches!(change.state, ActionState::Executing(_)) {
        return None;
    }
    let change = ActionChange {
        action: change.action,
        revision: change.revision + 1,
        state: change.state.apply(ActionEvent::NothingSent).ok()?,
        authority: None,
        answer: None,
        audit: NewAuditEntry {
            actor: Actor::Gateway,
            event: "action.execution_given_back",
            ..change.audit
        },
    };
    Some(Command::End(Box::new(change), None))
}

/// A task that writes.
struct Writer {
    shared: Arc<Shared>,
    commands: Arc<Mutex<mpsc::Receiver<Command>>>,
    waiting: Arc<AtomicUsize>,
    returns: Returns,
    /// What must be written and could not be.
    carried: Vec<Command>,
}

impl Writer {
    async fn run(mut self) {
        loop {
            let mut batch: Vec<Command> = self.take_carried();
            // Of several writers one waits for what comes; what is carried does not wait with it.
            let mut commands = if batch.is_empty() {
                let mut commands = Arc::clone(&self.commands).lock_owned().await;
                if commands.recv_many(&mut batch, BATCH_MAX).await == 0 {
                    return;
                }
                Some(commands)
            } else {
                Arc::clone(&self.commands).try_lock_owned().ok()
            };
            let lane = self.shared.lane_free().await;
            // What came while the lane was busy goes along.
            if let Some(commands) = &mut commands {
                while batch.len() < BATCH_MAX
                    && let Ok(command) = commands.try_recv()
                {
                    batch.push(command);
                }
            }
            drop(commands);
            let kept = self.write(batch, lane).await;
            if kept {
                tokio::time::sleep(AGAIN_WAIT).await;
            }
        }
    }

    fn take_carried(&mut self) -> Vec<Command> {
        let count = self.carried.len().min(BATCH_MAX);
        self.carried.drain(..count).collect()
    }

    /// Writes a batch and answers whether some of it must be tried again after a while.
    async fn write(&mut self, mut batch: Vec<Command>, lane: OwnedMutexGuard<Lane>) -> bool {
        let before = batch.len();
        batch.retain(|command| !command.is_abandoned());
        self.done(before - batch.len());
        if batch.is_empty() {
            return false;
        }
        match self.attempt_again(&batch, lane).await {
            Ok(answers) => {
                self.tell(batch, answers);
                false
            }
            Err(error) if error.is_unavailable() => self.fail(batch, &error),
            Err(_) if batch.len() > 1 => self.write_one_by_one(batch).await,
            Err(error) => self.refuse(batch, &error),
        }
    }

    /// Writes each command in a transaction of its own, so that one that the database refuses
    /// does not take the others with it.
    async fn write_one_by_one(&mut self, batch: Vec<Command>) -> bool {
        let mut kept = false;
        for command in batch {
            let lane = self.shared.lane_free().await;
            let one = vec![command];
            kept |= match self.attempt_again(&one, lane).await {
                Ok(answers) => {
                    self.tell(one, answers);
                    false
                }
                Err(error) if error.is_unavailable() => self.fail(one, &error),
                Err(error) => self.refuse(one, &error),
            };
        }
        kept
    }

    /// Commits commands, again where another transaction went first: nothing of them was done then.
    async fn attempt_again(
        &self,
        batch: &[Command],
        lane: OwnedMutexGuard<Lane>,
    ) -> Result<Vec<Answer>, StoreError> {
        let mut attempted = self.attempt(batch, lane).await;
        for _ in 1..OVERTAKEN_ATTEMPTS_MAX {
            if !matches!(attempted, Err(StoreError::Overtaken(_))) {
                break;
            }
            let lane = self.shared.lane_free().await;
            attempted = self.attempt(batch, lane).await;
        }
        attempted
    }

    /// Commits commands. After a COMMIT whose answer was lost it is not over before it is known
    /// what became of it.
    async fn attempt(
        &self,
        batch: &[Command],
        lane: OwnedMutexGuard<Lane>,
    ) -> Result<Vec<Answer>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let writing = batch::write(shared, lane, batch);
        let Ok(written) = tokio::time::timeout(BATCH_WAIT, writing).await else {
            return Err(StoreError::late("the end of a batch"));
        };
        let (write, answers) = written?;
        match write.commit_or_unknown().await {
            Ok(()) => Ok(answers),
            Err(CommitFailed::Not(error)) => Err(error),
            Err(CommitFailed::Unknown(mut unsettled)) => loop {
                match unsettled.settle().await {
                    Ok(true) => break Ok(answers),
                    Ok(false) => {
                        break Err(StoreError::Unavailable(
                            "the change was not taken".to_owned(),
                        ));
                    }
                    Err(error) if error.is_unavailable() => {
                        tokio::time::sleep(AGAIN_WAIT).await;
                    }
                    Err(error) => break Err(error),
                }
            },
        }
    }

    fn tell(&mut self, batch: Vec<Command>, answers: Vec<Answer>) {
        let before = batch.len();
        let carried_before = self.carried.len();
        let rest = batch
            .into_iter()
            .zip(answers)
            .filter_map(|(command, answer)| command.answer(answer, &self.returns));
        self.carried.extend(rest);
        self.done(before - (self.carried.len() - carried_before));
    }

    fn fail(&mut self, batch: Vec<Command>, error: &StoreError) -> bool {
        let before = batch.len();
        let carried_before = self.carried.len();
        let rest = batch
            .into_iter()
            .filter_map(|command| command.fail(error, &self.returns));
        self.carried.extend(rest);
        for command in self.carried.iter_mut().skip(ANSWERS_CARRIED_MAX) {
            command.strip();
        }
        let kept = self.carried.len() - carried_before;
        self.done(before - kept);
        kept > 0
    }

    /// What the database refuses by itself it will refuse again, unless it was the content of a
    /// response: that something ended is worth more than how.
    fn refuse(&mut self, batch: Vec<Command>, error: &StoreError) -> bool {
        tracing::error!(%error, "the database refused an entry of the ledger");
        let before = batch.len();
        let carried_before = self.carried.len();
        for mut command in batch {
            if command.strip() {
                self.carried.push(command);
            } else {
                drop(command.fail(error, &self.returns));
            }
        }
        let kept = self.carried.len() - carried_before;
        self.done(before - kept);
        kept > 0
    }

    fn done(&self, commands: usize) {
        self.waiting.fetch_sub(commands, Ordering::Relaxed);
    }
}
