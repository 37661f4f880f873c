//! `PATCH /approvals/{action_id}/approve`, `/deny`, `/revoke`, and `/resolve`: rulings and findings of humans.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::action::{ActionStatus, Resolution, UNDO_SECONDS_MAX};
use gaiterguard_domain::field::whole;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::step_up::Presented;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{Ruled, Ruling, RulingRefused};
use gaiterguard_identity::Identity;
use gaiterguard_web::extract::{ApiJson, ApiPath, OptionalJson};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidBody, MayNotApprove, NotFound};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::digest::reviewed;
use super::step_up::PasskeyBody;
use super::votes::{TallyBody, VoteCounted, has_voted};
use crate::caller::Member;
use crate::people::People;

/// A human's ruling on an action.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Decision)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    /// Note to the agent.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// Digest of the request that the user reviewed. If the action's request has a different
    /// digest, the ruling is refused.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    digest: Option<String>,
}

/// A human's approval.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ApprovalDecision)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalDecisionBody {
    /// Note to the agent.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// Digest of the request that the user reviewed. If the action's request has a different
    /// digest, the ruling is refused.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    digest: Option<String>,
    /// How long the approval can be undone before the request is released to the agent, in seconds. To
    /// undo it, revoke the action.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 30, default = 0)]
    undo_seconds: Option<UndoSeconds>,
    /// Whether to approve alone, without the other approvals that the action requires. Only for owners,
    /// and only with a note. Has no effect if one approval is enough.
    #[schema(default = false)]
    break_glass: Option<bool>,
    /// The use of a passkey for this approval, for which `POST /approvals/{action_id}/approve/options` returned the
    /// options. Required where `approvals.step_up` of the action is `passkey`.
    passkey: Option<PasskeyBody>,
}

/// How long an approval can be undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UndoSeconds(u64);

impl UndoSeconds {
    /// Returns the time.
    pub(super) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl<'de> Deserialize<'de> for UndoSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = serde_json::Number::deserialize(deserializer)?;
        let seconds = whole(&seconds).and_then(|seconds| u64::try_from(seconds).ok());
        let seconds = seconds.filter(|it| *it <= UNDO_SECONDS_MAX);
        seconds.map(Self).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "must be a whole number from 0 to {UNDO_SECONDS_MAX}"
            ))
        })
    }
}

/// The finding of a human who checked the upstream.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Resolution)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionBody {
    /// Whether the upstream carried out the request.
    outcome: Resolution,
    /// Note to the agent.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Result of a ruling.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// The new status.
    status: ActionStatus,
    /// The action.
    action_id: Uuid,
}

/// Approve an action
///
/// The agent may execute the reviewed request, unchanged, until the approval expires. With
/// `undo_seconds`, the request is released to the agent only after that time. If the action requires
/// several approvals, the response is 202 until enough people have approved, and
/// `undo_seconds` of the last approval applies. Each person counts once. A rule may require a passkey for each approval; without one, the
/// response is 403 `step_up_required`.
#[utoipa::path(
    patch,
    path = "/approvals/{action_id}/approve",
    operation_id = "approve",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    request_body = Option<ApprovalDecisionBody>,
    responses(
        (status = 200, description = "The action is approved.", body = Decided),
        (
            status = 202,
            description = "The approval counts, and the action waits for others.",
            body = VoteCounted,
        ),
        InvalidBody, MayNotApprove, NotFound, Conflict,
    )
)]
pub(super) async fn approve(
    State(gateway): State<Arc<Gateway>>,
    State(identity): State<Arc<Identity>>,
    member: Member,
    ApiPath(action): ApiPath<Uuid>,
    OptionalJson(body): OptionalJson<ApprovalDecisionBody>,
) -> Result<Response, Problem> {
    let break_glass = body.break_glass.unwrap_or_default();
    if break_glass
        && body
            .note
            .as_deref()
            .is_none_or(|note| note.trim().is_empty())
    {
        let message = "is required with `break_glass`; say why the other approvals cannot wait";
        return Err(Problem::field("note", message));
    }
    let ruling = Ruling::Approve {
        undo: body.undo_seconds.unwrap_or_default().duration(),
        break_glass,
    };
    let digest = reviewed(body.digest)?;
    let passkey = match &body.passkey {
        Some(passkey) => Some(passkey.checked(&identity, &member).await?),
        None => None,
    };
    let ruled = rule(
        &gateway,
        &member,
        ActionId(action),
        ruling,
        body.note,
        digest,
        passkey.as_ref(),
    )
    .await?;
    let tally = match ruled {
        Ruled::Done(status) => return Ok(decided(status, action).into_response()),
        Ruled::Voted(tally) => tally,
    };
    let people = People::of(gateway.store(), member.workspace()).await?;
    let counted = VoteCounted {
        status: ActionStatus::Pending,
        action_id: action,
        approvals: TallyBody::of(&tally, &people),
    };
    Ok((StatusCode::ACCEPTED, Json(counted)).into_response())
}

