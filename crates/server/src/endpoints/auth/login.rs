//! `POST /auth/login`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use gaiterguard_identity::{Identity, LoginSource};
use http::HeaderMap;
use http::header::SET_COOKIE;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cookie;
use super::origin::PublicOrigin;
use super::public_json::PublicJson;
use super::user::{TokensBody, UserBody};
use crate::middleware::RequestContext;
use crate::openapi::responses::{
    ForeignPage, InvalidBody, Throttled, Unavailable, WrongCredentials,
};
use crate::problem::Problem;

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[schema(as = Login)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    /// The e-mail address, in any case.
    #[schema(max_length = 1024)]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password, max_length = 4096)]
    password: SecretString,
    /// How the refresh token comes.
    #[serde(default)]
    session: SessionKind,
}

/// How a refresh token comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SessionKind {
    /// In the answer.
    #[default]
    Token,
    /// As a cookie that no script can read.
    Cookie,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn)]
struct LoggedInBody {
    #[serde(flatten)]
    tokens: TokensBody,
    /// Who logged in.
    user: UserBody,
}

/// Log in
///
/// Five wrong passwords for an account, or twenty from one source, are too many for a minute. A
/// browser that signed in before has five of its own, and so has a source.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "logIn",
    tag = "auth",
    request_body = LoginBody,
    responses(
        (
            status = 200,
            description = "A session has begun.",
            body = LoggedInBody,
            headers(("Set-Cookie" = Option<String>, description = "The refresh token and a device token, if the session was asked for as a cookie.")),
        ),
        InvalidBody, WrongCredentials, ForeignPage, Throttled, Unavailable,
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
    let is_cookie = body.session == SessionKind::Cookie;
    if is_cookie {
        page.refuse_all_but_own()?;
    }
    let device_token = cookie::get_device(&headers);
    let from = LoginSource {
        address: context.peer.ip(),
        device_token: device_token.as_ref(),
    };
    let logged_in = identity.login(&body.email, body.password, from).await?;
    let answer = Json(LoggedInBody {
        tokens: TokensBody::of(&logged_in.tokens, !is_cookie),
        user: logged_in.user.into(),
    });
    if is_cookie {
        let session = cookie::set(&logged_in.tokens.refresh_token, &public_origin);
        let device = cookie::set_device(&logged_in.device_token, &public_origin);
        let cookies = AppendHeaders([(SET_COOKIE, session), (SET_COOKIE, device)]);
        Ok((cookies, answer).into_response())
    } else {
        Ok(answer.into_response())
    }
}

/// Longer than any address, so that what is typed wrong is still told as wrong credentials.
const EMAIL_BYTES_MAX: usize = 1024;
