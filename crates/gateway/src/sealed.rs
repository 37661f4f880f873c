//! What the request path seals and opens.

use gaiterguard_domain::answer::KeptAnswer;
use gaiterguard_domain::id::{ActionId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::{Sealed, StoredAnswer};
use zeroize::Zeroizing;

use crate::Gateway;
use crate::refusal::Refusal;
use crate::sealing::Purpose;

/// What the answer to a request with a key is sealed for.
pub(crate) fn request_answer(entry: RequestEntryId) -> Purpose {
    Purpose::answer(format_args!("request:{entry}"))
}

/// What the answer to an executed action is sealed for.
pub(crate) fn action_answer(action: ActionId) -> Purpose {
    Purpose::answer(format_args!("action:{action}"))
}

impl Gateway {
    pub(crate) async fn seal(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        plain: &[u8],
    ) -> Result<Sealed, Refusal> {
        self.sealing
            .seal(workspace, purpose, plain)
            .await
            .map_err(|error| {
                tracing::error!(%error, ?purpose, "sealing failed");
                Refusal::StorageUnavailable
            })
    }

    pub(crate) async fn open(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let opened = self
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        opened.map_err(|error| {
            tracing::error!(%error, ?purpose, "opening failed");
            Refusal::StorageUnavailable
        })
    }

    /// A kept answer; none if it was not kept.
    pub(crate) async fn open_answer(
        &self,
        workspace: WorkspaceId,
        purpose: &Purpose,
        stored: &StoredAnswer,
    ) -> Result<Option<KeptAnswer>, Refusal> {
        let Some(sealed) = &stored.content else {
            return Ok(None);
        };
        let form = self.open(workspace, purpose, sealed).await?;
        let kept = KeptAnswer::from_form(&form).ok_or_else(|| {
            tracing::error!(?purpose, "a kept answer is unreadable");
            Refusal::StorageUnavailable
        })?;
        Ok(Some(kept))
    }
}
