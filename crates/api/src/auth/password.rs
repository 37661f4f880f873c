//! `PUT /auth/password`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use gaiterguard_identity::{Identity, LoginError, LoginSource, NewPassword};
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{InvalidBody, Throttled};
use http::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::cookie;
use super::login::user_agent;
use crate::caller::Caller;
use crate::list::Done;

/// A change of password.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PasswordBody {
    /// The current password.
    #[schema(value_type = String, format = Password, max_length = 4096)]
    current_password: SecretString,
    /// The new password. Common passwords are refused.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    new_password: SecretString,
}

/// Change the password
///
/// Ends all other sessions of the user. Wrong current passwords count toward the limits of `POST
/// /auth/login`.
#[utoipa::path(
    put,
    path = "/auth/password",
    operation_id = "changePassword",
    tag = "auth",
    request_body = PasswordBody,
    responses(
        (status = 200, description = "The password was changed.", body = Done),
        InvalidBody, Throttled,
    )
)]
pub(super) async fn change(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<PasswordBody>,
) -> Result<Json<Done>, Problem> {
    let new = NewPassword::parse(body.new_password)
        .map_err(|refused| Problem::field("newPassword", refused.to_string()))?;
    let device_token = cookie::get_device(&headers);
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: device_token.as_ref(),
    };
    let changing = identity.change_password(&caller, body.current_password, new, from);
    changing.await.map_err(|error| match error {
        // The session is valid, so this is not a 401, which would end it in a browser.
        LoginError::InvalidCredentials => {
            Problem::field("currentPassword", "must be the current password")
        }
        other => other.into(),
    })?;
    Ok(Json(Done {
        message: "Password changed. All other sessions were ended.",
    }))
}
