//! Creating accounts over the network, if the settings allow it.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::user::{Email, User};
use gaiterguard_store::{StoreError, UserCreated};
use secrecy::SecretString;
use serde_json::json;

use crate::error::RegisterError;
use crate::identity::{Identity, Registration};
use crate::new_password::NewPassword;
use crate::setup_code::SetupCode;
use crate::throttle::{ClientKey, SourceKey};

/// The requirements of a registration at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationState {
    /// Whether an account can be created.
    pub is_open: bool,
    /// Whether there is no account yet.
    pub is_first: bool,
    /// Whether the account requires the setup code.
    pub setup_code_needed: bool,
}

/// The client that asks for an account.
#[derive(Clone, Debug)]
pub struct Registrant {
    /// The address of the client.
    pub source: IpAddr,
    /// The setup code, if one was sent.
    pub setup_code: Option<SecretString>,
    /// Whether the request may create the first account. A page of another origin may not.
    pub may_be_first: bool,
}

impl Identity {
    /// Returns the requirements of a registration at present.
    pub async fn registration_state(&self) -> Result<RegistrationState, StoreError> {
        let is_first = self.registration != Registration::Closed && self.is_without_users().await?;
        Ok(RegistrationState {
            is_open: match self.registration {
                Registration::Closed => false,
                Registration::Open => true,
                Registration::First => is_first,
            },
            is_first,
            setup_code_needed: is_first && self.setup_code.is_some(),
        })
    }

    /// Returns the setup code to print at startup; `None` if the first account needs no code, already
    /// exists, or cannot be registered.
    pub async fn setup_code_to_print(&self) -> Result<Option<&SetupCode>, StoreError> {
        let state = self.registration_state().await?;
        Ok(self.setup_code.as_ref().filter(|_| state.setup_code_needed))
    }

    /// Creates a user with its own workspace, if registration is open to `registrant`.
    pub async fn register(
        &self,
        email: &Email,
        password: NewPassword,
        registrant: Registrant,
    ) -> Result<User, RegisterError> {
        // The store decides who is first. Checking here saves the hashing when that is long decided.
        let state = self.registration_state().await?;
        if !state.is_open {
            return Err(RegisterError::Closed);
        }
        if state.is_first && !registrant.may_be_first {
            return Err(RegisterError::ForeignPage);
        }
        self.admit(&registrant, state.setup_code_needed)?;
        let only_if_first = self.registration == Registration::First;
        let source = ClientKey::Stranger(SourceKey::of(registrant.source));
        let turn = self.passwords.turn(source).await?;
        let hash = turn.hash(password.into_secret()).await?;
        let at = self.clock.now();
        let audit = |user: UserId, workspace| NewAuditEntry {
            workspace: Some(workspace),
            at,
            actor: Actor::User(user),
            event: Event::UserRegistered,
            subject: Subject::User(user),
            detail: json!({}),
        };
        let created = self
            .store
            .user_create(email, &hash, only_if_first, at, audit)
            .await?;
        match created {
            UserCreated::Created(user, _) => Ok(user),
            UserCreated::EmailTaken => Err(RegisterError::EmailTaken),
            UserCreated::NotFirst | UserCreated::HostUnknown => Err(RegisterError::Closed),
        }
    }

    async fn is_without_users(&self) -> Result<bool, StoreError> {
        if self.has_users.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let has_users = self.store.user_count().await? > 0;
        self.has_users.store(has_users, Ordering::Relaxed);
        Ok(!has_users)
    }

