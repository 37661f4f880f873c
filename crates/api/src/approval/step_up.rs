//! Approvals with a passkey: the options for the browser, and the result that is sent with the approval.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::step_up::Presented;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{Extent, RulingRefused};
use gaiterguard_identity::{Identity, PasskeyError};
use gaiterguard_problem::Code;
use gaiterguard_web::extract::{ApiPath, OptionalJson};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, NotFound, PasskeyMissing};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::digest::reviewed;
use crate::auth::passkey::{Descriptor, passkey_use, timeout};
use crate::caller::Member;

/// The request that the user reviewed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ApprovalOptionsRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalOptionsBody {
    /// Digest of the request that the user reviewed. If the action's request has a different digest, no options
    /// are returned.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    digest: Option<String>,
}

/// Argument of `PublicKeyCredential.parseRequestOptionsFromJSON` (Web Authentication, level 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalOptions)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalOptions {
    /// Challenge in base64url. It begins with the SHA-256 of what is approved: the action, its revision, the digest
    /// of its request, and the user.
    challenge: String,
    /// Host name of the site.
    #[schema(example = "gateway.example.com")]
    rp_id: String,
    /// Time limit in milliseconds.
    timeout: u64,
    /// Passkeys of the user.
    allow_credentials: Vec<Descriptor>,
    /// `required`: the authenticator verifies the person.
    #[schema(value_type = String)]
    user_verification: &'static str,
}

passkey_use! {
    /// The use of a passkey for an approval.
    #[schema(as = ApprovalPasskey)]
    pub(crate) struct PasskeyBody {}
}

impl std::fmt::Debug for PasskeyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeyBody")
    }
}

impl PasskeyBody {
    /// Checks the use of the passkey, apart from what it is for.
    pub(super) async fn checked(
        &self,
        identity: &Identity,
        member: &Member,
    ) -> Result<Presented, Problem> {
        let checked = identity.approval_passkey(&member.caller.0, self.used());
        let checked = checked.await;
        checked.map_err(|error| match error {
            PasskeyError::Expired | PasskeyError::Refused(_) | PasskeyError::Unknown => {
                // The session remains valid, so this is not a 401.
                Problem::new(Code::PasskeyRefused, error.to_string())
                    .with_status(StatusCode::FORBIDDEN)
            }
            other => other.into(),
        })
    }
}

/// Begin an approval with a passkey
///
/// Returns the argument of `navigator.credentials.get` as JSON. Send its result with the approval, as `passkey`. It
/// works once. Required where `approvals.step_up` of the action is `passkey`.
#[utoipa::path(
    post,
    path = "/approvals/{action_id}/approve/options",
    operation_id = "beginApproval",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    request_body = Option<ApprovalOptionsBody>,
    responses(
        (status = 200, description = "The options.", body = ApprovalOptions),
        InvalidBody, NotFound, PasskeyMissing,
    )
)]
pub(super) async fn begin(
    State(gateway): State<Arc<Gateway>>,
    State(identity): State<Arc<Identity>>,
    member: Member,
    ApiPath(action): ApiPath<Uuid>,
    OptionalJson(body): OptionalJson<ApprovalOptionsBody>,
) -> Result<Json<ApprovalOptions>, Problem> {
    let digest = reviewed(body.digest)?;
    let approvals = gateway.approvals();
    let id = ActionId(action);
    let view = approvals.get(&member.approver(), id, Extent::Head).await?;
    if view.request.is_none() {
        return Err(RulingRefused::Unreadable.into());
    }
    let action = view.action;
    let status = action.state.status();
    if status != ActionStatus::Pending {
        return Err(RulingRefused::NotPossible(status).into());
    }
    if digest.is_some_and(|digest| digest != action.digest) {
        return Err(RulingRefused::DigestMismatch.into());
    }
    let caller = &member.caller.0;
    let begun = identity.approval_challenge(caller, id, action.revision, action.digest);
    let (site, challenge, passkeys) = begun.await?;
    Ok(Json(ApprovalOptions {
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        rp_id: site.id,
        timeout: timeout(),
        allow_credentials: passkeys.iter().map(Descriptor::of).collect(),
        user_verification: "required",
    }))
}
