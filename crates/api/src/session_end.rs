//! Ends long-running calls of a user when the user's session ends: on logout, when another session
//! ends it, or when the user is removed or gets a new password, on any replica or on the command
//! line.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gaiterguard_identity::{Caller, Identity, SessionError};
use tokio::time::sleep;

use gaiterguard_web::problem::Problem;

/// Interval at which a long-running call checks its session. Access must end within one second;
/// half of it is left for the query.
pub(super) const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// The caller of a running call, once its handler has authenticated it. An extension of the request.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningCaller(Arc<OnceLock<Caller>>);

impl RunningCaller {
    /// Records the caller. A second one is the same, because a call has one token.
    pub(super) fn set(&self, caller: Caller) {
        let _ = self.0.set(caller);
    }
}

/// Ends a long call once its session has ended. The handler checks the session at the start.
pub async fn end_with_session(
    State(identity): State<Arc<Identity>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = RunningCaller::default();
    request.extensions_mut().insert(caller.clone());
    let mut running = pin!(next.run(request));
    tokio::select! {
        biased;
        response = &mut running => response,
        () = until_ended(&identity, &caller) => Problem::signed_out().into_response(),
    }
}

/// Returns when the session of the caller has ended. A token that expires in the meantime was valid
/// when the call started, so expiry does not end the call.
async fn until_ended(identity: &Identity, caller: &RunningCaller) {
    loop {
        sleep(CONFIRM_EVERY).await;
        if let Some(caller) = caller.0.get()
            && has_ended(identity, caller).await
        {
            return;
        }
    }
}

/// Returns whether a session is known to have ended. An unavailable database does not show that.
async fn has_ended(identity: &Identity, caller: &Caller) -> bool {
    matches!(
        identity.confirm(caller).await,
        Err(SessionError::NotAuthenticated)
    )
}
