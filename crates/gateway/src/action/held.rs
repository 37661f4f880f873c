//! The request that an action holds: stored sealed, and the head of a long one separately, so that a
//! list reads kilobytes for each action however long its body is.

use bytes::Bytes;
use gaiterguard_domain::action::Action;
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::ledger::{Preview, Sealed};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_familiarity::Familiarity;
use gaiterguard_sealing::{Purpose, Sealing};
use gaiterguard_store::{Store, StoreError, StoredHead};
use gaiterguard_summary::Summary;

use crate::action::shown::{PREVIEW_BODY_BYTES_MAX, ShownRequest, beginning};
use crate::storage::StorageFailed;

/// The length, in bytes, from which a request is parsed and digested on a blocking thread: it takes
/// more than a few hundred microseconds.
const LONG_FORM_BYTES: usize = 256 * 1024;

/// A held request as it is stored, all of it under one data key.
pub(crate) struct SealedHeld {
    /// The exact request.
    pub(crate) whole: Sealed,
    /// The head of a long request.
    pub(crate) preview: Option<Preview>,
    /// Where the request's values were seen.
    pub(crate) provenance: Option<Vec<u8>>,
    /// The summary of the request.
    pub(crate) summary: Vec<u8>,
}

/// Reasons why a held request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldError {
    /// The action does not exist.
    NotFound,
    /// The stored request is damaged.
    Unreadable,
    /// The database or the vault failed.
    Unavailable,
}

impl From<StorageFailed> for HeldError {
    fn from(StorageFailed: StorageFailed) -> Self {
        Self::Unavailable
    }
}

impl From<StoreError> for HeldError {
    fn from(error: StoreError) -> Self {
        StorageFailed::from(error).into()
    }
}

/// Seals and opens held requests.
#[derive(Clone)]
pub(crate) struct HeldRequests {
    store: Store,
    sealing: Sealing,
    /// The keys by which held requests are compared with others.
    pub(crate) familiarity: Familiarity,
}

impl HeldRequests {
    pub(crate) fn new(store: Store, sealing: Sealing) -> Self {
        Self {
            familiarity: Familiarity::new(store.clone(), sealing.clone()),
            store,
            sealing,
        }
    }

    /// Seals a request, the head of a long one, where its values were seen, and its summary.
    pub(crate) async fn seal(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
        request: &CanonicalRequest,
        digest: Digest,
        provenance: Option<&[u8]>,
        summary: &Summary,
    ) -> Result<SealedHeld, StorageFailed> {
        // One key for everything: a row names one.
        let key = self.sealing.payload_key(workspace).await?;
        let whole = key.seal(
            &Purpose::action_request(action),
            &request.to_canonical_form(),
        )?;
        let provenance = provenance
            .map(|plain| key.seal(&Purpose::action_provenance(action), plain))
            .transpose()?
            .map(|sealed| sealed.bytes);
        let summary = serde_json::to_vec(summary).expect("a summary has no map");
        let summary = key
            .seal(&Purpose::action_summary(action, digest), &summary)?
            .bytes;
        let mut preview = None;
        if request.body.len() > PREVIEW_BODY_BYTES_MAX {
            let head = CanonicalRequest {
                body: beginning(&request.body),
                ..request.clone()
            };
            let purpose = Purpose::action_head(action, digest);
            preview = Some(Preview {
                sealed: key.seal(&purpose, &head.to_canonical_form())?.bytes,
                body_bytes: request.body.len() as u64,
            });
        }
        Ok(SealedHeld {
            whole,
            preview,
            provenance,
            summary,
        })
    }

    /// Returns the exact request that was held, proven by its digest.
    ///
    /// # Errors
    ///
    /// [`HeldError::Unreadable`] if the stored request is not the one that was held.
    pub(crate) async fn whole(&self, action: &Action) -> Result<DigestedRequest, HeldError> {
        let sealed = self.store.action_request(action.id).await?;
        let sealed = sealed.ok_or(HeldError::NotFound)?;
        self.opened_whole(action, &sealed).await
    }

