//! The events of the audit log, and the objects that they happen to.
//!
//! The log stores both as text, which the hash of an entry covers. This is the only place that
//! knows the text.

use std::fmt;
use std::str::FromStr;

use crate::id::{
    ActionId, AgentId, ChannelId, DataKeyId, DocumentId, InvitationId, RequestEntryId, RequestId,
    RuleId, ServiceId, SessionId, UserId, WorkspaceId,
};

macro_rules! events {
    ($($event:ident = $name:literal: $meaning:literal,)+) => {
        /// An event that the audit log records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Event {
            $(#[doc = $meaning] $event,)+
        }

        impl Event {
            /// Every event, in alphabetical order of the names.
            pub const ALL: &[Self] = &[$(Self::$event),+];

            /// Returns the name, as `noun.verb`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$event => $name,)+
                }
            }

            /// Returns the meaning, as one sentence in Markdown.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$event => $meaning,)+
                }
            }
        }
    };
}

events! {
    ActionApproved = "action.approved": "A human approved the action.",
    ActionCreated = "action.created": "A request was held.",
    ActionDenied = "action.denied": "A human denied the action.",
    ActionExecuted = "action.executed": "The approved request was sent and the upstream responded.",
    ActionExecuting = "action.executing": "The agent started the execution; the request may be sent from now on.",
    ActionExecutionGivenBack = "action.execution_given_back": "An execution was undone before it started, because its caller had disconnected.",
    ActionExpired = "action.expired": "The action was not decided, or not executed, in time.",
    ActionGlassBroken = "action.glass_broken": "An owner approved the action alone, without the approvals that it requires.",
    ActionIndeterminate = "action.indeterminate": "The execution failed, and the request may have been sent.",
    ActionRecalled = "action.recalled": "A block or the kill switch revoked an action while it was being executed; if nothing was sent, it does not become approved again.",
    ActionRepeated = "action.repeated": "The agent repeated the held request with another intent.",
    ActionResolved = "action.resolved": "A human recorded the outcome of an indeterminate action.",
    ActionReturned = "action.returned": "The execution sent nothing, so the action is approved again.",
    ActionRevoked = "action.revoked": "A human, a block, or the kill switch revoked the action.",
    ActionVoteWithdrawn = "action.vote_withdrawn": "A human withdrew their approval of a pending action.",
    ActionVoted = "action.voted": "A human approved an action that requires particular approvals.",
    AgentBlocked = "agent.blocked": "The agent was blocked.",
    AgentCreated = "agent.created": "An agent was created.",
    AgentDeleted = "agent.deleted": "The agent was deleted.",
    AgentKeyRotated = "agent.key_rotated": "The agent's key was rotated.",
    AgentScopeChanged = "agent.scope_changed": "The agent's services were changed.",
    AgentUnblocked = "agent.unblocked": "The agent was unblocked.",
    AgentUpdated = "agent.updated": "The agent's definition was changed.",
    ChainOpened = "audit.chain_opened": "A process started a new chain; the entry contains the heads of the older chains.",
    AuditKeyCreated = "audit.key_created": "The key that signs checkpoints of the audit log was created; the entry contains its public half.",
    CertificateAuthorityCreated = "certificate_authority.created": "The certificate authority of the proxy port was created.",
    CertificateAuthorityRotated = "certificate_authority.rotated": "A new certificate authority of the proxy port was created; the entry says when it begins to issue certificates.",
    ChannelCreated = "channel.created": "A notification channel was created.",
    ChannelDeleted = "channel.deleted": "A notification channel was deleted.",
    ChannelDisabled = "channel.disabled": "The gateway disabled a notification channel, because its receiver responded with 410 Gone.",
    ChannelUpdated = "channel.updated": "A notification channel was changed, or its signing key was rotated.",
    CredentialFailing = "credential.failing": "No OAuth 2.0 token can be fetched for a service.",
    CredentialRefreshed = "credential.refreshed": "The gateway renewed an OAuth 2.0 token.",
    CredentialReplaced = "credential.replaced": "A service's credential was replaced.",
    CredentialRequested = "credential.requested": "A user began to authorize the gateway at the provider of a service.",
    DataKeyCreated = "data_key.created": "A data key was created.",
    DataKeyRewrapped = "data_key.rewrapped": "A data key was rewrapped with the new master key.",
    DocumentCreated = "document.created": "A document was added to a service.",
    DocumentDeleted = "document.deleted": "A document was deleted.",
    DocumentRefreshed = "document.refreshed": "A document was read again, and fetched again if it has a URL.",
    InvitationRevoked = "invitation.revoked": "An invitation was revoked, or replaced by a newer one for the same address.",
    KillSwitchChanged = "kill_switch.changed": "The kill switch was activated or deactivated.",
    LlmFailing = "llm.failing": "The language model failed several times in a row; until it responds again, requests that need it are held.",
    LlmRecovered = "llm.recovered": "The language model responds again.",
    MasterKeyCreated = "master_key.created": "The master key was created at the first start.",
    MasterKeyLinkCut = "master_key.link_cut": "The link from an old master key was removed, so the old secret stopped working.",
    MasterKeyRotated = "master_key.rotated": "`ENCRYPTION_SECRET` was rotated.",
    MasterKeySecretKept = "master_key.secret_kept": "The new secret was confirmed to be saved for the next start.",
    MemberChanged = "member.changed": "A member's role or limits were changed.",
    MemberInvited = "member.invited": "A person was invited to the workspace.",
    MemberJoined = "member.joined": "A person accepted an invitation to the workspace.",
    MemberRemoved = "member.removed": "A member was removed, which ended the member's sessions.",
    ProxyRefused = "proxy.refused": "The proxy port refused a tunnel of an agent, a request in one, or its TLS handshake, before anything was decided; the entry contains the host, the port, the reason, and how many refusals of the minute before were omitted.",
    PushDeviceAdded = "push_device.added": "A member turned on push notifications in a browser.",
    PushDeviceRemoved = "push_device.removed": "A member turned off push notifications in a browser, or its push service reported that it is gone.",
    PushKeyCreated = "push_key.created": "The key by which push services recognize the gateway was created.",
    RequestBroken = "request.broken": "The request was interrupted, or its replica stopped, before its outcome was recorded.",
    RequestDenied = "request.denied": "A rule denied the request.",
    RequestEnded = "request.ended": "A forwarded request ended; the entry contains its outcome and the digest of a streamed upload.",
    RequestForwarded = "request.forwarded": "A request was forwarded. Reads of one agent that were committed together share an entry: its subject is the agent, and `request_ids` lists the requests.",
    RequestsEnded = "requests.ended": "Requests of several workspaces ended in one transaction.",
    RetentionAnswersDropped = "retention.answers_dropped": "Stored responses were deleted because of their age.",
    RetentionBodiesDropped = "retention.bodies_dropped": "Bodies of ended actions were truncated to stay within the storage limit.",
    RetentionClaimsDeleted = "retention.claims_deleted": "Idempotency keys were deleted because of their age.",
    RetentionDataKeysDeleted = "retention.data_keys_deleted": "Data keys that no longer protect anything were deleted.",
    RetentionReplicasDeleted = "retention.replicas_deleted": "Records of stopped replicas were deleted.",
    RetentionRequestsDeleted = "retention.requests_deleted": "Ledger entries were deleted because of their age.",
    RetentionRuleHitsDeleted = "retention.rule_hits_deleted": "Old counts of matched rules were deleted.",
    RetentionSessionsDeleted = "retention.sessions_deleted": "Ended sessions were deleted.",
    RuleCreated = "rule.created": "A rule was created.",
    RuleDeleted = "rule.deleted": "A rule was deleted.",
    RuleUpdated = "rule.updated": "A rule was changed.",
    ServiceCreated = "service.created": "A service was created.",
    ServiceDeleted = "service.deleted": "A service was deleted.",
    ServiceTestCalled = "service.test_called": "A human sent a test call to the service.",
    ServiceUpdated = "service.updated": "A service's definition was changed.",
    SessionCreated = "session.created": "A user signed in.",
    SessionRefreshed = "session.refreshed": "A session's token was renewed.",
    SessionRevoked = "session.revoked": "A session was ended.",
    SessionTokenReused = "session.token_reused": "A refresh token was used again after ten seconds or more, so its session was ended.",
    SessionWorkspaceChanged = "session.workspace_changed": "A user switched a session to another workspace.",
    TunnelClosed = "tunnel.closed": "A tunnel to a host that no service names was closed; the entry contains how long it was open, the bytes in each direction, and what closed it.",
    TunnelOpened = "tunnel.opened": "An agent opened a tunnel to a host that no service names. The gateway does not read it.",
    UserChatLinked = "user.chat_linked": "A user linked a chat account, to decide with buttons.",
    UserChatUnlinked = "user.chat_unlinked": "A user unlinked a chat account.",
    UserCreated = "user.created": "A user was created on the command line.",
    UserFactorsReset = "user.factors_reset": "Everything but the password with which a user could sign in was removed on the command line, which ended the user's sessions.",
    UserFederatedCreated = "user.federated_created": "A user signed in at the sign-in provider for the first time, which created the account.",
    UserFederatedLinked = "user.federated_linked": "A user connected the account to the sign-in provider.",
    UserFederatedRole = "user.federated_role": "A user's role was changed to the one that the sign-in provider gives.",
    UserPasskeyAdded = "user.passkey_added": "A user added a passkey.",
    UserPasskeyRemoved = "user.passkey_removed": "A user removed a passkey.",
    UserPasswordChanged = "user.password_changed": "A user changed the password, which ended the user's other sessions.",
    UserPasswordReset = "user.password_reset": "A password was replaced on the command line.",
    UserRecoveryCodesReplaced = "user.recovery_codes_replaced": "A user replaced the recovery codes.",
    UserRegistered = "user.registered": "A user registered.",
    UserTotpEnabled = "user.totp_enabled": "A user set up one-time codes as a second factor, which ended the user's other sessions.",
    UserTotpRemoved = "user.totp_removed": "A user removed the one-time codes and the recovery codes.",
    UserTotpRequested = "user.totp_requested": "A user began to set up one-time codes.",
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that no event or subject of this version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown to this version")]
pub struct Unknown;

impl FromStr for Event {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.iter().find(|event| event.as_str() == text);
        found.copied().ok_or(Unknown)
    }
}

