//! The request ledger: the decision on every request, its idempotency key, and its outcome.

use serde_json::json;
use uuid::Uuid;

use crate::action::{ActionState, ActionStatus};
use crate::agent::Binding;
use crate::approvals::{Ballot, Tally, VoteRefused};
use crate::audit::{Actor, NewAuditEntry};
use crate::event::{Event, Subject};
use crate::familiarity::{OperationKey, RecipientsKey};
use crate::id::{
    ActionId, AgentId, ChannelId, ChatAccountId, DataKeyId, RequestEntryId, RequestId, ServiceId,
    UserId, WorkspaceId,
};
use crate::request::{Digest, IdempotencyKey};
use crate::time::Timestamp;
use crate::verdict::{Decision, Evaluation};
use crate::workspace::{AuthorityVersion, Membership};

/// One process of the gateway. It owns the work it has begun until its lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaId(pub Uuid);

/// Bytes that only the vault can open.
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

/// A decision to be recorded in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// The id that the response carries.
    pub request_id: RequestId,
    /// The workspace of the agent and the service.
    pub workspace: WorkspaceId,
    /// The agent that sent the request.
    pub agent: AgentId,
    /// The service it is for.
    pub service: ServiceId,
    /// The method.
    pub method: String,
    /// The URL, with agent keys masked.
    pub target_url: String,
    /// The agent's intent, with agent keys masked.
    pub intent: String,
    /// The label that the client's user chose, with agent keys masked. Untrusted text.
    pub label: Option<String>,
    /// The decision and its reasons.
    pub evaluation: Evaluation,
    /// When it was decided.
    pub at: Timestamp,
}

/// The claim of an idempotency key, for a request that is sent at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    /// The key, which is unique per agent.
    pub key: IdempotencyKey,
    /// The digest that identifies the same request when it is repeated.
    pub digest: Digest,
    /// When the key becomes free again.
    pub expires_at: Timestamp,
}

/// A limit on the bytes that are kept at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteBudget {
    /// The limit per agent, in bytes.
    pub agent: u64,
    /// The limit per workspace, in bytes.
    pub workspace: u64,
}

impl ByteBudget {
    /// No limit.
    pub const UNBOUNDED: Self = Self {
        agent: u64::MAX,
        workspace: u64::MAX,
    };

    /// Returns whether `more` bytes fit, given what is already kept for the agent and the workspace.
    pub fn holds(self, agent: u64, workspace: u64, more: u64) -> bool {
        agent.saturating_add(more) <= self.agent && workspace.saturating_add(more) <= self.workspace
    }
}

/// The limit that prevents an agent from having another pending action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingLimit {
    /// Too many actions are pending.
    Actions,
    /// The pending actions take too many bytes.
    Bytes,
}

/// A request to be held for a human.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHold {
    /// The action's id.
    pub action: ActionId,
    /// The digest of the exact request.
    pub digest: Digest,
    /// The digest of its service and payload, see [`idempotency_digest`](crate::request::idempotency_digest).
    /// A request without a key that has the same one is the same request.
    pub payload: Digest,
    /// The time of the earliest denial that still applies to a repetition in the same words.
    pub denials_since: Timestamp,
    /// The facts that an approval will depend on in addition to the request's bytes.
    pub binding: Binding,
    /// The exact request.
    pub request: Sealed,
    /// The head of a long request, for lists.
    pub preview: Option<Preview>,
    /// Where its values were seen before, sealed under the request's data key.
    pub provenance: Option<Vec<u8>>,
    /// The summary of the request, sealed under the request's data key.
    pub summary: Vec<u8>,
    /// The operation that the request calls.
    pub operation: OperationKey,
    /// Its recipients; `None` if it names no recipient, or if not all of them are known.
    pub recipients: Option<RecipientsKey>,
    /// When the action expires.
    pub expires_at: Timestamp,
    /// How many actions of the agent may be pending, including this one.
    pub pending_max: u32,
    /// How many bytes of pending requests may be kept, including this one.
    pub pending_bytes: ByteBudget,
}

