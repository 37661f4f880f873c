//! How a request that was sent ended: what the ledger and the action are told.

use gaiterguard_domain::action::{Action, ActionEvent};
use gaiterguard_domain::id::{AgentId, RequestEntryId};
use gaiterguard_domain::ledger::{Completion, Outcome, StoredResponse};
use gaiterguard_domain::request::IdempotencyKey;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_sealing::{PayloadKey, Purpose};
use http::StatusCode;

use crate::Gateway;
use crate::forward::after_sending::Unrecorded;
use crate::forward::upload::Streamed;
use crate::sealed;

/// How an answer ended.
pub(crate) enum End {
    /// It is complete.
    Whole(KeptResponse),
    /// It broke off behind its head.
    Cut {
        /// The status in the head.
        status: StatusCode,
    },
}

/// Whom to tell.
pub(crate) enum Conclusion {
    /// A request that was forwarded at once.
    Forwarded {
        /// The ledger's row.
        entry: RequestEntryId,
        /// The key it had claimed.
        claim: Option<(AgentId, IdempotencyKey)>,
        /// What its response is sealed with, if that is kept.
        answer_key: Option<PayloadKey>,
        /// Its body, if that went on as it arrived.
        streamed: Option<Streamed>,
    },
    /// An action that is `EXECUTING`, and what its response is sealed with.
    Executed(Box<Action>, PayloadKey),
}

impl Conclusion {
    /// Whether the answer is kept for whoever asks again.
    pub(crate) fn keeps_answer(&self) -> bool {
        match self {
            Self::Forwarded { answer_key, .. } => answer_key.is_some(),
            Self::Executed(..) => true,
        }
    }

    /// Records the end. When this returns without an error, it is durable, except for a request
    /// without a key: nobody can ask for its response again, so that is not withheld. What could not
    /// be written is written when the database is back.
    pub(crate) async fn conclude(self, gateway: &Gateway, end: End) -> Result<(), Unrecorded> {
        match self {
            Self::Forwarded {
                entry,
                claim,
                answer_key,
                streamed,
            } => {
                let outcome = match end {
                    End::Whole(answer) => {
                        let purpose = sealed::request_answer(entry);
                        Outcome::Responded(keep(answer_key.as_ref(), &purpose, &answer))
                    }
                    End::Cut { status } => Outcome::Broken {
                        status: Some(status.as_u16()),
                    },
                };
                let at = gateway.clock.now();
                let audit = streamed.map(|streamed| streamed.audit(&outcome, at));
                let has_key = claim.is_some();
                let completed = gateway.complete(Completion {
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
            Self::Executed(action, answer_key) => {
                let at = gateway.clock.now();
                let (event, answer, outcome) = match end {
                    End::Whole(answer) => {
                        let purpose = sealed::action_answer(action.id);
                        let stored = keep(Some(&answer_key), &purpose, &answer);
                        let told = StoredResponse {
                            status: stored.status,
                            content: None,
                        };
                        (
                            ActionEvent::Respond { at },
                            Some(stored),
                            Outcome::Responded(told),
                        )
                    }
                    End::Cut { status } => {
                        let detail =
                            "the connection failed during the upstream's response".to_owned();
                        let outcome = Outcome::Broken {
                            status: Some(status.as_u16()),
                        };
                        (ActionEvent::Break { at, detail }, None, outcome)
                    }
                };
                let entry = action.entry;
                let ended = Box::pin(gateway.end_execution(*action, event, answer)).await;
                gateway.store.complete_in_background(Completion {
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

impl Gateway {
    /// Records the end of a forwarded request. Where a key or an entry of the audit log goes with
    /// it, it is durable when this returns without an error; otherwise it follows with the ledger's
    /// next batch. What could not be written is written when the database is back.
    pub(crate) async fn complete(&self, completion: Completion) -> Result<(), Unrecorded> {
        if completion.claim.is_none() && completion.audit.is_none() {
            self.store.complete_in_background(completion);
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
}

/// What is stored of an answer: all of it, sealed, if there is a key. One that cannot be sealed is not
/// kept, but that there was one is.
fn keep(key: Option<&PayloadKey>, purpose: &Purpose, answer: &KeptResponse) -> StoredResponse {
    let sealed = key.map(|key| key.seal(purpose, &answer.to_form()));
    let content = sealed.and_then(|sealed| {
        sealed
            .inspect_err(|error| tracing::error!(%error, ?purpose, "sealing failed"))
            .ok()
    });
    StoredResponse {
        status: answer.status.as_u16(),
        content,
    }
}
