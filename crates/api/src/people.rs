//! The users of a workspace, for responses that name them.

use std::collections::HashMap;

use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_store::{Store, StoreError};

/// The email addresses of the users of a workspace.
pub(crate) struct People(HashMap<UserId, String>);

impl People {
    /// Reads the users of a workspace.
    pub(crate) async fn of(store: &Store, workspace: WorkspaceId) -> Result<Self, StoreError> {
        let users = store.user_list(workspace).await?;
        let named = users.iter().filter_map(|user| user.as_intact());
        Ok(Self(
            named
                .map(|user| (user.id, user.email.as_str().to_owned()))
                .collect(),
        ))
    }

    /// Returns the email address of a user; `None` if the workspace has no such user.
    pub(crate) fn name(&self, user: UserId) -> Option<String> {
        self.0.get(&user).cloned()
    }
}
