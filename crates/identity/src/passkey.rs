//! Passkeys: registering them, and signing in with one as the only factor.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::PasskeyId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::User;
use gaiterguard_store::{NO_PASSWORD, NewPasskey, PasskeySaved, Proof, StoredPasskey};
use gaiterguard_vault::token;
use gaiterguard_webauthn::{
    Assertion, Registration, RelyingParty, WebauthnError, challenge_of, verify_assertion,
    verify_registration,
};
use secrecy::SecretString;
use serde_json::json;

use crate::access_token::Caller;
use crate::error::{Fault, LoginError, PasskeyError};
use crate::identity::{Identity, LoggedIn, LoginSource};
use crate::needed::Needed;

/// The use of a passkey, as the browser returns it.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyUse<'a> {
    /// The ID of the credential.
    pub credential_id: &'a [u8],
    /// The response of the authenticator.
    pub assertion: Assertion<'a>,
}

impl Identity {
    /// Returns the site that passkeys are for; `None` if there are none, because `PUBLIC_URL` has no host
    /// name or is not `https`, or because people sign in only at the sign-in provider.
    pub fn passkey_site(&self) -> Option<&RelyingParty> {
        self.challenges
            .site
            .as_ref()
            .filter(|_| !self.provider_only)
    }

    pub(crate) fn site(&self) -> Result<&RelyingParty, PasskeyError> {
        self.challenges
            .site
            .as_ref()
            .ok_or(PasskeyError::Unavailable)
    }

    /// Returns a challenge for registering a passkey, the caller's user, and the passkeys that the user has.
    /// A user who has a password must present it. Wrong passwords count like those of logins.
    pub async fn passkey_begin(
        &self,
        caller: &Caller,
        password: Option<SecretString>,
        from: LoginSource<'_>,
    ) -> Result<(Vec<u8>, User, Vec<StoredPasskey>), PasskeyError> {
        self.site()?;
        let user = self.store.user_get(caller.user).await?;
        let user = user.ok_or(LoginError::InvalidCredentials)?;
        let login = self.store.user_by_email(user.email.normalized()).await?;
        if login.is_some_and(|login| login.password_hash != NO_PASSWORD) {
            let password = password.unwrap_or_default();
            let verified = self.verified(user.email.as_str(), password, Needed::Nothing, from);
            drop(verified.await?);
        }
        let challenge = self.challenges.issue(Some(caller.user), self.clock.now())?;
        let known = self.store.passkey_list(caller.user).await?;
        Ok((challenge, user, known))
    }

    /// Stores the passkey that the caller's authenticator has made.
    pub async fn passkey_register(
        &self,
        caller: &Caller,
        name: &str,
        registration: Registration<'_>,
    ) -> Result<PasskeyId, PasskeyError> {
        let site = self.site()?;
        let at = self.clock.now();
        let challenge = challenge_of(registration.client_data_json)?;
        let proof = self.challenges.accept(&challenge, Some(caller.user), at);
        proof.ok_or(PasskeyError::Expired)?;
        let credential = verify_registration(site, &challenge, registration)?;
        let new = NewPasskey {
            user: caller.user,
            credential_id: &credential.id,
            public_key: &credential.public_key,
            name,
            sign_count: credential.sign_count,
        };
        // So that the key of an approval can be traced to the registration, even after the passkey is removed.
        let fingerprint = hex::encode(token::sha256_of_bytes(&credential.public_key));
        let audit = |id| {
            let mut entry = entry(caller, at, Event::UserPasskeyAdded, id);
            entry.detail["public_key_sha256"] = fingerprint.into();
            entry
        };
        match self.store.passkey_create(new, at, audit).await? {
            PasskeySaved::Created(id) => Ok(id),
            PasskeySaved::Exists => Err(PasskeyError::Exists),
            PasskeySaved::TooMany => Err(PasskeyError::TooMany),
        }
    }

    /// Lists the passkeys of the caller's user, the newest first.
    pub async fn passkeys(&self, caller: &Caller) -> Result<Vec<StoredPasskey>, PasskeyError> {
        Ok(self.store.passkey_list(caller.user).await?)
    }

    /// Removes a passkey of the caller's user. Returns false if the user has no such passkey.
    pub async fn passkey_remove(
        &self,
        caller: &Caller,
        passkey: PasskeyId,
    ) -> Result<bool, PasskeyError> {
        let at = self.clock.now();
        let audit = entry(caller, at, Event::UserPasskeyRemoved, passkey);
        let removing = self.store.passkey_delete(caller.user, passkey, at, audit);
        Ok(removing.await?)
    }

    /// Returns a challenge for signing in with a passkey.
    ///
    /// # Errors
    ///
    /// If there are no passkeys here.
    pub fn passkey_challenge(&self) -> Result<Vec<u8>, PasskeyError> {
        self.passkey_site().ok_or(PasskeyError::Unavailable)?;
        Ok(self.challenges.issue(None, self.clock.now())?)
    }

    /// Begins a session of the user whose passkey was used. The password and one-time codes are not asked
    /// for: a passkey is something that the person has, and it has verified the person.
    pub async fn passkey_login(
        &self,
        presented: PasskeyUse<'_>,
        from: LoginSource<'_>,
    ) -> Result<LoggedIn, PasskeyError> {
        let site = self.passkey_site().ok_or(PasskeyError::Unavailable)?;
        let at = self.clock.now();
        let challenge = challenge_of(presented.assertion.client_data_json)?;
        let proof = self.challenges.accept(&challenge, None, at);
        let proof = proof.ok_or(PasskeyError::Expired)?;
        let found = self
            .store
            .passkey_by_credential(presented.credential_id)
            .await?;
        let passkey = found.ok_or(PasskeyError::Unknown)?;
        let count = verify_assertion(site, &challenge, &passkey.public_key, presented.assertion)?;
        let user = self.store.user_get(passkey.user).await?;
        let user = user.ok_or(PasskeyError::Unknown)?;
        let login = self.store.user_by_email(user.email.normalized()).await?;
        // A user without a workspace has no place to sign in to.
        let login = login.ok_or(PasskeyError::Unknown)?;
        let proofs = [proof, Proof::PasskeyUse(passkey.id, count.0)];
        let client = from.client();
        let opened = self
            .open_session(user, login.workspace, &proofs, client)
            .await;
        match opened {
            Ok((_, logged_in)) => Ok(logged_in),
            Err(LoginError::WrongSecondFactor) => Err(PasskeyError::Replayed),
            Err(error) => Err(PasskeyError::Login(error)),
        }
    }
}

impl<E: Into<Fault>> From<E> for PasskeyError {
    fn from(error: E) -> Self {
        Self::Login(LoginError::Fault(error.into()))
    }
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        Self::Refused(error)
    }
}

impl From<LoginError> for PasskeyError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

fn entry(caller: &Caller, at: Timestamp, event: Event, passkey: PasskeyId) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(caller.workspace),
        at,
        actor: Actor::User(caller.user),
        event,
        subject: Subject::User(caller.user),
        detail: json!({ "passkey_id": passkey }),
    }
}
