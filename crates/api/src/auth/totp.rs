//! `/auth/totp`: the second factor of the signed-in user.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_identity::{Identity, LoginSource};
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{InvalidBody, NotFound, SecondFactorConflict, Throttled};
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cookie;
use super::login::user_agent;
use crate::caller::Caller;
use crate::list::Done;

/// The second factor of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactor)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecondFactorBody {
    /// Whether signing in with the password requires a code.
    enabled: bool,
    /// When it was set up.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    enabled_at: Option<Timestamp>,
    /// Number of unused recovery codes.
    recovery_codes_left: u32,
}

/// Get the second factor
///
/// Returns whether signing in requires a one-time code, and how many recovery codes are left.
#[utoipa::path(
    get,
    path = "/auth/totp",
    operation_id = "getSecondFactor",
    tag = "auth",
    responses((status = 200, description = "The second factor.", body = SecondFactorBody))
)]
pub(super) async fn get(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
) -> Result<Json<SecondFactorBody>, Problem> {
    let factor = identity.second_factor(&caller).await?;
    Ok(Json(SecondFactorBody {
        enabled: factor.enabled_at.is_some(),
        enabled_at: factor.enabled_at,
        recovery_codes_left: factor.recovery_codes_left,
    }))
}

/// The password of the signed-in user.
#[derive(Deserialize, ToSchema)]
#[schema(as = CurrentPassword)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The current password.
    #[schema(value_type = String, format = Password, max_length = 4096)]
    password: SecretString,
}

/// A secret for an authenticator app. Shown only once.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpSecret)]
pub(crate) struct PendingTotpBody {
    /// The secret in Base32, to be typed into an authenticator app.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The secret as a URI, to be shown as a QR code.
    #[schema(
        example = "otpauth://totp/GaiterGuard:nora@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=GaiterGuard"
    )]
    uri: String,
}

/// Begin to set up one-time codes
///
/// Creates a secret for an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds). It takes effect only
/// after `POST /auth/totp/confirm`; another call replaces it. Wrong passwords count toward the limits
/// of `POST /auth/login`.
#[utoipa::path(
    post,
    path = "/auth/totp",
    operation_id = "beginSecondFactor",
    tag = "auth",
    request_body = PasswordBody,
    responses(
        (status = 201, description = "The secret.", body = PendingTotpBody),
        InvalidBody, SecondFactorConflict, Throttled,
    )
)]
pub(super) async fn begin(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<PasswordBody>,
) -> Result<(http::StatusCode, Json<PendingTotpBody>), Problem> {
    let device_token = cookie::get_device(&headers);
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: device_token.as_ref(),
    };
    let begun = identity.totp_begin(&caller, body.password, from).await;
    let begun = begun?;
    let body = PendingTotpBody {
        secret: begun.secret.expose_secret().to_owned(),
        uri: begun.uri.expose_secret().to_owned(),
    };
    Ok((http::StatusCode::CREATED, Json(body)))
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[schema(as = SecondFactorCode)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// One-time code of the authenticator app. Except for confirming a new secret, a recovery code works too.
    #[schema(value_type = String, max_length = 64, example = "287082")]
    code: SecretString,
}

/// Recovery codes. Shown only once.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryCodesBody {
    /// Ten codes. Each replaces a one-time code once.
    recovery_codes: Vec<String>,
}

impl RecoveryCodesBody {
    fn of(codes: &[SecretString]) -> Json<Self> {
        let codes = codes.iter().map(|code| code.expose_secret().to_owned());
        Json(Self {
            recovery_codes: codes.collect(),
        })
    }
}

/// Confirm one-time codes
///
/// Afterwards, signing in with the password requires a code. Ends all other sessions of the user. After
/// ten wrong codes within an hour, further ones are refused.
#[utoipa::path(
    post,
    path = "/auth/totp/confirm",
    operation_id = "confirmSecondFactor",
    tag = "auth",
    request_body = CodeBody,
    responses(
        (status = 200, description = "The recovery codes.", body = RecoveryCodesBody),
        InvalidBody, NotFound, SecondFactorConflict, Throttled,
    )
)]
pub(super) async fn confirm(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Json<RecoveryCodesBody>, Problem> {
    let codes = identity.totp_confirm(&caller, &body.code).await;
    Ok(RecoveryCodesBody::of(&codes?))
}

/// Replace the recovery codes
///
/// The earlier recovery codes stop working.
#[utoipa::path(
    post,
    path = "/auth/totp/recovery-codes",
    operation_id = "replaceRecoveryCodes",
    tag = "auth",
    request_body = CodeBody,
    responses(
        (status = 200, description = "The new recovery codes.", body = RecoveryCodesBody),
        InvalidBody, NotFound, Throttled,
    )
)]
pub(super) async fn replace_recovery_codes(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Json<RecoveryCodesBody>, Problem> {
    let codes = identity.recovery_codes_replace(&caller, &body.code).await;
    Ok(RecoveryCodesBody::of(&codes?))
}

/// Remove one-time codes
///
/// Afterwards, the password alone is enough to sign in. The recovery codes stop working.
#[utoipa::path(
    delete,
    path = "/auth/totp",
    operation_id = "removeSecondFactor",
    tag = "auth",
    request_body = CodeBody,
    responses(
        (status = 200, description = "One-time codes were removed.", body = Done),
        InvalidBody, NotFound, Throttled,
    )
)]
pub(super) async fn remove(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiJson(body): ApiJson<CodeBody>,
) -> Result<Json<Done>, Problem> {
    let removed = identity.totp_remove(&caller, &body.code).await;
    removed?;
    Ok(Json(Done {
        message: "One-time codes removed.",
    }))
}