/// The object of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A held request.
    Action(ActionId),
    /// An agent.
    Agent(AgentId),
    /// A chain of the audit log.
    Chain(i64),
    /// A notification channel.
    Channel(ChannelId),
    /// A data key of the vault.
    DataKey(DataKeyId),
    /// A document.
    Document(DocumentId),
    /// The gateway as a whole.
    Gateway,
    /// An invitation.
    Invitation(InvitationId),
    /// A master key of the vault, by its name.
    MasterKey(String),
    /// A request, by the id of its response.
    Request(RequestId),
    /// A request, by the id of its ledger entry.
    RequestEntry(RequestEntryId),
    /// A rule.
    Rule(RuleId),
    /// A service.
    Service(ServiceId),
    /// A session.
    Session(SessionId),
    /// A user.
    User(UserId),
    /// A workspace.
    Workspace(WorkspaceId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(id) => write!(f, "action:{id}"),
            Self::Agent(id) => write!(f, "agent:{id}"),
            Self::Chain(id) => write!(f, "chain:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::DataKey(id) => write!(f, "data_key:{id}"),
            Self::Document(id) => write!(f, "document:{id}"),
            Self::Gateway => f.write_str("gateway"),
            Self::Invitation(id) => write!(f, "invitation:{id}"),
            Self::MasterKey(name) => write!(f, "master_key:{name}"),
            Self::Request(id) => write!(f, "request:{id}"),
            Self::RequestEntry(id) => write!(f, "request:{id}"),
            Self::Rule(id) => write!(f, "rule:{id}"),
            Self::Service(id) => write!(f, "service:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Workspace(id) => write!(f, "workspace:{id}"),
        }
    }
}

