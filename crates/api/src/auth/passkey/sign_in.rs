//! `POST /auth/passkeys/sign-in/options` and `POST /auth/passkeys/sign-in`: signing in with a passkey.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_identity::{Identity, LoginSource, PasskeyError};
use gaiterguard_problem::Code;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{
    ForeignPage, InvalidBody, PasskeyConflict, PasskeyRefused, Throttled, Unavailable,
};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::{passkey_use, timeout};
use crate::auth::login::{LoggedInBody, SessionKind, user_agent};
use crate::auth::oidc::NoFields;
use crate::auth::origin::PublicOrigin;
use crate::auth::public_json::PublicJson;

/// Argument of `PublicKeyCredential.parseRequestOptionsFromJSON` (Web Authentication, level 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyRequestOptions)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    /// Challenge in base64url.
    challenge: String,
    /// Host name of the site.
    #[schema(example = "gateway.example.com")]
    rp_id: String,
    /// Time limit in milliseconds.
    timeout: u64,
    /// `required`: the authenticator verifies the person.
    #[schema(value_type = String)]
    user_verification: &'static str,
}

/// Begin to sign in with a passkey
///
/// Returns the argument of `navigator.credentials.get` as JSON. The browser finds the passkey without an
/// email address.
#[utoipa::path(
    post,
    path = "/auth/passkeys/sign-in/options",
    operation_id = "beginPasskeySignIn",
    tag = "auth",
    request_body = NoFields,
    responses(
        (status = 200, description = "The options.", body = RequestOptions),
        InvalidBody, ForeignPage, PasskeyConflict, Throttled,
    )
)]
pub(in crate::auth) async fn begin_sign_in(
    State(identity): State<Arc<Identity>>,
    Extension(context): Extension<RequestContext>,
    PublicJson { .. }: PublicJson<NoFields>,
) -> Result<Json<RequestOptions>, Problem> {
    identity.count_attempt(context.peer.ip())?;
    let challenge = identity.passkey_challenge()?;
    let site = identity.passkey_site();
    let site = site.ok_or(PasskeyError::Unavailable)?;
    Ok(Json(RequestOptions {
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        rp_id: site.id.clone(),
        timeout: timeout(),
        user_verification: "required",
    }))
}

passkey_use! {
    /// The use of a passkey.
    #[schema(as = PasskeySignIn)]
    pub(crate) struct SignInBody {
        /// How to return the refresh token.
        #[serde(default)]
        session: SessionKind,
    }
}

/// Sign in with a passkey
///
/// The passkey is the only factor: neither the password nor a one-time code is asked for. Each challenge and
/// each signature works once.
#[utoipa::path(
    post,
    path = "/auth/passkeys/sign-in",
    operation_id = "signInWithPasskey",
    tag = "auth",
    request_body = SignInBody,
    responses(
        (
            status = 200,
            description = "The new session.",
            body = LoggedInBody,
            headers(("Set-Cookie" = Option<String>, description = "The refresh token and a device \
                 token, if the session was requested as a cookie.")),
        ),
        InvalidBody, PasskeyRefused, ForeignPage, PasskeyConflict, Throttled, Unavailable,
    )
)]
pub(in crate::auth) async fn sign_in(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { body, page }: PublicJson<SignInBody>,
) -> Result<Response, Problem> {
    if body.session == SessionKind::Cookie {
        page.refuse_all_but_own()?;
    }
    identity.count_attempt(context.peer.ip())?;
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: None,
    };
    let logged_in = identity.passkey_login(body.used(), from).await;
    let logged_in = logged_in.map_err(|error| match error {
        PasskeyError::Expired | PasskeyError::Refused(_) => {
            Problem::new(Code::PasskeyRefused, error.to_string())
        }
        other => other.into(),
    })?;
    Ok(LoggedInBody::response(
        logged_in,
        body.session,
        &public_origin,
    ))
}
