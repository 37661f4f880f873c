//! How a request that was sent ended: what the ledger and the action are told.

use gaiterguard_domain::answer::KeptAnswer;
use gaiterguard_domain::approval::{Action, ActionEvent};
use gaiterguard_domain::id::{AgentId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::{Completion, Outcome, StoredAnswer};
use gaiterguard_domain::request::IdempotencyKey;
use http::StatusCode;

use crate::Gateway;
use crate::refusal::Refusal;
use crate::sealed;
use crate::sealing::Purpose;
use crate::upload::Streamed;

/// How an answer ended.
pub(crate) enum End {
    /// It is complete.
    Whole(KeptAnswer),
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
        /// The workspace.
        workspace: WorkspaceId,
        /// The ledger's row.
        entry: RequestEntryId,
        /// The key it had claimed.
        claim: Option<(AgentId, IdempotencyKey)>,
        /// Its body, if that went on as it arrived.
        streamed: Option<Streamed>,
    },
    /// An action that is `EXECUTING`.
    Executed(Box<Action>),
}

impl Conclusion {
    /// Whether the answer is kept for whoever asks again.
    pub(crate) fn keeps_answer(&self) -> bool {
        match self {
            Self::Forwarded { claim, .. } => claim.is_some(),
            Self::Executed(_) => true,
        }
    }

    /// Records the end. When this returns, it is durable, except for a request without a key whose body
    /// was known to the decision: its end follows with the ledger's next batch.
    pub(crate) async fn conclude(self, gateway: &Gateway, end: End) -> Result<(), Refusal> {
        match self {
            Self::Forwarded {
                workspace,
                entry,
                claim,
                streamed,
            } => {
                let outcome = match end {
                    End::Whole(answer) if claim.is_some() => Outcome::Answered(
                        keep(gateway, workspace, &sealed::request_answer(entry), &answer).await?,
                    ),
                    End::Whole(answer) => Outcome::Answered(StoredAnswer {
                        status: answer.status.as_u16(),
                        content: None,
                    }),
                    End::Cut { status } => Outcome::Broken {
                        status: Some(status.as_u16()),
                    },
                };
                let at = gateway.clock.now();
                let audit = streamed.map(|streamed| streamed.audit(&outcome, at));
                let may_follow = claim.is_none() && audit.is_none();
                let completion = Completion {
                    entry,
                    claim,
                    outcome,
                    at,
                    audit,
                };
                if may_follow {
                    gateway.store.complete_soon(completion).await?;
                } else {
                    gateway.store.complete(completion).await?;
                }
                Ok(())
            }
            Self::Executed(action) => {
                let at = gateway.clock.now();
                let (event, answer, outcome) = match end {
                    End::Whole(answer) => {
                        let purpose = sealed::action_answer(action.id);
                        let stored = keep(gateway, action.workspace, &purpose, &answer).await?;
                        let told = StoredAnswer {
                            status: stored.status,
                            content: None,
                        };
                        (
                            ActionEvent::Answer { at },
                            Some(stored),
                            Outcome::Answered(told),
                        )
                    }
                    End::Cut { status } => {
                        let detail = "the upstream's answer broke off".to_owned();
                        let outcome = Outcome::Broken {
                            status: Some(status.as_u16()),
                        };
                        (ActionEvent::Break { at, detail }, None, outcome)
                    }
                };
                let entry = action.entry;
                Box::pin(gateway.end_execution(*action, event, answer)).await?;
                gateway
                    .store
                    .complete_soon(Completion {
                        entry,
                        claim: None,
                        outcome,
                        at,
                        audit: None,
                    })
                    .await?;
                Ok(())
            }
        }
    }
}

/// Seals an answer.
async fn keep(
    gateway: &Gateway,
    workspace: WorkspaceId,
    purpose: &Purpose,
    answer: &KeptAnswer,
) -> Result<StoredAnswer, Refusal> {
    let sealed = gateway.seal(workspace, purpose, &answer.to_form()).await?;
    Ok(StoredAnswer {
        status: answer.status.as_u16(),
        content: Some(sealed),
    })
}
