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
    /// Whether the account requires the set-up code.
    pub setup_code_needed: bool,
}

/// The client that asks for an account.
#[derive(Clone, Debug)]
pub struct Registrant {
    /// The address of the client.
    pub source: IpAddr,
    /// The set-up code, if one was sent.
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

    /// Returns the set-up code to print at startup; `None` if the first account needs no code, already
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

    /// Checks the set-up code and counts the attempt. A right code is not counted, or an agent at the
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
