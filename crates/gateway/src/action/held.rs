//! The request that an action holds, as it is kept and as it is shown: sealed whole, and of a long
//! one also the head apart, so that a list costs kilobytes for each action however long its body is.

use bytes::Bytes;
use gaiterguard_domain::action::Action;
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::ledger::{Preview, Sealed};
use gaiterguard_domain::redact;
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_sealing::{Purpose, SealingError};
use gaiterguard_store::StoredHead;
use gaiterguard_upstream::compressed;
use http::HeaderMap;

use crate::Gateway;
use crate::refusal::Refusal;

/// How much of a body a list shows, in bytes.
pub const PREVIEW_BODY_BYTES_MAX: usize = 4096;

/// How much of the headers a list shows, in bytes of names and values. Ordinary requests have less
/// than half of it; the whole may be 32 KiB for each action.
pub const PREVIEW_HEADER_BYTES_MAX: usize = 8192;

/// From this length on, in bytes, a request is taken apart and digested off the async workers: it
/// takes them more than a few hundred microseconds.
const LONG_FORM_BYTES: usize = 256 * 1024;

/// A held request as it is kept, all of it under one data key.
pub(crate) struct SealedHeld {
    /// The exact request.
    pub(crate) whole: Sealed,
    /// The head of a long one.
    pub(crate) preview: Option<Preview>,
    /// Where its values were seen.
    pub(crate) provenance: Option<Vec<u8>>,
}

/// A held request as it is shown to a human.
#[derive(Clone, Debug)]
pub struct ShownRequest {
    /// The headers, or those that fit into [`PREVIEW_HEADER_BYTES_MAX`].
    pub headers: HeaderMap,
    /// Whether headers were left out.
    pub headers_are_cut: bool,
    /// The body, or its first [`PREVIEW_BODY_BYTES_MAX`] bytes.
    pub body: Bytes,
    /// The length of the whole body, in bytes.
    pub body_bytes: u64,
}

impl ShownRequest {
    /// All of a request.
    fn whole(request: CanonicalRequest) -> Self {
        Self {
            headers: request.headers,
            headers_are_cut: false,
            body_bytes: request.body.len() as u64,
            body: request.body,
        }
    }

    /// What a list shows of a request.
    fn head(request: CanonicalRequest, body_bytes: u64) -> Self {
        let (headers, headers_are_cut) = first_headers(request.headers);
        Self {
            headers,
            headers_are_cut,
            body: beginning(&request.body),
            body_bytes,
        }
    }
}

/// A kept response as it is shown to a human.
#[derive(Clone, Debug)]
pub struct ShownAnswer {
    /// The response. In a list its headers and body are cut as those of a request are.
    pub answer: KeptResponse,
    /// The length of the body that is kept, decoded if it is compressed, in bytes.
    pub body_bytes: u64,
    /// Whether headers were left out.
    pub headers_are_cut: bool,
}

impl ShownAnswer {
    /// All of it.
    pub fn whole(answer: KeptResponse) -> Self {
        let answer = compressed::readable(answer);
        Self {
            body_bytes: answer.body.len() as u64,
            headers_are_cut: false,
            answer,
        }
    }

    /// What a list shows of it.
    pub(crate) fn head(answer: KeptResponse) -> Self {
        let mut answer = compressed::readable(answer);
        let body_bytes = answer.body.len() as u64;
        // A copy, since a slice would keep the whole in memory.
        answer.body = Bytes::copy_from_slice(&beginning(&answer.body));
        let (headers, headers_are_cut) = first_headers(answer.headers);
        answer.headers = headers;
        Self {
            answer,
            body_bytes,
            headers_are_cut,
        }
    }
}

/// The first bytes of a body, without a character that would be cut in two.
fn beginning(body: &Bytes) -> Bytes {
    let first = &body[..body.len().min(PREVIEW_BODY_BYTES_MAX)];
    match std::str::from_utf8(first) {
        Err(cut) if cut.error_len().is_none() && first.len() < body.len() => {
            body.slice(..cut.valid_up_to())
        }
        _ => body.slice(..first.len()),
    }
}

fn first_headers(headers: HeaderMap) -> (HeaderMap, bool) {
    let length = |headers: &HeaderMap| -> usize {
        let lengths = headers.iter();
        lengths
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum()
    };
    if length(&headers) <= PREVIEW_HEADER_BYTES_MAX {
        return (headers, false);
    }
    let mut left = PREVIEW_HEADER_BYTES_MAX;
    let mut first = HeaderMap::new();
    for (name, value) in &headers {
        let length = name.as_str().len() + value.len();
        if length <= left {
            left -= length;
            first.append(name.clone(), value.clone());
        }
    }
    (first, true)
}

