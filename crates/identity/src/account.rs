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

#[cfg(test)]
mod tests {
    use gaiterguard_domain::user::SessionClient;

    use super::*;
    use crate::error::LoginError;
    use crate::identity::Registration;
    use crate::identity::tests::{EMAIL, PASSWORD, Setup, new_password};

    #[tokio::test]
    async fn an_operator_creates_users_with_their_own_or_shared_workspaces() {
        let setup = Setup::new(Registration::Closed).await;
        let email = |text| Email::parse(text).unwrap();
        let (ada, bob, eve) = (
            email(EMAIL),
            email("bob@example.com"),
            email("eve@example.com"),
        );
        let create = |who, host| setup.accounts.create(who, new_password(PASSWORD), host);

        create(&ada, None).await.unwrap();
        create(&bob, Some(&ada)).await.unwrap();
        create(&eve, None).await.unwrap();
        let taken = create(&bob, None).await;
        assert!(matches!(taken, Err(AccountError::EmailTaken)));
        let taken = create(&bob, Some(&ada)).await;
        assert!(matches!(taken, Err(AccountError::EmailTaken)));
        let unknown = create(
            &email("zoe@example.com"),
            Some(&email("nobody@example.com")),
        )
        .await;
        assert!(matches!(unknown, Err(AccountError::UserUnknown(_))));

        let mut workspaces = Vec::new();
        for who in [&ada, &bob, &eve] {
            let tokens = setup.login(who.as_str(), PASSWORD).await.unwrap().tokens;
            workspaces.push(setup.caller(&tokens).await.unwrap().workspace);
        }
        assert_eq!(workspaces[0], workspaces[1]);
        assert_ne!(workspaces[0], workspaces[2]);
    }

    #[tokio::test]
    async fn a_password_reset_ends_the_users_sessions_and_the_old_password() {
        let setup = Setup::with_user().await;
        setup.register("bob@example.com").await.unwrap();
        let tokens = setup.logged_in().await;
        let bobs = setup
            .login("bob@example.com", PASSWORD)
            .await
            .unwrap()
            .tokens;

        let email = Email::parse("ADA@example.com").unwrap();
        let reset = |email| {
            setup
                .accounts
                .reset_password(email, new_password("another password"))
        };
        reset(&email).await.unwrap();
        assert_eq!(setup.caller(&tokens).await, None);
        assert!(setup.refresh(&tokens).await.is_none());
        assert!(setup.caller(&bobs).await.is_some());
        let old = setup.login(EMAIL, PASSWORD).await;
        assert!(matches!(old, Err(LoginError::InvalidCredentials)));
        setup.login(EMAIL, "another password").await.unwrap();

        let nobody = Email::parse("nobody@example.com").unwrap();
        let unknown = reset(&nobody).await;
        assert!(matches!(unknown, Err(AccountError::UserUnknown(_))));
    }

    #[tokio::test]
    async fn a_login_that_a_password_reset_overtakes_is_refused() {
        let setup = Setup::with_user().await;
        let email = Email::parse(EMAIL).unwrap();
        let found = setup.store.user_by_email(email.normalized()).await.unwrap();
        let found = found.unwrap();
        let user = found.user.id;
        let reset = setup
            .accounts
            .reset_password(&email, new_password("another password"));
        reset.await.unwrap();

        let begun = setup
            .identity
            .begin_session(found, &[], SessionClient::default())
            .await;
        assert!(matches!(begun, Err(LoginError::InvalidCredentials)));
        let sessions = setup.store.session_list(user, setup.clock.now()).await;
        assert_eq!(sessions.unwrap(), []);
    }
}
