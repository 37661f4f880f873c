//! Extractor for the signed-in user.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_gateway::action::Approver;
use gaiterguard_identity::Identity;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::session_end::RunningCaller;
use gaiterguard_web::problem::Problem;

/// The user whose access token the request carries. Every endpoint except those that start a
/// session takes one, so the check cannot be forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) gaiterguard_identity::Caller);

impl Caller {
    /// Returns the workspace of the caller.
    pub(crate) fn workspace(self) -> WorkspaceId {
        self.0.workspace
    }

    /// Returns the caller as the approver of actions.
    pub(crate) fn approver(self) -> Approver {
        Approver {
            user: self.0.user,
            workspace: self.0.workspace,
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Arc<Identity>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::signed_out)?;
        let identity = Arc::<Identity>::from_ref(state);
        let caller = identity.authenticate(token).await?;
        if let Some(running) = parts.extensions.get::<RunningCaller>() {
            running.set(caller);
        }
        Ok(Self(caller))
    }
}

/// Returns the bearer token; `None` if there is more than one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    let is_only = values.next().is_none();
    (is_only && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_bearer_token_is_taken_in_any_case_of_its_scheme() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer(&headers), None);
        headers.append(AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(bearer(&headers), Some("abc"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
        assert_eq!(bearer(&headers), None);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert_eq!(bearer(&headers), None);
    }
}
