//! What runs for a human ends when the human's session does: logged out, ended from another one, or
//! its user removed or given another password, at this replica, at another or on the command line.

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

/// How often what runs for long asks whether its session is alive. What was taken away ends within a
/// second; half of it is left for the question itself.
pub(super) const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// Ends a call that takes long once its session has ended. Its handler asked at the beginning.
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

/// Returns when the session of an access token has ended. A token whose time runs out meanwhile was
/// good when the call began.
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
                // While the database is gone, the session is not known to have ended.
                Err(SessionError::Fault(_)) => {}
            },
        }
    }
}

/// Whether a session is known to have ended.
pub(super) async fn has_ended(identity: &Identity, caller: &Caller) -> bool {
    matches!(
        identity.confirm(caller).await,
        Err(SessionError::NotAuthenticated)
    )
}