    /// Returns the summary of a held request; `None` if there is no readable one.
    pub(crate) async fn summary(
        &self,
        action: &Action,
        sealed: Option<&Sealed>,
    ) -> Result<Option<Summary>, HeldError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let purpose = Purpose::action_summary(action.id, action.digest);
        match self.open_held(action, &purpose, sealed).await {
            Ok(plain) => Ok(serde_json::from_slice(&plain).ok()),
            Err(HeldError::Unreadable) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns all of a held request for a human; only its head, if its body is no longer kept.
    pub(crate) async fn shown_whole(&self, action: &Action) -> Result<ShownRequest, HeldError> {
        let sealed = self.store.action_request(action.id).await?;
        let sealed = sealed.ok_or(HeldError::NotFound)?;
        if sealed.bytes.is_empty() {
            return self.shown_head(action).await;
        }
        let request = self.opened_whole(action, &sealed).await?;
        Ok(ShownRequest::whole(request.into_request()))
    }

    /// Returns the part of a held request that a list shows.
    pub(crate) async fn shown_head(&self, action: &Action) -> Result<ShownRequest, HeldError> {
        let stored = self.store.action_head(action.id).await?;
        match stored.ok_or(HeldError::NotFound)? {
            StoredHead::Whole(sealed) => {
                let request = self.opened_whole(action, &sealed).await?;
                let body_bytes = request.body.len() as u64;
                let body = Bytes::copy_from_slice(&beginning(&request.body));
                let head = CanonicalRequest {
                    body,
                    ..request.into_request()
                };
                Ok(ShownRequest::head(head, body_bytes))
            }
            StoredHead::Head(sealed, body_bytes) => {
                let purpose = Purpose::action_head(action.id, action.digest);
                let form = self.open_held(action, &purpose, &sealed).await?;
                let request = CanonicalRequest::from_canonical_form(&form);
                let request = request.filter(|request| is_listed_as(request, action));
                let request = request.ok_or_else(|| unreadable(action))?;
                Ok(ShownRequest::head(request, body_bytes))
            }
        }
    }

    async fn opened_whole(
        &self,
        action: &Action,
        sealed: &Sealed,
    ) -> Result<DigestedRequest, HeldError> {
        let purpose = Purpose::action_request(action.id);
        let form = self.open_held(action, &purpose, sealed).await?;
        let digest = action.digest;
        let proven = move || {
            let request = CanonicalRequest::from_canonical_form(&form);
            let request = request.map(DigestedRequest::new);
            request.filter(|request| request.digest() == digest)
        };
        let request = if sealed.bytes.len() < LONG_FORM_BYTES {
            proven()
        } else {
            let proving = tokio::task::spawn_blocking(proven).await;
            proving.map_err(|_| HeldError::Unavailable)?
        };
        request
            .filter(|request| is_listed_as(request, action))
            .ok_or_else(|| unreadable(action))
    }

    async fn open_held(
        &self,
        action: &Action,
        purpose: &Purpose,
        sealed: &Sealed,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, HeldError> {
        let opened = self
            .sealing
            .open(action.workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        opened.map_err(|error| {
            tracing::error!(%error, action_id = %action.id, "a held request cannot be opened");
            if error.is_damage() {
                HeldError::Unreadable
            } else {
                HeldError::Unavailable
            }
        })
    }
}

/// Whether a request is the one that the plain columns of its row describe. Lists and notifications
/// show the columns, so they must describe the request that would be sent.
fn is_listed_as(request: &CanonicalRequest, action: &Action) -> bool {
    request.method.as_str() == action.method
        && redact::agent_keys(&request.target.to_string()) == action.target_url
}

fn unreadable(action: &Action) -> HeldError {
    tracing::error!(action_id = %action.id, "the held request does not have its digest");
    HeldError::Unreadable
}
