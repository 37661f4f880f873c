//! Extractor for reading and changing definitions.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_authority::Definitions;
use gaiterguard_definitions::definition_store::{DefinitionError, DefinitionStore, Editor};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_web::problem::Problem;
use http::request::Parts;

use super::caller::Member;

/// The caller, with access to the definitions.
///
/// Every change requires an [`Editor`], and only [`Editing::change`] creates one. So the response
/// to a change is never sent before the gateway decides by it.
pub(crate) struct Editing {
    member: Member,
    definition_store: DefinitionStore,
    gateway: Arc<Gateway>,
}

impl<S> FromRequestParts<S> for Editing
where
    S: Send + Sync,
    Arc<Identity>: FromRef<S>,
    Arc<Gateway>: FromRef<S>,
    DefinitionStore: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            member: Member::from_request_parts(parts, state).await?,
            definition_store: DefinitionStore::from_ref(state),
            gateway: Arc::from_ref(state),
        })
    }
}

impl Editing {
    /// Returns the access to stored definitions.
    pub(crate) fn definition_store(&self) -> &DefinitionStore {
        &self.definition_store
    }

    /// Returns the gateway.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Returns the caller's workspace.
    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.member.workspace()
    }

    /// Checks a permission that depends on the body of the request.
    pub(crate) fn demand(&self, permission: Permission) -> Result<(), Problem> {
        self.member.demand(permission)
    }

    /// Returns the caller's user id.
    pub(crate) fn user(&self) -> UserId {
        self.member.caller.0.user
    }

    /// Returns the definitions that the gateway currently decides by in the caller's workspace.
    pub(crate) fn definitions(&self) -> Option<Arc<Definitions>> {
        self.gateway.authority().definitions(self.workspace())
    }

    /// Makes a change, and reloads the gateway's definitions before it returns.
    pub(crate) async fn change<T>(
        &self,
        make: impl AsyncFnOnce(&DefinitionStore, Editor) -> Result<T, DefinitionError>,
    ) -> Result<T, Problem> {
        let editor = Editor {
            workspace: self.workspace(),
            user: self.user(),
        };
        let changed = make(&self.definition_store, editor).await;
        // Also after an error: the commit may have succeeded even if its confirmation was lost.
        self.gateway.authority().reload(self.workspace()).await?;
        Ok(changed?)
    }

    /// Makes a change of a service's documents, and returns once the gateway decides by it.
    pub(crate) async fn change_documents<T>(
        &self,
        make: impl AsyncFnOnce(&DefinitionStore, Editor) -> Result<T, DefinitionError>,
    ) -> Result<T, Problem> {
        let changed = self.change(make).await?;
        let workspace = self.workspace();
        // The change is stored, so the request succeeded even if this fails. The gateway tries again.
        if let Err(error) = self.gateway.authority().read_missing(workspace).await {
            tracing::error!(%error, workspace = workspace.0, "changed documents could not be read");
        }
        Ok(changed)
    }
}
