//! `POST /auth/logout`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::AppendHeaders;
use gaiterguard_identity::Identity;
use gaiterguard_web::problem::Problem;
use http::header::SET_COOKIE;

use super::cookie;
use super::origin::PublicOrigin;
use crate::caller::Caller;
use crate::list::Done;

/// Sign out
///
/// Ends the session: its refresh token and its access tokens stop working immediately.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logOut",
    tag = "auth",
    responses(
        (
            status = 200,
            description = "The session has ended.",
            body = Done,
            headers(("Set-Cookie" = String, description = "Removes the cookie with the refresh \
                                                           token.")),
        ),
    )
)]
pub(super) async fn logout(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Caller(caller): Caller,
) -> Result<
    (
        AppendHeaders<[(http::HeaderName, http::HeaderValue); 1]>,
        Json<Done>,
    ),
    Problem,
> {
    identity.logout(&caller).await?;
    let done = Done {
        message: "Signed out.",
    };
    Ok((
        AppendHeaders([(SET_COOKIE, cookie::clear(&public_origin))]),
        Json(done),
    ))
}
