//! Ends long-running calls of a user when the user's session ends: on logout, when another session
//! ends it, or when the user is removed or gets a new password, on any replica or on the command
//! line.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gaiterguard_identity::{Caller, Identity, SessionError};
use tokio::time::sleep;

use super::caller::bearer;
use crate::problem::Problem;

/// Interval at which a long-running call checks its session. Access must end within one second;
/// half of it is left for the query.
pub(super) const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// Ends a long call once its session has ended. The handler checks the session at the start.
pub(crate) async fn end_with_session(
    State(identity): State<Arc<Identity>>,
    request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers()).map(str::to_owned);
    let mut running = pin!(next.run(request));
    let ended = async {
        match token {
            Some(token) => until_ended(&identity, &token).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        response = &mut running => response,
        () = ended => Problem::signed_out().into_response(),
    }
}

/// Returns when the session of an access token has ended. A token that expires in the meantime was
/// valid when the call started, so expiry does not end the call.
async fn until_ended(identity: &Identity, token: &str) {
    let mut known: Option<Caller> = None;
    loop {
        sleep(CONFIRM_EVERY).await;
        match &known {
            Some(caller) if has_ended(identity, caller).await => return,
            Some(_) => {}
            None => match identity.authenticate(token).await {
                Ok(caller) => known = Some(caller),
                Err(SessionError::NotAuthenticated) => return,
                // An unavailable database does not show that the session has ended.
                Err(SessionError::Fault(_)) => {}
            },
        }
    }
}

/// Returns whether a session is known to have ended.
pub(super) async fn has_ended(identity: &Identity, caller: &Caller) -> bool {
    matches!(
        identity.confirm(caller).await,
        Err(SessionError::NotAuthenticated)
    )
}
