//! The request ledger: what was decided for every request, under which key, and how it ended.

use uuid::Uuid;

use crate::agent::Binding;
use crate::approval::{ActionState, ActionStatus};
use crate::audit::NewAuditEntry;
use crate::id::{ActionId, AgentId, DataKeyId, RequestEntryId, RequestId, ServiceId, WorkspaceId};
use crate::request::{Digest, IdempotencyKey};
use crate::time::Timestamp;
use crate::verdict::{Decision, Judgement};
use crate::workspace::AuthorityVersion;

/// One run of the gateway. What it has begun is its own until its lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaId(pub Uuid);

/// Bytes that only the vault can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The data key they are sealed under.
    pub data_key: DataKeyId,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} sealed bytes>", self.bytes.len())
    }
}

/// A decision as it enters the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// The id that the answer carries.
    pub request_id: RequestId,
    /// Whose workspace.
    pub workspace: WorkspaceId,
    /// Who asked.
    pub agent: AgentId,
    /// Of which service.
    pub service: ServiceId,
    /// The method.
    pub method: String,
    /// The address, with agent keys masked.
    pub target_url: String,
    /// Why the agent asked, with agent keys masked.
    pub intent: String,
    /// What was decided and why.
    pub judgement: Judgement,
    /// When.
    pub at: Timestamp,
}

/// The claim of an idempotency key for a request that is to be done at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    /// The key, in its agent's own space.
    pub key: IdempotencyKey,
    /// What tells the same request from another one.
    pub digest: Digest,
    /// From when the key may be used for something else.
    pub expires_at: Timestamp,
}

/// How many bytes may be kept at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteBudget {
    /// Of one agent.
    pub agent: u64,
    /// Of all agents of a workspace together.
    pub workspace: u64,
}

impl ByteBudget {
    /// No bound.
    pub const UNBOUNDED: Self = Self {
        agent: u64::MAX,
        workspace: u64::MAX,
    };

    /// Returns whether `more` bytes fit next to what is there of the agent and the workspace.
    pub fn holds(self, agent: u64, workspace: u64, more: u64) -> bool {
        agent.saturating_add(more) <= self.agent && workspace.saturating_add(more) <= self.workspace
    }
}

/// Why an agent may not have another action wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingLimit {
    /// Too many wait already.
    Actions,
    /// Those that wait take too many bytes.
    Bytes,
}

/// A request that is to wait for a human.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHold {
    /// The action's id.
    pub action: ActionId,
    /// The digest of the exact request.
    pub digest: Digest,
    /// What an approval will rest on besides the bytes.
    pub binding: Binding,
    /// The exact request.
    pub request: Sealed,
    /// The head of a long request, for lists.
    pub preview: Option<Preview>,
    /// Where its values were seen before, sealed under the data key of the request.
    pub provenance: Option<Vec<u8>>,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// How many actions of the agent may wait at once, this one included.
    pub pending_max: u32,
    /// How many bytes of requests may wait at once, this one included.
    pub pending_bytes: ByteBudget,
}

/// What lists show of a request whose body is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Headers and the beginning of the body, sealed under the data key of the whole.
    pub sealed: Vec<u8>,
    /// The length of the whole body, in bytes.
    pub body_bytes: u64,
}

/// Everything about a decision that becomes durable at once.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// The ledger's row.
    pub entry: NewEntry,
    /// The version of the workspace's definitions that the decision was made on.
    pub authority: AuthorityVersion,
    /// The key it claims.
    pub claim: Option<NewClaim>,
    /// The action it makes.
    pub hold: Option<NewHold>,
    /// The audit log's entry.
    pub audit: NewAuditEntry,
}

/// What became of a decision that was to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is durable.
    Done(RequestEntryId),
    /// The key was used before; nothing was written.
    KeyUsed(Claim),
    /// The agent asked for the same without a key before, and that waits for a human or was approved
    /// and is not executed; nothing was written.
    AlreadyHeld(ActionId),
    /// The workspace's definitions have changed since; nothing was written.
    AuthorityChanged,
    /// The agent has too many actions waiting; nothing was written.
    TooManyPending(PendingLimit),
}

/// A used idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What tells the same request from another one.
    pub digest: Digest,
    /// The ledger's row of the request that claimed it.
    pub entry: RequestEntryId,
    /// What became of that request.
    pub state: ClaimState,
}

/// What became of the request that claimed a key.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimState {
    /// It is still running.
    Running,
    /// It waits for a human, or did.
    Held(ActionId),
    /// A rule refused it.
    Denied,
    /// The upstream answered.
    Answered(StoredAnswer),
    /// It may have reached the upstream and nothing more is known.
    Broken,
}

/// An upstream's answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The upstream's status.
    pub status: u16,
    /// Headers and body, unless they were too long to keep or their time is over.
    pub content: Option<Sealed>,
}

/// How a forwarded request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The upstream answered.
    Answered(StoredAnswer),
    /// It is proven that nothing reached the upstream: the key is free again.
    NotSent,
    /// The request may have reached the upstream.
    Broken {
        /// The status of the answer, where its head was received before it broke.
        status: Option<u16>,
    },
}

/// The end of a forwarded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The ledger's row.
    pub entry: RequestEntryId,
    /// The agent and the key it had claimed.
    pub claim: Option<(AgentId, IdempotencyKey)>,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// The audit log's entry, where the end tells more than the decision could.
    pub audit: Option<Box<NewAuditEntry>>,
}

/// A change of an action's state, made against the revision that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionChange {
    /// The action.
    pub action: ActionId,
    /// The revision that was seen.
    pub revision: i64,
    /// The state it comes to.
    pub state: ActionState,
    /// The version of the workspace's definitions that the change rests on, where it does.
    pub authority: Option<(WorkspaceId, AuthorityVersion)>,
    /// The answer to keep with it.
    pub answer: Option<StoredAnswer>,
    /// The audit log's entry.
    pub audit: NewAuditEntry,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is durable.
    Done,
    /// Another change came first; nothing was written.
    RevisionMoved,
    /// The workspace's definitions have changed since; nothing was written.
    AuthorityChanged,
    /// An execution came back with nothing sent after a human had taken the right to it away. It is
    /// durable that it is revoked.
    Recalled,
}

/// A row of the request ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEntry {
    /// Its id.
    pub id: RequestEntryId,
    /// Whether a column could not be read, so that the rest says no more than it must.
    pub is_damaged: bool,
    /// The decision.
    pub new: NewEntry,
    /// The status that the upstream answered with.
    pub upstream_status: Option<u16>,
    /// The action that was made of it.
    pub action: Option<ActionId>,
    /// Where that action stands.
    pub action_status: Option<ActionStatus>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// Which rows of the request ledger are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// To this service.
    pub service: Option<ServiceId>,
    /// Decided so.
    pub decision: Option<Decision>,
    /// Held, and the action stands here.
    pub action_status: Option<ActionStatus>,
    /// With this in the address or the intent, in either case of its letters.
    pub text: Option<String>,
}
