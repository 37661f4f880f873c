//! Ends long-running calls of a user when the user's session ends: on logout, when another session
//! ends it, or when the user is removed or gets a new password, on any replica or on the command
//! line. A call also ends when the user loses the permission that it requires.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::workspace::Permission;
use gaiterguard_identity::{Caller, Identity, SessionError};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::session::demand;
use tokio::time::sleep;

/// Interval at which a long-running call checks its session. Access must end within one second;
/// half of it is left for the query.
pub(super) const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// The caller of a running call, once its handler has authenticated it. An extension of the request.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningCaller(Arc<OnceLock<(Caller, Permission)>>);

impl RunningCaller {
    /// Records the caller. A second one is the same, because a call has one token.
    pub(super) fn set(&self, caller: Caller, permission: Permission) {
        let _ = self.0.set((caller, permission));
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
        problem = until_ended(&identity, &caller) => problem.into_response(),
    }
}

/// Returns the response when the session or the permission of the caller has ended. A token that expires in the
/// meantime was valid when the call started, so expiry does not end the call.
async fn until_ended(identity: &Identity, caller: &RunningCaller) -> Problem {
    loop {
        sleep(CONFIRM_EVERY).await;
        if let Some((caller, permission)) = caller.0.get()
            && let Some(problem) = ended(identity, caller, *permission).await
        {
            return problem;
        }
    }
}

/// Returns a problem if a session is known to have ended, or its user to have lost a permission. An
/// unavailable database shows neither.
async fn ended(identity: &Identity, caller: &Caller, permission: Permission) -> Option<Problem> {
    match identity.confirm(caller).await {
        Ok(membership) => demand(&membership, permission).err(),
        Err(SessionError::NotAuthenticated) => Some(Problem::signed_out()),
        Err(SessionError::Fault(_)) => None,
    }
}
