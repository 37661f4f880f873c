//! Recording how a request ended that was sent.

use bytes::Bytes;
use gaiterguard_domain::action::{Action, ActionEvent};
use gaiterguard_domain::id::{AgentId, RequestEntryId};
use gaiterguard_domain::ledger::{Completion, Outcome, StoredResponse};
use gaiterguard_domain::request::IdempotencyKey;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_sealing::{PayloadKey, Purpose};
use http::{HeaderMap, StatusCode};

use crate::action::kept;
use crate::record::recorder::Recorder;
use crate::record::streamed::Streamed;

/// How a response ended.
pub(crate) enum ResponseEnd {
    /// The response is complete.
    Whole(KeptResponse),
    /// The response broke off after its head.
    Broken {
        /// The status in the head.
        status: StatusCode,
    },
}

impl ResponseEnd {
    /// Returns the end of a response without a head, with its status only.
    pub(crate) fn status_only(status: StatusCode) -> Self {
        Self::Whole(KeptResponse {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_truncated: true,
        })
    }
}

/// The record that a response completes.
pub(crate) enum PendingCompletion {
    /// The record of a request that was forwarded.
    Forwarded {
        /// The row of the ledger.
        entry: RequestEntryId,
        /// The key that the request claimed.
        claim: Option<(AgentId, IdempotencyKey)>,
        /// The key that seals the response, if the response is stored.
        response_key: Option<PayloadKey>,
        /// The body, if it was forwarded as it arrived.
        streamed: Option<Streamed>,
    },
    /// The record of an action that is `EXECUTING`, with the key that seals the response.
    Executed(Box<Action>, PayloadKey),
}

/// The upstream has responded, and the ledger does not contain that yet. It is written as soon as the
/// database is available.
#[derive(Debug)]
pub(crate) struct Unrecorded;

impl PendingCompletion {
    /// Whether the response is stored for a repeated request.
    pub(crate) fn stores_response(&self) -> bool {
        match self {
            Self::Forwarded { response_key, .. } => response_key.is_some(),
            Self::Executed(..) => true,
        }
    }

    /// Records the end. When this returns without an error, the end is durable, except for a request
    /// without a key: its response can never be requested again, so it is not withheld. An end that could
    /// not be written is written when the database is back.
    pub(crate) async fn complete(
        self,
        recorder: &Recorder,
        end: ResponseEnd,
    ) -> Result<(), Unrecorded> {
        match self {
            Self::Forwarded {
                entry,
                claim,
                response_key,
                streamed,
            } => {
                let outcome = match end {
                    ResponseEnd::Whole(response) => {
                        let purpose = kept::purpose_of_request(entry);
                        Outcome::Responded(stored(response_key.as_ref(), &purpose, &response))
                    }
                    ResponseEnd::Broken { status } => Outcome::Broken {
                        status: Some(status.as_u16()),
                    },
                };
                let at = recorder.now();
                let audit = streamed.map(|streamed| streamed.audit(&outcome, at));
                let has_key = claim.is_some();
                let completed = recorder.complete(Completion {
                    entry,
                    claim,
                    outcome,
                    at,
                    audit,
                });
                match completed.await {
                    Err(unrecorded) if has_key => Err(unrecorded),
                    Ok(()) | Err(_) => Ok(()),
                }
            }
            Self::Executed(action, response_key) => {
                let at = recorder.now();
                let (event, response, outcome) = match end {
                    ResponseEnd::Whole(response) => {
                        let purpose = kept::purpose_of_action(action.id);
                        let stored = stored(Some(&response_key), &purpose, &response);
                        // The action has the response; its request's row has the status alone.
                        let status_only = StoredResponse {
                            status: stored.status,
                            content: None,
                        };
                        let event = ActionEvent::Respond { at };
                        (event, Some(stored), Outcome::Responded(status_only))
                    }
                    ResponseEnd::Broken { status } => {
                        let detail =
                            "the connection failed during the upstream's response".to_owned();
                        let outcome = Outcome::Broken {
                            status: Some(status.as_u16()),
                        };
                        (ActionEvent::Break { at, detail }, None, outcome)
                    }
                };
                let entry = action.entry;
                let ended = Box::pin(recorder.end_execution(*action, event, response)).await;
                recorder.complete_in_background(Completion {
                    entry,
                    claim: None,
                    outcome,
                    at,
                    audit: None,
                });
                ended
            }
        }
    }
}

impl Recorder {
    /// Records the end of a forwarded request. If it completes a key or has an audit entry, it is durable
    /// when this returns without an error; otherwise it follows with the ledger's next batch. An end that
    /// could not be written is written when the database is back.
    pub(crate) async fn complete(&self, completion: Completion) -> Result<(), Unrecorded> {
        if completion.claim.is_none() && completion.audit.is_none() {
            self.complete_in_background(completion);
            return Ok(());
        }
        let entry = completion.entry;
        match self.store.complete(completion).await {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(
                    %entry, %error,
                    "the end of a request will be written when the database is available"
                );
                Err(Unrecorded)
            }
        }
    }

    /// Records the end of a request with the ledger's next batch.
    pub(crate) fn complete_in_background(&self, completion: Completion) {
        self.store.complete_in_background(completion);
    }
}

/// Returns what is stored of a response: all of it, sealed, if there is a key. If sealing fails, only the
/// status is stored.
fn stored(key: Option<&PayloadKey>, purpose: &Purpose, response: &KeptResponse) -> StoredResponse {
    let sealed = key.map(|key| key.seal(purpose, &response.to_form()));
    let content = sealed.and_then(|sealed| {
        sealed
            .inspect_err(|error| tracing::error!(%error, ?purpose, "sealing failed"))
            .ok()
    });
    StoredResponse {
        status: response.status.as_u16(),
        content,
    }
}
