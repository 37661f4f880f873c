//! `POST /auth/login`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use gaiterguard_identity::{Identity, LoggedIn, LoginSource, Presented};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{
    InvalidBody, PasswordsDisabled, Throttled, Unavailable, WrongCredentials,
};
use http::HeaderMap;
use http::header::{SET_COOKIE, USER_AGENT};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cookie;
use super::origin::PublicOrigin;
use super::public_json::PublicJson;
use super::user::{TokensBody, UserBody};

/// Credentials of a user.
#[derive(Deserialize, ToSchema)]
#[schema(as = Login)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    /// Email address. Case-insensitive.
    #[schema(max_length = 1024)]
    email: String,
    /// Password.
    #[schema(value_type = String, format = Password, max_length = 4096)]
    password: SecretString,
    /// One-time code of the authenticator app, or a recovery code. Required if the user has set up one-time
    /// codes; ignored otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    code: Option<SecretString>,
    /// How to return the refresh token.
    #[serde(default)]
    session: SessionKind,
}

/// How a refresh token is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SessionKind {
    /// In the response body.
    #[default]
    Token,
    /// As a cookie that scripts cannot read.
    Cookie,
}

/// A new session.
#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn)]
pub(super) struct LoggedInBody {
    #[serde(flatten)]
    pub(super) tokens: TokensBody,
    /// The user.
    pub(super) user: UserBody,
}

impl LoggedInBody {
    /// Returns the response for a new session. Its refresh token and its device token are in cookies or in the
    /// body, never in both: a script could read the body.
    pub(super) fn response(
        logged_in: LoggedIn,
        session: SessionKind,
        public_origin: &PublicOrigin,
    ) -> Response {
        let is_cookie = session == SessionKind::Cookie;
        let body = Json(Self {
            tokens: TokensBody::of(&logged_in.tokens, !is_cookie),
            user: logged_in.user.into(),
        });
        if !is_cookie {
            return body.into_response();
        }
        let session = cookie::set(&logged_in.tokens.refresh_token, public_origin);
        let device = cookie::set_device(&logged_in.device_token, public_origin);
        let cookies = AppendHeaders([(SET_COOKIE, session), (SET_COOKIE, device)]);
        (cookies, body).into_response()
    }
}

/// Sign in
///
/// After five wrong passwords for an account, or twenty from one IP address (for IPv6, one /64 network),
/// within a minute, further attempts are refused. A browser or IP address that was used to sign in to
/// the account before has its own limit of five.
///
/// If the user has set up one-time codes, the response to the right password without `code` is 401
/// `second_factor_required`: send the email address and the password again, with the code. After ten wrong
/// codes within an hour, further ones are refused.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "logIn",
    tag = "auth",
    request_body = LoginBody,
    responses(
        (
            status = 200,
            description = "The new session.",
            body = LoggedInBody,
            headers(("Set-Cookie" = Option<String>, description = "The refresh token and a device \
                 token, if the session was requested as a cookie.")),
        ),
        InvalidBody, WrongCredentials, PasswordsDisabled, Throttled, Unavailable,
    )
)]
pub(super) async fn login(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { body, page }: PublicJson<LoginBody>,
) -> Result<Response, Problem> {
    if body.email.len() > EMAIL_BYTES_MAX {
        return Err(Problem::field("email", "must be at most 1024 bytes long"));
    }
    if body.session == SessionKind::Cookie {
        page.refuse_all_but_own()?;
    }
    let device_token = cookie::get_device(&headers);
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: device_token.as_ref(),
    };
    let presented = Presented {
        password: body.password,
        code: body.code,
    };
    let logged_in = identity.login(&body.email, presented, from).await?;
    Ok(LoggedInBody::response(
        logged_in,
        body.session,
        &public_origin,
    ))
}

/// Returns the `User-Agent` of a request, if it is text.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT)?.to_str().ok()
}

/// Longer than any valid address, so that a mistyped one still returns `invalid_credentials`.
const EMAIL_BYTES_MAX: usize = 1024;
