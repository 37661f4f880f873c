//! `POST /approvals/decisions`: a human's rulings on several actions.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use futures_util::StreamExt as _;
use futures_util::stream;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::request::Digest;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{Ruled, Ruling};
use gaiterguard_web::extract::LimitedJson;
use gaiterguard_web::problem::{Problem, ProblemBody};
use gaiterguard_web::responses::InvalidBody;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::decide::{UndoSeconds, rule};
use super::digest::parse_digest;
use super::votes::TallyBody;
use crate::caller::Member;
use crate::people::People;

/// Maximum number of decisions in one call: the longest page of a list.
const DECISIONS_MAX: usize = 200;

/// Maximum length of the body, in bytes. It has room for [`DECISIONS_MAX`] notes of the maximum length
/// (2000 characters, up to 4 bytes each) and 250 bytes for the rest of each decision.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How many decisions are made at the same time. Decisions that wait together share a commit. Each
/// opens its request, which may be as long as a request body, so a higher number would take much
/// memory.
const CONCURRENT_MAX: usize = 8;

/// A human's rulings on several actions.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ActionDecisions)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionDecisionsBody {
    /// The rulings, each on a different action.
    #[schema(min_items = 1, max_items = 200)]
    decisions: Vec<ActionDecisionBody>,
}

/// A human's ruling on one of several actions.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ActionDecision)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionDecisionBody {
    /// The action.
    action_id: Uuid,
    /// Digest of the request that the user reviewed. If the action's request has a different
    /// digest, the ruling is refused.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    digest: String,
    /// Whether to approve or deny the action.
    decision: DecisionKind,
    /// Note to the agent.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// How long an approval can be undone before the request is released to the agent, in seconds. Only
    /// for `approve`.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 30, default = 0)]
    undo_seconds: Option<UndoSeconds>,
}

/// A ruling on a pending action.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionKind {
    /// The agent may execute the request.
    Approve,
    /// The request is never sent.
    Deny,
}

/// Results of several rulings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionResults {
    /// The results, in the order of the rulings.
    results: Vec<DecisionResult>,
}

/// Result of one of several rulings: a status or a problem.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionResult {
    /// The action.
    action_id: Uuid,
    /// The new status; `PENDING` if the approval counts and the action waits for others. Null if the
    /// ruling was refused.
    #[schema(required)]
    status: Option<ActionStatus>,
    /// The approvals of an action that waits for others; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<TallyBody>,
    /// Why the ruling was refused: the body of the error that the endpoint for one action returns. Null
    /// if the ruling was accepted.
    #[schema(required, value_type = Option<ProblemBody>)]
    problem: Option<Box<RawValue>>,
}

/// A decision whose form is valid.
struct Decision {
    action: Uuid,
    digest: Digest,
    ruling: Ruling,
    note: Option<String>,
}

/// Approve and deny several actions
///
/// Accepts up to 200 rulings, each as if it were sent to the endpoint for one action: a refused ruling
/// does not affect the others. An approval that requires a passkey is refused here, because each requires its own use of it. If the body is invalid or contains an action twice, nothing is changed.
/// If the connection breaks before the response, some rulings may have been accepted; the actions show
/// which.
#[utoipa::path(
    post,
    path = "/approvals/decisions",
    operation_id = "decideActions",
    tag = "approvals",
    request_body = ActionDecisionsBody,
    responses(
        (status = 200, description = "The result of each ruling.", body = DecisionResults),
        InvalidBody,
    )
)]
pub(super) async fn decide_several(
    State(gateway): State<Arc<Gateway>>,
    member: Member,
    LimitedJson(body): LimitedJson<ActionDecisionsBody, BODY_BYTES_MAX>,
) -> Result<Json<DecisionResults>, Problem> {
    let decisions = checked(body.decisions)?;
    let people = People::of(gateway.store(), member.workspace()).await?;
    let (gateway, member, people) = (&gateway, &member, &people);
    let deciding = decisions.into_iter().map(|decision| async move {
        let Decision {
            action,
            digest,
            ruling,
            note,
        } = decision;
        let ruled = rule(
            gateway,
            member,
            ActionId(action),
            ruling,
            note,
            Some(digest),
            None,
        )
        .await;
        DecisionResult::of(action, ruled, people)
    });
    let results = stream::iter(deciding).buffered(CONCURRENT_MAX).collect();
    Ok(Json(DecisionResults {
        results: results.await,
    }))
}

/// Checks the form of all decisions before any of them is made.
fn checked(decisions: Vec<ActionDecisionBody>) -> Result<Vec<Decision>, Problem> {
    if !(1..=DECISIONS_MAX).contains(&decisions.len()) {
        return Err(Problem::field(
            "decisions",
            format!("must contain 1 to {DECISIONS_MAX} decisions"),
        ));
    }
    let mut errors = Vec::new();
    let mut known: HashMap<Uuid, usize> = HashMap::with_capacity(decisions.len());
    let mut checked = Vec::with_capacity(decisions.len());
    for (index, decision) in decisions.into_iter().enumerate() {
        let ActionDecisionBody {
            action_id: action,
            digest,
            decision: kind,
            note,
            undo_seconds,
        } = decision;
        let first = *known.entry(action).or_insert(index);
        if first != index {
            errors.push(FieldError::new(
                format!("decisions[{index}].action_id"),
                format!("is the same action as in decisions[{first}]; decide each action once"),
            ));
        }
        let undo = undo_seconds.unwrap_or_default().duration();
        let ruling = match kind {
            DecisionKind::Approve => Ruling::Approve {
                undo,
                break_glass: false,
            },
            DecisionKind::Deny => Ruling::Deny,
        };
        if ruling == Ruling::Deny && !undo.is_zero() {
            errors.push(FieldError::new(
                format!("decisions[{index}].undo_seconds"),
                "applies only to an approval",
            ));
        }
        match parse_digest(&format!("decisions[{index}].digest"), &digest) {
            Ok(digest) => checked.push(Decision {
                action,
                digest,
                ruling,
                note,
            }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(Problem::fields(errors))
    }
}

impl DecisionResult {
    fn of(action: Uuid, ruled: Result<Ruled, Problem>, people: &People) -> Self {
        let (status, approvals, problem) = match ruled {
            Ok(Ruled::Done(status)) => (Some(status), None, None),
            Ok(Ruled::Voted(tally)) => {
                let tally = TallyBody::of(&tally, people);
                (Some(ActionStatus::Pending), Some(tally), None)
            }
            Err(problem) => {
                let problem = RawValue::from_string(problem.to_text())
                    .unwrap_or_else(|error| unreachable!("a problem is JSON: {error}"));
                (None, None, Some(problem))
            }
        };
        Self {
            action_id: action,
            status,
            approvals,
            problem,
        }
    }
}
