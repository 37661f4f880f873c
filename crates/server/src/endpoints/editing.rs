//! Looking at definitions, and changing them.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_definitions::desk::{DefinitionError, Desk, Editor};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::authority::Definitions;
use gaiterguard_identity::Identity;
use http::request::Parts;

use super::caller::Caller;
use crate::problem::Problem;

/// A caller at the desk where definitions are changed.
///
/// [`Editor`] is what every change asks for, and [`Editing::change`] is the only place that makes
/// one: so no change is answered before the gateway decides by it.
pub(crate) struct Editing {
    caller: Caller,
    desk: Desk,
    gateway: Arc<Gateway>,
}

impl<S> FromRequestParts<S> for Editing
where
    S: Send + Sync,
    Arc<Identity>: FromRef<S>,
    Arc<Gateway>: FromRef<S>,
    Desk: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            caller: Caller::from_request_parts(parts, state).await?,
            desk: Desk::from_ref(state),
            gateway: Arc::from_ref(state),
        })
    }
}

impl Editing {
    /// The desk, to look at what is there.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The gateway, to ask it what it would do.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The caller's workspace.
    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.caller.workspace()
    }

    /// The caller.
    pub(crate) fn user(&self) -> UserId {
        self.caller.0.user
    }

    /// What the gateway decides by at present in the caller's workspace.
    pub(crate) fn definitions(&self) -> Option<Arc<Definitions>> {
        self.gateway.authority().definitions(self.workspace())
    }

    /// Makes a change, and has the gateway decide by it before it returns.
    pub(crate) async fn change<T>(
        &self,
        make: impl AsyncFnOnce(&Desk, Editor) -> Result<T, DefinitionError>,
    ) -> Result<T, Problem> {
        let editor = Editor {
            workspace: self.workspace(),
            user: self.user(),
        };
        let changed = make(&self.desk, editor).await;
        // Even a change that failed may have been made: its commit's answer can be lost.
        self.gateway.authority().reload(self.workspace()).await?;
        Ok(changed?)
    }
}
