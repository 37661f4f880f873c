//! Responses that are stored sealed: for a repeated request, and for an action's agent and approver.

use gaiterguard_domain::action::{Action, ActionStatus};
use gaiterguard_domain::id::{ActionId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::StoredResponse;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_sealing::{PayloadKey, Purpose, Sealing};
use gaiterguard_store::Store;

use crate::storage::StorageFailed;

/// Returns the purpose under which the response to a request with a key is sealed.
pub(crate) fn purpose_of_request(entry: RequestEntryId) -> Purpose {
    Purpose::response(format_args!("request:{entry}"))
}

/// Returns the purpose under which the response to an executed action is sealed.
pub(crate) fn purpose_of_action(action: ActionId) -> Purpose {
    Purpose::response(format_args!("action:{action}"))
}

/// Seals and opens stored responses.
#[derive(Clone)]
pub(crate) struct KeptResponses {
    store: Store,
    sealing: Sealing,
}

/// The stored response to an action.
pub(crate) enum Kept {
    /// No response is stored.
    Nothing,
    /// The response.
    Whole(KeptResponse),
    /// A response is stored and cannot be read.
    Damaged,
}

impl Kept {
    /// Returns the response, if it can be read.
    pub(crate) fn readable(self) -> Option<KeptResponse> {
        match self {
            Self::Whole(response) => Some(response),
            Self::Nothing | Self::Damaged => None,
        }
    }
}

impl KeptResponses {
    pub(crate) fn new(store: Store, sealing: Sealing) -> Self {
        Self { store, sealing }
    }

    /// Returns the key that seals a response. It is taken before the request is sent: a new key must be
    /// stored first, and the database may be unavailable when the response arrives.
    pub(crate) async fn key(&self, workspace: WorkspaceId) -> Result<PayloadKey, StorageFailed> {
        Ok(self.sealing.payload_key(workspace).await?)
    }

    /// Opens a stored response. Returns `None` if its content is not stored, or is damaged: its status is
    /// known even then.
    pub(crate) async fn open(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        stored: &StoredResponse,
    ) -> Result<Option<KeptResponse>, StorageFailed> {
        let Some(sealed) = &stored.content else {
            return Ok(None);
        };
        let opened = self
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        let form = match opened {
            Ok(form) => form,
            Err(error) => {
                tracing::error!(%error, ?purpose, "a stored response cannot be opened");
                if error.is_damage() {
                    return Ok(None);
                }
                return Err(StorageFailed);
            }
        };
        let response = KeptResponse::from_form(&form);
        if response.is_none() {
            tracing::error!(?purpose, "a stored response is unreadable");
        }
        Ok(response)
    }

    /// Returns the stored response to an action.
    pub(crate) async fn of_action(&self, action: &Action) -> Result<Kept, StorageFailed> {
        if action.state.status() != ActionStatus::Executed {
            return Ok(Kept::Nothing);
        }
        let stored = match self.store.action_response(action.id).await {
            Ok(None) => return Ok(Kept::Nothing),
            Ok(Some(stored)) => stored,
            Err(error) if error.is_damage() => {
                tracing::error!(%error, "a stored response is damaged");
                return Ok(Kept::Damaged);
            }
            Err(error) => return Err(error.into()),
        };
        let purpose = purpose_of_action(action.id);
        let opened = self.open(action.workspace, &purpose, &stored).await?;
        Ok(match opened {
            Some(response) => Kept::Whole(response),
            None if stored.content.is_some() => Kept::Damaged,
            None => Kept::Nothing,
        })
    }
}
