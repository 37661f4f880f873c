//! Changes to accounts by an operator on the gateway's machine, where neither the throttle nor the
//! registration setting applies.

use std::sync::Arc;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::user::{Email, User};
use gaiterguard_store::{Store, UserCreated};
use serde_json::json;

use crate::error::AccountError;
use crate::new_password::NewPassword;
use crate::password::hash_now;

/// The accounts of a database.
pub struct Accounts {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// Manages the accounts in `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Creates a user with a workspace of its own, or in the workspace of the user with the email
    /// address `workspace_of`.
    pub async fn create(
        &self,
        email: &Email,
        password: NewPassword,
        workspace_of: Option<&Email>,
    ) -> Result<User, AccountError> {
        let hash = hash_now(password.into_secret()).await?;
        let at = self.clock.now();
        let audit = |user, workspace| entry(user, workspace, at, Event::UserCreated);
        let created = match workspace_of {
            Some(host) => self.store.user_join(email, &hash, host, at, audit).await?,
            None => {
                self.store
                    .user_create(email, &hash, false, at, audit)
                    .await?
            }
        };
        match (created, workspace_of) {
            (UserCreated::Created(user, _), _) => Ok(user),
            (UserCreated::HostUnknown, Some(host)) => {
                Err(AccountError::UserUnknown(host.to_string()))
            }
            // `NotFirst` and `HostUnknown` are impossible here: neither was requested.
            (UserCreated::EmailTaken | UserCreated::NotFirst | UserCreated::HostUnknown, _) => {
                Err(AccountError::EmailTaken)
            }
        }
    }

    /// Sets a new password for a user and ends all of the user's sessions.
    pub async fn reset_password(
        &self,
        email: &Email,
        password: NewPassword,
    ) -> Result<User, AccountError> {
        let unknown = || AccountError::UserUnknown(email.to_string());
        let found = self.store.user_by_email(email.normalized()).await?;
        let found = found.ok_or_else(unknown)?;
        let hash = hash_now(password.into_secret()).await?;
        let at = self.clock.now();
        let audit = entry(found.user.id, found.workspace, at, Event::UserPasswordReset);
        let done = self
            .store
            .user_password_set(found.user.id, &hash, at, audit)
            .await?;
        done.then_some(found.user).ok_or_else(unknown)
    }

    /// Removes everything but the password with which a user signs in, and ends all of the user's sessions.
    /// Returns `None` if the user has nothing else.
    pub async fn reset_factors(&self, email: &Email) -> Result<Option<User>, AccountError> {
        let found = self.store.user_by_email(email.normalized()).await?;
        let found = found.ok_or_else(|| AccountError::UserUnknown(email.to_string()))?;
        let at = self.clock.now();
        let audit = entry(found.user.id, found.workspace, at, Event::UserFactorsReset);
        let done = self
            .store
            .user_factors_reset(found.user.id, at, audit)
            .await?;
        Ok(done.then_some(found.user))
    }
}

fn entry(user: UserId, workspace: WorkspaceId, at: Timestamp, event: Event) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(workspace),
        at,
        actor: Actor::Operator,
        event,
        subject: Subject::User(user),
        detail: json!({}),
    }
}