impl Gateway {
    /// Seals a request that is to be held, the head of a long one, and where its values were seen.
    pub(crate) async fn seal_held(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
        request: &CanonicalRequest,
        digest: Digest,
        provenance: Option<&[u8]>,
    ) -> Result<SealedHeld, Refusal> {
        let unavailable = |error: SealingError| {
            tracing::error!(%error, action_id = %action, "sealing failed");
            Refusal::StorageUnavailable
        };
        // One key for all: a row names one.
        let key = self
            .sealing
            .payload_key(workspace)
            .await
            .map_err(unavailable)?;
        let whole = key
            .seal(
                &Purpose::action_request(action),
                &request.to_canonical_form(),
            )
            .map_err(unavailable)?;
        let provenance = provenance
            .map(|plain| key.seal(&Purpose::action_provenance(action), plain))
            .transpose()
            .map_err(unavailable)?
            .map(|sealed| sealed.bytes);
        if request.body.len() <= PREVIEW_BODY_BYTES_MAX {
            return Ok(SealedHeld {
                whole,
                preview: None,
                provenance,
            });
        }
        let head = CanonicalRequest {
            body: beginning(&request.body),
            ..request.clone()
        };
        let sealed = key
            .seal(
                &Purpose::action_head(action, digest),
                &head.to_canonical_form(),
            )
            .map_err(unavailable)?;
        let preview = Preview {
            sealed: sealed.bytes,
            body_bytes: request.body.len() as u64,
        };
        Ok(SealedHeld {
            whole,
            preview: Some(preview),
            provenance,
        })
    }

    /// The exact request that was held, proven by its digest.
    ///
    /// # Errors
    ///
    /// [`Refusal::ActionUnreadable`] if what is stored is not what was held.
    pub(crate) async fn held_request(&self, action: &Action) -> Result<CanonicalRequest, Refusal> {
        let sealed = self.store.action_request(action.id).await?;
        let sealed = sealed.ok_or(Refusal::ActionNotFound)?;
        self.opened_whole(action, &sealed).await
    }

    /// The whole of a held request for a human; of one whose body is no longer kept, its head.
    pub(crate) async fn shown_whole(&self, action: &Action) -> Result<ShownRequest, Refusal> {
        let sealed = self.store.action_request(action.id).await?;
        let sealed = sealed.ok_or(Refusal::ActionNotFound)?;
        if sealed.bytes.is_empty() {
            return self.shown_head(action).await;
        }
        let request = self.opened_whole(action, &sealed).await?;
        Ok(ShownRequest::whole(request))
    }

    /// The head of a held request for a list.
    pub(crate) async fn shown_head(&self, action: &Action) -> Result<ShownRequest, Refusal> {
        let stored = self.store.action_head(action.id).await?;
        match stored.ok_or(Refusal::ActionNotFound)? {
            StoredHead::Whole(sealed) => {
                let request = self.opened_whole(action, &sealed).await?;
                let body_bytes = request.body.len() as u64;
                let body = Bytes::copy_from_slice(&beginning(&request.body));
                Ok(ShownRequest::head(
                    CanonicalRequest { body, ..request },
                    body_bytes,
                ))
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
    ) -> Result<CanonicalRequest, Refusal> {
        let purpose = Purpose::action_request(action.id);
        let form = self.open_held(action, &purpose, sealed).await?;
        let digest = action.digest;
        let proven = move || {
            let request = CanonicalRequest::from_canonical_form(&form);
            request.filter(|request| request.digest() == digest)
        };
        let request = if sealed.bytes.len() < LONG_FORM_BYTES {
            proven()
        } else {
            let proving = tokio::task::spawn_blocking(proven).await;
            proving.map_err(|_| Refusal::StorageUnavailable)?
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
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Refusal> {
        let opened = self
            .sealing
            .open(action.workspace, sealed.data_key, &sealed.bytes, purpose)
            .await;
        opened.map_err(|error| {
            tracing::error!(%error, action_id = %action.id, "a held request does not open");
            if error.is_damage() {
                Refusal::ActionUnreadable
            } else {
                Refusal::StorageUnavailable
            }
        })
    }
}

/// Whether a request is the one that the row's plain columns describe: lists and notifications show
/// those, so they must not say something else than what would be sent.
fn is_listed_as(request: &CanonicalRequest, action: &Action) -> bool {
    request.method.as_str() == action.method
        && redact::agent_keys(&request.target.to_string()) == action.target_url
}

fn unreadable(action: &Action) -> Refusal {
    tracing::error!(action_id = %action.id, "the held request is not what was digested");
    Refusal::ActionUnreadable
}
