//! `POST /auth/register`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use gaiterguard_domain::user::Email;
use gaiterguard_identity::{Identity, NewPassword, Registrant};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{InvalidBody, RegistrationRefused, Throttled, Unavailable};
use http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::public_json::PublicJson;
use super::user::UserBody;

/// A user to register.
#[derive(Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RegistrationBody {
    /// Email address. Must be unique, ignoring case.
    #[schema(min_length = 3, max_length = 254, example = "name@example.com")]
    email: String,
    /// Password. Common passwords are refused.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: SecretString,
    /// Setup code from the gateway's log. Required for the first account of a gateway that listens
    /// beyond loopback or whose `PUBLIC_URL` is not a loopback address; ignored otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "7KQ2-M9XD-40TB")]
    setup_code: Option<SecretString>,
}

/// Result of a registration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registered {
    /// Result in words.
    #[schema(value_type = String)]
    message: &'static str,
    /// The new user.
    user: UserBody,
}

/// Register
///
/// Creates a user with a new workspace. The setting `REGISTRATION` determines who may register.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    tag = "auth",
    request_body = RegistrationBody,
    responses(
        (status = 201, description = "The new user.", body = Registered),
        InvalidBody, RegistrationRefused, Throttled, Unavailable,
    )
)]
pub(super) async fn register(
    State(identity): State<Arc<Identity>>,
    Extension(context): Extension<RequestContext>,
    PublicJson { body, page }: PublicJson<RegistrationBody>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let email = Email::parse(&body.email)
        .map_err(|refused| Problem::field("email", refused.to_string()))?;
    let password = NewPassword::parse(body.password)
        .map_err(|refused| Problem::field("password", refused.to_string()))?;
    let registrant = Registrant {
        source: context.peer.ip(),
        setup_code: body.setup_code,
        may_be_first: page.refuse_all_but_own().is_ok(),
    };
    let user = identity.register(&email, password, registrant).await?;
    let registered = Registered {
        message: "User registered.",
        user: user.into(),
    };
    Ok((StatusCode::CREATED, Json(registered)))
}