/// The part of a long request that lists show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The headers and the beginning of the body, sealed under the request's data key.
    pub sealed: Vec<u8>,
    /// The length of the whole body, in bytes.
    pub body_bytes: u64,
}

/// A decision and everything that is committed with it in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// The ledger entry.
    pub entry: NewEntry,
    /// The version of the workspace's definitions that the decision is based on.
    pub authority: AuthorityVersion,
    /// The operation that the request calls; `None` for a read, since reads are too many to compare.
    pub operation: Option<OperationKey>,
    /// The idempotency key that the request claims.
    pub claim: Option<NewClaim>,
    /// The action that the request becomes.
    pub hold: Option<NewHold>,
    /// The digest of the exact request; `None` if it was decided before its body arrived.
    pub digest: Option<Digest>,
}

impl NewDecision {
    /// Returns the audit entry of the decision, without the rows that it covers. It is built only when it is
    /// written: reads share entries that are built otherwise.
    pub fn audit(&self) -> NewAuditEntry {
        let entry = &self.entry;
        let is_denied = entry.evaluation.decision == Decision::Deny;
        let (event, subject) = match &self.hold {
            Some(hold) => (Event::ActionCreated, Subject::Action(hold.action)),
            None if is_denied => (Event::RequestDenied, Subject::Request(entry.request_id)),
            None => (Event::RequestForwarded, Subject::Request(entry.request_id)),
        };
        let mut detail = json!({
            "request_id": entry.request_id,
            "service_id": entry.service,
            "method": entry.method,
            "digest": self.digest.map(|digest| digest.to_string()),
        });
        if self.digest.is_none() {
            detail["body"] = if is_denied { "not_read" } else { "streamed" }.into();
        }
        NewAuditEntry {
            workspace: Some(entry.workspace),
            at: entry.at,
            actor: Actor::Agent(entry.agent),
            event,
            subject,
            detail,
        }
    }
}

/// The outcome of recording a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// The decision is durable.
    Done(RequestEntryId),
    /// The key is in use; nothing was written.
    KeyUsed(Claim),
    /// The agent already sent the same request without a key, and its action is pending or approved
    /// and not yet executed; nothing was written.
    AlreadyHeld(ActionId),
    /// The workspace's definitions have changed since the decision; nothing was written.
    AuthorityChanged,
    /// The agent has too many pending actions; nothing was written.
    TooManyPending(PendingLimit),
}

/// An idempotency key in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The digest that identifies the same request when it is repeated.
    pub digest: Digest,
    /// The ledger entry of the request that claimed the key.
    pub entry: RequestEntryId,
    /// The state of that request.
    pub state: ClaimState,
}

/// The state of the request that claimed a key.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimState {
    /// It is still running.
    Running,
    /// It became an action.
    Held(ActionId),
    /// A rule refused it.
    Denied,
    /// The upstream responded.
    Responded(StoredResponse),
    /// It may have reached the upstream, and its outcome is unknown.
    Broken,
}

/// An upstream's response as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// The upstream's status.
    pub status: u16,
    /// Headers and body; `None` if they were too long to keep or their retention has ended.
    pub content: Option<Sealed>,
}

/// How a forwarded request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The upstream responded.
    Responded(StoredResponse),
    /// Nothing reached the upstream, so the key is free again.
    NotSent,
    /// The request may have reached the upstream.
    Broken {
        /// The status of the response, if its head was received before the connection broke.
        status: Option<u16>,
    },
}

impl Outcome {
    /// Returns the response, if there was one.
    pub fn response(&self) -> Option<&StoredResponse> {
        match self {
            Self::Responded(response) => Some(response),
            Self::NotSent | Self::Broken { .. } => None,
        }
    }
}

