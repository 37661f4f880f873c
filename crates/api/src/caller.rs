//! Extractor for the signed-in user.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::workspace::{Membership, Permission};
use gaiterguard_gateway::action::Approver;
use gaiterguard_identity::{Identity, SignedIn};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::session::{Demanded, demand};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::session_end::RunningCaller;

/// The user whose access token the request carries, if the user's role has the permission that the
/// route is mounted with. Every endpoint except those that start a session takes one, so the check
/// cannot be forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) gaiterguard_identity::Caller);

/// The same user, with the membership of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The user.
    pub(crate) caller: Caller,
    /// The user's role and its limits.
    membership: Membership,
}

impl Caller {
    /// Returns the workspace of the caller.
    pub(crate) fn workspace(self) -> WorkspaceId {
        self.0.workspace
    }
}

impl Member {
    /// Returns the workspace of the member.
    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.caller.workspace()
    }

    /// Returns the role of the member, and its limits.
    pub(crate) fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Returns the member as the approver of actions.
    pub(crate) fn approver(&self) -> Approver {
        Approver {
            user: self.caller.0.user,
            workspace: self.workspace(),
            membership: self.membership.clone(),
            press: None,
        }
    }

    /// Checks a permission that depends on the body of the request.
    pub(crate) fn demand(&self, permission: Permission) -> Result<(), Problem> {
        demand(&self.membership, permission)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Arc<Identity>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let member = Member::from_request_parts(parts, state).await?;
        Ok(member.caller)
    }
}

impl<S> FromRequestParts<S> for Member
where
    S: Send + Sync,
    Arc<Identity>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(Problem::signed_out)?;
        let Some(Demanded(permission)) = parts.extensions.get::<Demanded>().copied() else {
            tracing::error!("the route was mounted without a permission");
            return Err(Problem::internal());
        };
        let identity = Arc::<Identity>::from_ref(state);
        let SignedIn { caller, membership } = identity.authenticate(token).await?;
        demand(&membership, permission)?;
        if let Some(running) = parts.extensions.get::<RunningCaller>() {
            running.set(caller, permission);
        }
        Ok(Self {
            caller: Caller(caller),
            membership,
        })
    }
}

/// Returns the bearer token; `None` if there is more than one `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
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
