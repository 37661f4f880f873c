//! `POST /auth/refresh`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use gaiterguard_identity::Identity;
use http::header::SET_COOKIE;

use super::cookie;
use super::origin::PublicOrigin;
use super::session_token::{RefreshTokenBody, SessionToken};
use super::user::TokensBody;
use crate::openapi::responses::{CrossOrigin, InvalidBody, SignedOut, Unavailable};
use crate::problem::Problem;

/// Refresh an access token
///
/// Exchanges a refresh token for a new pair of tokens. A refresh token works once. Using it again
/// ends its session and invalidates all tokens of the session.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh",
    tag = "auth",
    request_body = Option<RefreshTokenBody>,
    responses(
        (
            status = 200,
            description = "The new tokens.",
            body = TokensBody,
            headers(("Set-Cookie" = Option<String>, description = "The new refresh token, if the \
                 old one was sent as a cookie.")),
        ),
        InvalidBody, SignedOut, CrossOrigin, Unavailable,
    )
)]
pub(super) async fn refresh(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    session: SessionToken,
) -> Result<Response, Problem> {
    let Some(token) = session.token else {
        return Err(Problem::field(
            "refreshToken",
            "required, because the request has no session cookie",
        ));
    };
    match identity.refresh(&token).await {
        Ok(tokens) => {
            let response = Json(TokensBody::of(&tokens, !session.is_cookie));
            if !session.is_cookie {
                return Ok(response.into_response());
            }
            let cookie = cookie::set(&tokens.refresh_token, &public_origin);
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), response).into_response())
        }
        Err(error) => {
            let problem = Problem::from(error);
            if session.is_cookie && problem.status() == http::StatusCode::UNAUTHORIZED {
                return Err(problem.header(SET_COOKIE, cookie::clear(&public_origin)));
            }
            Err(problem)
        }
    }
}
