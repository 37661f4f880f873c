//! `POST /auth/register`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use gaiterguard_domain::user::Email;
use gaiterguard_gateway::identity::{Identity, NewPassword};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user::UserBody;
use crate::extract::ApiJson;
use crate::middleware::RequestContext;
use crate::openapi::responses::{InvalidBody, RegistrationRefused, Throttled, Unavailable};
use crate::problem::Problem;

/// Who registers.
#[derive(Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationBody {
    /// An e-mail address; in any case, it may be registered once.
    #[schema(min_length = 3, max_length = 254, example = "name@example.com")]
    email: String,
    /// Not one of the commonest passwords.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: SecretString,
}

/// A user who registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registered {
    /// What was done.
    #[schema(value_type = String)]
    message: &'static str,
    /// The user.
    user: UserBody,
}

/// Register
///
/// Makes a user with a workspace of its own. Whether anyone may do so is the operator's choice.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    tag = "auth",
    request_body = RegistrationBody,
    responses(
        (status = 201, description = "The user exists.", body = Registered),
        InvalidBody, RegistrationRefused, Throttled, Unavailable,
    )
)]
pub(super) async fn register(
    State(identity): State<Arc<Identity>>,
    Extension(context): Extension<RequestContext>,
    ApiJson(body): ApiJson<RegistrationBody>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let email = Email::parse(&body.email)
        .map_err(|refused| Problem::field("email", refused.to_string()))?;
    let password = NewPassword::parse(body.password)
        .map_err(|refused| Problem::field("password", refused.to_string()))?;
    let user = identity
        .register(&email, password, context.peer.ip())
        .await?;
    let registered = Registered {
        message: "The user is registered.",
        user: user.into(),
    };
    Ok((StatusCode::CREATED, Json(registered)))
}