/// The end of a forwarded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The ledger entry.
    pub entry: RequestEntryId,
    /// The agent and the key that the request claimed.
    pub claim: Option<(AgentId, IdempotencyKey)>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended.
    pub at: Timestamp,
    /// An audit entry, if the end adds something to the decision's own entry.
    pub audit: Option<Box<NewAuditEntry>>,
}

/// A change of an action's state, based on a revision of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionChange {
    /// The action.
    pub action: ActionId,
    /// The revision that the change is based on.
    pub revision: i64,
    /// The new state.
    pub state: ActionState,
    /// The version of the workspace's definitions that the change depends on, if any.
    pub authority: Option<(WorkspaceId, AuthorityVersion)>,
    /// The membership that the change depends on, if a human made it.
    pub member: Option<(WorkspaceId, UserId, Membership)>,
    /// The button that it is made with, if a human made it in a channel. It is used up with the change.
    pub press: Option<Press>,
    /// The response to store with it.
    pub answer: Option<StoredResponse>,
    /// The vote that an approval is, if the request requires particular approvals. The state changes
    /// only if enough votes count.
    pub ballot: Option<Ballot>,
    /// The audit entry.
    pub audit: NewAuditEntry,
}

/// A human's press of a button of a card in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The SHA-256 of the button's token.
    pub token_hash: [u8; 32],
    /// The channel of the card.
    pub channel: ChannelId,
    /// The account in the chat, which is linked to the human.
    pub account: ChatAccountId,
}

impl ActionChange {
    /// Makes the change depend on a press, and names its channel in the audit entry.
    pub fn press(&mut self, press: Press) {
        self.audit.detail["channel"] = press.channel.0.into();
        self.press = Some(press);
    }
}

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is durable.
    Done,
    /// Another change was committed first; nothing was written.
    RevisionMoved,
    /// The workspace's definitions have changed since; nothing was written.
    AuthorityChanged,
    /// The membership of the human who made the change is another one, or has ended; nothing was written.
    MembershipChanged,
    /// The approval of an execution that was to begin is not released yet, by the ledger's clock;
    /// nothing was written.
    NotReleased,
    /// An execution ended with nothing sent, but a human had revoked the approval while it ran. The
    /// action is durably revoked.
    Recalled,
    /// The vote is durable, and more are needed; the state is unchanged.
    Voted(Tally),
    /// The button was used already, or is of an earlier state of the action, or its account is not linked; nothing
    /// was written.
    PressRefused,
    /// The vote does not count; nothing was written.
    VoteRefused(VoteRefused),
}

/// Who decided on an action, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The user.
    pub by: UserId,
    /// When they decided.
    pub at: Timestamp,
}

/// The summary of a held request, with the digest that it opens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSummary {
    /// The summary.
    pub sealed: Sealed,
    /// The digest of the exact request.
    pub digest: Digest,
}

/// A ledger entry.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEntry {
    /// The entry's id.
    pub id: RequestEntryId,
    /// Whether a column could not be read, so that the other fields may be incomplete.
    pub is_damaged: bool,
    /// The decision.
    pub new: NewEntry,
    /// The status of the upstream's response.
    pub upstream_status: Option<u16>,
    /// The action that the request became.
    pub action: Option<ActionId>,
    /// The status of that action.
    pub action_status: Option<ActionStatus>,
    /// Who approved, denied or revoked that action.
    pub decided: Option<Decided>,
    /// The summary of the action's request.
    pub summary: Option<SealedSummary>,
    /// When the request ended.
    pub completed_at: Option<Timestamp>,
}

/// A filter for ledger entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Sent by this agent.
    pub agent: Option<AgentId>,
    /// For this service.
    pub service: Option<ServiceId>,
    /// With this decision.
    pub decision: Option<Decision>,
    /// Held, with the action in this status.
    pub action_status: Option<ActionStatus>,
    /// With this text in the URL or the intent, ignoring case.
    pub text: Option<String>,
}
