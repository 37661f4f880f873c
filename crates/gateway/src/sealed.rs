//! What the request path seals and opens.

use gaiterguard_domain::id::{ActionId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::StoredResponse;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_sealing::{PayloadKey, Purpose};

use crate::Gateway;
use crate::refusal::Refusal;

/// What the answer to a request with a key is sealed for.
pub(crate) fn request_answer(entry: RequestEntryId) -> Purpose {
    Purpose::response(format_args!("request:{entry}"))
}

/// What the answer to an executed action is sealed for.
pub(crate) fn action_answer(action: ActionId) -> Purpose {
    Purpose::response(format_args!("action:{action}"))
}

impl Gateway {
    /// The key that a response is to be sealed with. It is taken before the request is sent: a new one
    /// has to be stored first, and the database may be gone when the response arrives.
    pub(crate) async fn answer_key(&self, workspace: WorkspaceId) -> Result<PayloadKey, Refusal> {
        self.sealing.payload_key(workspace).await.map_err(|error| {
            tracing::error!(%error, "there is no key to seal a response with");
            Refusal::StorageUnavailable
        })
    }

    /// A kept answer; none if it was not kept, or is damaged: that it was answered is known still.
    pub(crate) async fn open_answer(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        stored: &StoredResponse,
    ) -> Result<Option<KeptResponse>, Refusal> {
        let Some(sealed) = &stored.content else {
            return Ok(None);
        };
        let opened = self
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        let kept = match opened {
            Ok(form) => KeptResponse::from_form(&form),
            Err(error) if error.is_damage() => {
                tracing::error!(%error, ?purpose, "opening failed");
                None
            }
            Err(error) => {
                tracing::error!(%error, ?purpose, "opening failed");
                return Err(Refusal::StorageUnavailable);
            }
        };
        if kept.is_none() {
            tracing::error!(?purpose, "a kept answer is unreadable");
        }
        Ok(kept)
    }
}