/// Deny an action
///
/// The request is never sent. The agent receives the note.
#[utoipa::path(
    patch,
    path = "/approvals/{action_id}/deny",
    operation_id = "deny",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    request_body = Option<DecisionBody>,
    responses(
        (status = 200, description = "The action is denied.", body = Decided),
        InvalidBody, NotFound, Conflict,
    )
)]
pub(super) async fn deny(
    State(gateway): State<Arc<Gateway>>,
    member: Member,
    ApiPath(action): ApiPath<Uuid>,
    OptionalJson(body): OptionalJson<DecisionBody>,
) -> Result<Json<Decided>, Problem> {
    decide(&gateway, &member, action, Ruling::Deny, body).await
}

/// Revoke an action
///
/// Works for pending and approved actions. A request that is being sent cannot be revoked.
#[utoipa::path(
    patch,
    path = "/approvals/{action_id}/revoke",
    operation_id = "revoke",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    request_body = Option<DecisionBody>,
    responses(
        (status = 200, description = "The action is revoked.", body = Decided),
        InvalidBody, NotFound, Conflict,
    )
)]
pub(super) async fn revoke(
    State(gateway): State<Arc<Gateway>>,
    member: Member,
    ApiPath(action): ApiPath<Uuid>,
    OptionalJson(body): OptionalJson<DecisionBody>,
) -> Result<Json<Decided>, Problem> {
    decide(&gateway, &member, action, Ruling::Revoke, body).await
}

/// Resolve an unknown outcome
///
/// Records whether the upstream carried out the request, after a human has checked. Nothing is sent.
#[utoipa::path(
    patch,
    path = "/approvals/{action_id}/resolve",
    operation_id = "resolve",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    request_body = ResolutionBody,
    responses(
        (status = 200, description = "The outcome is recorded.", body = Decided),
        InvalidBody, NotFound, Conflict,
    )
)]
pub(super) async fn resolve(
    State(gateway): State<Arc<Gateway>>,
    member: Member,
    ApiPath(action): ApiPath<Uuid>,
    ApiJson(body): ApiJson<ResolutionBody>,
) -> Result<Json<Decided>, Problem> {
    let ruling = Ruling::Resolve(body.outcome);
    let body = DecisionBody {
        note: body.note,
        digest: None,
    };
    decide(&gateway, &member, action, ruling, body).await
}

async fn decide(
    gateway: &Gateway,
    member: &Member,
    action: Uuid,
    ruling: Ruling,
    body: DecisionBody,
) -> Result<Json<Decided>, Problem> {
    let digest = reviewed(body.digest)?;
    let id = ActionId(action);
    match rule(gateway, member, id, ruling, body.note, digest, None).await? {
        Ruled::Done(status) => Ok(decided(status, action)),
        Ruled::Voted(_) => Ok(decided(ActionStatus::Pending, action)),
    }
}

fn decided(status: ActionStatus, action: Uuid) -> Json<Decided> {
    Json(Decided {
        status,
        action_id: action,
    })
}

/// Rules on an action. An approval that was counted already is accepted again.
pub(super) async fn rule(
    gateway: &Gateway,
    member: &Member,
    action: ActionId,
    ruling: Ruling,
    note: Option<String>,
    digest: Option<Digest>,
    passkey: Option<&Presented>,
) -> Result<Ruled, Problem> {
    let approver = member.approver();
    let is_approval = matches!(ruling, Ruling::Approve { .. });
    let approvals = gateway.approvals();
    match approvals
        .rule(&approver, action, ruling, note, digest, passkey)
        .await
    {
        Err(RulingRefused::NotPossible(status @ ActionStatus::Approved))
            if is_approval && has_voted(gateway.store(), approver.user, action).await? =>
        {
            Ok(Ruled::Done(status))
        }
        ruled => Ok(ruled?),
    }
}