impl FromStr for Subject {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        let number = id.parse::<i64>();
        let number = |subject: fn(i64) -> Self| number.map(subject).map_err(|_| Unknown);
        let uuid = uuid::Uuid::try_parse(id);
        let subject = match kind {
            "action" => uuid
                .map(|id| Self::Action(ActionId(id)))
                .map_err(|_| Unknown),
            "agent" => number(|id| Self::Agent(AgentId(id))),
            "chain" => number(Self::Chain),
            "channel" => number(|id| Self::Channel(ChannelId(id))),
            "data_key" => number(|id| Self::DataKey(DataKeyId(id))),
            "document" => number(|id| Self::Document(DocumentId(id))),
            "gateway" => Ok(Self::Gateway),
            "invitation" => number(|id| Self::Invitation(InvitationId(id))),
            "master_key" => Ok(Self::MasterKey(id.to_owned())),
            "request" => uuid
                .map(|id| Self::Request(RequestId(id)))
                .or_else(|_| number(|id| Self::RequestEntry(RequestEntryId(id)))),
            "rule" => number(|id| Self::Rule(RuleId(id))),
            "service" => number(|id| Self::Service(ServiceId(id))),
            "session" => number(|id| Self::Session(SessionId(id))),
            "user" => number(|id| Self::User(UserId(id))),
            "workspace" => number(|id| Self::Workspace(WorkspaceId(id))),
            _ => Err(Unknown),
        }?;
        // Another spelling of an id is not a text that this version writes.
        if subject.to_string() == text {
            Ok(subject)
        } else {
            Err(Unknown)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_event_is_read_back_from_its_name() {
        for event in Event::ALL {
            assert_eq!(event.to_string().parse(), Ok(*event));
            assert!(event.as_str().split_once('.').is_some(), "{event}");
        }
        assert!(Event::ALL.is_sorted_by(|one, next| one.as_str() < next.as_str()));
        assert_eq!("action.".parse::<Event>(), Err(Unknown));
    }

    #[test]
    fn every_subject_is_read_back_from_its_text() {
        let id = Uuid::from_u128(0x0192_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0000);
        for (subject, text) in [
            (
                Subject::Action(ActionId(id)),
                "action:0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000",
            ),
            (Subject::Agent(AgentId(2)), "agent:2"),
            (Subject::Chain(3), "chain:3"),
            (Subject::Channel(ChannelId(12)), "channel:12"),
            (Subject::DataKey(DataKeyId(4)), "data_key:4"),
            (Subject::Document(DocumentId(5)), "document:5"),
            (Subject::Gateway, "gateway"),
            (Subject::Invitation(InvitationId(12)), "invitation:12"),
            (Subject::MasterKey("a1".to_owned()), "master_key:a1"),
            (
                Subject::Request(RequestId(id)),
                "request:0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000",
            ),
            (Subject::RequestEntry(RequestEntryId(6)), "request:6"),
            (Subject::Rule(RuleId(7)), "rule:7"),
            (Subject::Service(ServiceId(8)), "service:8"),
            (Subject::Session(SessionId(9)), "session:9"),
            (Subject::User(UserId(10)), "user:10"),
            (Subject::Workspace(WorkspaceId(11)), "workspace:11"),
        ] {
            assert_eq!(subject.to_string(), text);
            assert_eq!(text.parse(), Ok(subject));
        }
    }

    #[test]
    fn another_spelling_of_a_subject_is_unknown() {
        for text in [
            "",
            "gateway:",
            "agent",
            "agent:",
            "agent:02",
            "agent:+2",
            "robot:2",
            "action:2",
            "action:0192AAAA-BBBB-7CCC-8DDD-EEEEFFFF0000",
        ] {
            assert_eq!(text.parse::<Subject>(), Err(Unknown), "{text}");
        }
    }
}
