//! The purpose that a value is sealed for. It cannot be opened for any other.

use std::fmt::Display;

use gaiterguard_domain::id::{ActionId, ChannelId, DocumentId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_vault::AssociatedData;

/// The purpose of a sealed value, without its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    kind: &'static str,
    subject: String,
    version: i64,
}

impl Purpose {
    /// Creates a purpose from the kind of value, what it belongs to, and its version.
    pub fn new(kind: &'static str, subject: impl Display, version: i64) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            version,
        }
    }

    /// A version of a service's credential.
    pub fn credential(service: ServiceId, version: i64) -> Self {
        Self::new("credential", service, version)
    }

    /// An authorization whose operator is at the provider, by the digest of its state.
    pub fn authorization(state: impl Display) -> Self {
        Self::new("authorization", state, 0)
    }

    /// The private key of the certificate authority whose certificate has this digest. It belongs to the
    /// gateway as a whole.
    pub fn certificate_authority(certificate: Digest) -> Self {
        Self::new("certificate_authority", certificate, 0)
    }

    /// The private half of the key that signs checkpoints of the audit log, by its public half. It belongs to the
    /// gateway as a whole.
    pub fn audit_key(public: impl Display) -> Self {
        Self::new("audit_key", public, 0)
    }

    /// The secret that a user's authenticator app shares. It belongs to the gateway as a whole.
    pub fn totp(user: UserId) -> Self {
        Self::new("totp", user, 0)
    }

    /// The key by which push services recognize the gateway. It belongs to the gateway as a whole.
    pub fn push_key() -> Self {
        Self::new("push_key", "", 0)
    }

    /// A version of the secrets of a notification channel.
    pub fn channel(channel: ChannelId, version: i64) -> Self {
        Self::new("channel", channel, version)
    }

    /// The request that an action holds.
    pub fn action_request(action: ActionId) -> Self {
        Self::new("action_request", action, 0)
    }

    /// The head of the request that an action holds. It opens only with the digest of the whole request.
    pub fn action_head(action: ActionId, digest: Digest) -> Self {
        Self::new("action_head", format_args!("{action}:{digest}"), 0)
    }

    /// Where the values of the request that an action holds were seen before.
    pub fn action_provenance(action: ActionId) -> Self {
        Self::new("action_provenance", action, 0)
    }

    /// The summary of the request that an action holds. It opens only with the digest of the request.
    pub fn action_summary(action: ActionId, digest: Digest) -> Self {
        Self::new("action_summary", format_args!("{action}:{digest}"), 0)
    }

    /// An upstream's response. `subject` identifies the request or action that it belongs to.
    pub fn response(subject: impl Display) -> Self {
        Self::new("answer", subject, 0)
    }

    /// The content of a document.
    pub fn document(document: DocumentId) -> Self {
        Self::new("document", document, 0)
    }

    pub(crate) fn associated_data(&self, workspace: WorkspaceId) -> AssociatedData {
        AssociatedData::new(workspace.0, self.kind, &self.subject, self.version)
    }
}
