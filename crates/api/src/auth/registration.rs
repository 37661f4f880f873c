//! `GET /auth/registration`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_identity::Identity;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::Unavailable;
use serde::Serialize;
use utoipa::ToSchema;

use crate::single_sign_on::ConfiguredSingleSignOn;

/// Whether registration is open, what it requires, and in which ways people sign in.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
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
    /// Whether people can sign in with a password.
    password: bool,
    /// Whether people can sign in with a passkey.
    passkeys: bool,
    /// Name of the provider at which people can sign in; null if there is none.
    #[schema(required, example = "single sign-on")]
    single_sign_on: Option<String>,
}

/// Get registration status
///
/// Returns whether `POST /auth/register` accepts new accounts, whether it requires the setup code, and in
/// which ways people can sign in.
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
    State(sign_on): State<ConfiguredSingleSignOn>,
) -> Result<Json<RegistrationStateBody>, Problem> {
    let state = identity.registration_state().await?;
    Ok(Json(RegistrationStateBody {
        open: state.is_open,
        first_account: state.is_first,
        setup_code_required: state.setup_code_needed,
        password: !identity.is_provider_only(),
        passkeys: identity.passkey_site().is_some(),
        single_sign_on: sign_on.0.map(|sign_on| sign_on.name.clone()),
    }))
}
