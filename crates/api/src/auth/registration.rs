//! `GET /auth/registration`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_identity::Identity;
use serde::Serialize;
use utoipa::ToSchema;

use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::Unavailable;

/// Whether registration is open, and what it requires.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistrationState)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationStateBody {
    /// Whether an account can be registered.
    open: bool,
    /// Whether this would be the first account.
    first_account: bool,
    /// Whether `setupCode` is required.
    setup_code_required: bool,
}

/// Get registration status
///
/// Returns whether `POST /auth/register` accepts new accounts, and whether it requires the set-up
/// code.
#[utoipa::path(
    get,
    path = "/auth/registration",
    operation_id = "getRegistration",
    tag = "auth",
    responses(
        (status = 200, description = "The registration status.", body = RegistrationStateBody),
        Unavailable,
    )
)]
pub(super) async fn registration(
    State(identity): State<Arc<Identity>>,
) -> Result<Json<RegistrationStateBody>, Problem> {
    let state = identity.registration_state().await?;
    Ok(Json(RegistrationStateBody {
        open: state.is_open,
        first_account: state.is_first,
        setup_code_required: state.setup_code_needed,
    }))
}
