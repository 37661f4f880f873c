//! `POST /auth/refresh`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use gaiterguard_domain::user::SessionClient;
use gaiterguard_identity::Identity;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{CrossOrigin, InvalidBody, SignedOut, Unavailable};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};

use super::cookie;
use super::login::user_agent;
use super::origin::PublicOrigin;
use super::session_token::{RefreshTokenBody, SessionToken};
use super::user::TokensBody;

/// Refresh an access token
///
/// Exchanges a refresh token for a new pair of tokens. A refresh token works once, and
/// once more within 10 seconds, in case the response was lost. Any later use ends its session and
/// invalidates all tokens of the session. Without a token, the response is 204:
/// there is no session.
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
        (status = 204, description = "The request has neither a token nor a session cookie."),
        InvalidBody, SignedOut, CrossOrigin, Unavailable,
    )
)]
pub(super) async fn refresh(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    session: SessionToken,
) -> Result<Response, Problem> {
    let Some(token) = session.token else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let client = SessionClient::new(context.peer.ip(), user_agent(&headers));
    match identity.refresh(&token, &client).await {
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