    /// Checks the setup code and counts the attempt. A right code is not counted, or an agent at the
    /// operator's address could use up the operator's attempts.
    fn admit(&self, registrant: &Registrant, code_needed: bool) -> Result<(), RegisterError> {
        let code = self.setup_code.as_ref().filter(|_| code_needed);
        let refusal = match (code, &registrant.setup_code) {
            (None, _) => None,
            (Some(code), Some(given)) if code.is(given) => return Ok(()),
            (Some(_), Some(_)) => Some(RegisterError::SetupCodeWrong),
            (Some(_), None) => Some(RegisterError::SetupCodeMissing),
        };
        self.throttle
            .registration(registrant.source, self.clock.now())?;
        refusal.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::identity::IdentitySettings;
    use crate::identity::tests::{
        EMAIL, PASSWORD, Setup, new_password, registrant, sealing, settings,
    };
    use crate::throttle::SOURCE_REGISTRATIONS_MAX;

    #[tokio::test]
    async fn registration_is_open_to_the_first_user_to_anyone_or_to_no_one() {
        let first = Setup::new(Registration::First).await;
        first.register(EMAIL).await.unwrap();
        for email in [EMAIL, "bob@example.com"] {
            let again = first.register(email).await;
            assert!(matches!(again, Err(RegisterError::Closed)), "{email}");
        }
        assert_eq!(first.identity.passwords_computed(), 1);

        let open = Setup::new(Registration::Open).await;
        open.register(EMAIL).await.unwrap();
        open.register("bob@example.com").await.unwrap();
        let taken = open.register("ADA@EXAMPLE.COM").await;
        assert!(matches!(taken, Err(RegisterError::EmailTaken)));

        let closed = Setup::new(Registration::Closed).await;
        let refused = closed.register(EMAIL).await;
        assert!(matches!(refused, Err(RegisterError::Closed)));
        assert_eq!(closed.identity.passwords_computed(), 0);
    }

    #[tokio::test]
    async fn the_right_set_up_code_is_accepted_however_many_wrong_ones_were_tried() {
        let setup = Setup::new(Registration::First).await;
        let settings = IdentitySettings {
            setup_code_needed: true,
            ..settings(Registration::First)
        };
        let sealing = sealing(&setup.store, &setup.clock).await;
        let identity = Identity::new(setup.store.clone(), sealing, &settings, setup.clock.clone());
        let code = identity.setup_code_to_print().await.unwrap().unwrap();
        let code = code.reveal();
        let email = Email::parse(EMAIL).unwrap();
        let register = |code| identity.register(&email, new_password(PASSWORD), registrant(code));

        let missing = register(None).await;
        assert!(matches!(missing, Err(RegisterError::SetupCodeMissing)));
        for _ in 1..SOURCE_REGISTRATIONS_MAX {
            let wrong = register(Some("0000-0000-0000")).await;
            assert!(matches!(wrong, Err(RegisterError::SetupCodeWrong)));
        }
        let throttled = register(Some("0000-0000-0000")).await;
        assert!(matches!(throttled, Err(RegisterError::Throttled { .. })));
        assert_eq!(identity.passwords_computed(), 0);

        let foreign = Registrant {
            may_be_first: false,
            ..registrant(Some(&code))
        };
        let foreign = identity.register(&email, new_password(PASSWORD), foreign);
        assert!(matches!(foreign.await, Err(RegisterError::ForeignPage)));
        register(Some(&code)).await.unwrap();
        assert!(identity.setup_code_to_print().await.unwrap().is_none());
        let again = register(Some(&code)).await;
        assert!(matches!(again, Err(RegisterError::Closed)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_fifty_concurrent_first_users_one_is_registered() {
        let setup = Setup::new(Registration::First).await;
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let identity = Arc::clone(&setup.identity);
                tokio::spawn(async move {
                    let email = Email::parse(&format!("{n}@example.com")).unwrap();
                    identity
                        .register(&email, new_password(PASSWORD), registrant(None))
                        .await
                })
            })
            .collect();
        let mut first = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(user) => first.push(user),
                Err(error) => assert!(matches!(error, RegisterError::Closed), "{error}"),
            }
        }
        assert_eq!(first.len(), 1);
        assert_eq!(setup.store.user_count().await.unwrap(), 1);
        let logged_in = setup
            .login(first[0].email.as_str(), PASSWORD)
            .await
            .unwrap();
        assert_eq!(logged_in.user, first[0]);
    }
}
