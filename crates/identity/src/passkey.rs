//! Passkeys: registering them, and signing in with one as the only factor.
//!
//! A challenge is signed with `JWT_SECRET` and not stored. It counts once, because a sign-in uses it up.

use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{PasskeyId, UserId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::User;
use gaiterguard_store::{NO_PASSWORD, NewPasskey, PasskeySaved, Proof, StoredPasskey};
use gaiterguard_vault::{NoRandomness, token};
use gaiterguard_webauthn::{
    Assertion, Registration, RelyingParty, WebauthnError, challenge_of, verify_assertion,
    verify_registration,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::access_token::Caller;
use crate::error::{Fault, LoginError, PasskeyError};
use crate::identity::{Identity, LoggedIn, LoginSource};
use crate::second_factor::Needed;

/// How long a person may take to use a passkey.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

const PURPOSE: &str = "gaiterguard passkey 1";

/// How many bytes a challenge has of each: random bits, the time when it expires, and a signature.
const RANDOM_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 16;
const CHALLENGE_BYTES: usize = RANDOM_BYTES + EXPIRY_BYTES + SIGNATURE_BYTES;

/// The site of this gateway's passkeys, and their challenges.
pub(crate) struct Passkeys {
    secret: SecretString,
    site: Option<RelyingParty>,
}

/// The use of a passkey, as the browser returns it.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyUse<'a> {
    /// The ID of the credential.
    pub credential_id: &'a [u8],
    /// What the authenticator returned.
    pub assertion: Assertion<'a>,
}

impl Passkeys {
    pub(crate) fn new(jwt_secret: &SecretString, public_url: &str) -> Self {
        Self {
            secret: jwt_secret.clone(),
            site: RelyingParty::of(public_url),
        }
    }

    fn site(&self) -> Result<&RelyingParty, PasskeyError> {
        self.site.as_ref().ok_or(PasskeyError::Unavailable)
    }

    /// Issues a challenge for registering a passkey of a user, or for signing in.
    fn issue(&self, user: Option<UserId>, now: Timestamp) -> Result<Vec<u8>, NoRandomness> {
        let random = token::generate_hex()?;
        let random = hex::decode(random.expose_secret()).unwrap_or_default();
        let expires_at = now.after(CHALLENGE_LIFETIME).0.to_be_bytes();
        let mut challenge = [&random[..RANDOM_BYTES], &expires_at].concat();
        challenge.extend(self.signature(user, &challenge));
        Ok(challenge)
    }

    /// Returns what a challenge uses up, if it was issued for this and has not expired.
    fn accept(&self, challenge: &[u8], user: Option<UserId>, now: Timestamp) -> Option<Proof> {
        if challenge.len() != CHALLENGE_BYTES {
            return None;
        }
        let (signed, signature) = challenge.split_at(RANDOM_BYTES + EXPIRY_BYTES);
        let expires_at = signed[RANDOM_BYTES..].try_into().ok()?;
        let expires_at = Timestamp(i64::from_be_bytes(expires_at));
        let is_ours = token::constant_time_eq(signature, &self.signature(user, signed));
        (is_ours && now < expires_at)
            .then(|| Proof::Challenge(token::sha256(&hex::encode(challenge)), expires_at))
    }

    fn signature(&self, user: Option<UserId>, signed: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let user = user.map_or_else(String::new, |user| user.to_string());
        let text = format!("{user}.{}", hex::encode(signed));
        let code = token::keyed_code(&self.secret, PURPOSE, &text);
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(&code[..SIGNATURE_BYTES]);
        signature
    }
}

impl Identity {
    /// Returns the site that passkeys are for; `None` if there are none, because `PUBLIC_URL` has no host
    /// name or is not `https`, or because people sign in only at the sign-in provider.
    pub fn passkey_site(&self) -> Option<&RelyingParty> {
        self.passkeys.site.as_ref().filter(|_| !self.provider_only)
    }

    /// Returns a challenge for registering a passkey, the caller's user, and the passkeys that the user has.
    /// A user who has a password must present it. Wrong passwords count like those of logins.
    pub async fn passkey_begin(
        &self,
        caller: &Caller,
        password: Option<SecretString>,
        from: LoginSource<'_>,
    ) -> Result<(Vec<u8>, User, Vec<StoredPasskey>), PasskeyError> {
        self.passkeys.site()?;
        let user = self.store.user_get(caller.user).await?;
        let user = user.ok_or(LoginError::InvalidCredentials)?;
        let login = self.store.user_by_email(user.email.normalized()).await?;
        if login.is_some_and(|login| login.password_hash != NO_PASSWORD) {
            let password = password.unwrap_or_default();
            let verified = self.verified(user.email.as_str(), password, Needed::Nothing, from);
            drop(verified.await?);
        }
        let challenge = self.passkeys.issue(Some(caller.user), self.clock.now())?;
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
        let site = self.passkeys.site()?;
        let at = self.clock.now();
        let challenge = challenge_of(registration.client_data_json)?;
        let proof = self.passkeys.accept(&challenge, Some(caller.user), at);
        proof.ok_or(PasskeyError::Expired)?;
        let credential = verify_registration(site, &challenge, registration)?;
        let new = NewPasskey {
            user: caller.user,
            credential_id: &credential.id,
            public_key: &credential.public_key,
            name,
            sign_count: credential.sign_count,
        };
        let audit = |id| entry(caller, at, Event::UserPasskeyAdded, id);
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
        Ok(self.passkeys.issue(None, self.clock.now())?)
    }

    /// Begins a session of the user whose passkey was used. The password and one-time codes are not asked
    /// for: a passkey is something that the person has, and it has verified the person.
    pub async fn passkey_login(
        &self,
        used: PasskeyUse<'_>,
        from: LoginSource<'_>,
    ) -> Result<LoggedIn, PasskeyError> {
        let site = self.passkey_site().ok_or(PasskeyError::Unavailable)?;
        let at = self.clock.now();
        let challenge = challenge_of(used.assertion.client_data_json)?;
        let proof = self.passkeys.accept(&challenge, None, at);
        let proof = proof.ok_or(PasskeyError::Expired)?;
        let found = self.store.passkey_by_credential(used.credential_id).await?;
        let passkey = found.ok_or(PasskeyError::Unknown)?;
        let count = verify_assertion(site, &challenge, &passkey.public_key, used.assertion)?;
        let user = self.store.user_get(passkey.user).await?;
        let user = user.ok_or(PasskeyError::Unknown)?;
        let login = self.store.user_by_email(user.email.normalized()).await?;
        // A user who is no member of any workspace has no place to sign in to.
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn passkeys() -> Passkeys {
        let secret = "0123456789abcdef0123456789abcdef".into();
        Passkeys::new(&secret, "https://gate.example")
    }

    #[test]
    fn a_challenge_counts_for_its_purpose_until_it_expires() {
        let end = NOW.after(CHALLENGE_LIFETIME);
        for user in [None, Some(UserId(7))] {
            let challenge = passkeys().issue(user, NOW).unwrap();
            assert_eq!(challenge.len(), CHALLENGE_BYTES);
            assert_ne!(challenge, passkeys().issue(user, NOW).unwrap());
            let accepted = passkeys().accept(&challenge, user, Timestamp(end.0 - 1));
            assert!(matches!(accepted, Some(Proof::Challenge(_, at)) if at == end));
            assert_eq!(passkeys().accept(&challenge, user, end), None);
            for other in [None, Some(UserId(7)), Some(UserId(8))] {
                let accepted = passkeys().accept(&challenge, other, NOW);
                assert_eq!(accepted.is_some(), other == user, "{other:?}");
            }
        }
    }

    #[test]
    fn a_challenge_that_was_made_up_or_changed_is_refused() {
        let challenge = passkeys().issue(None, NOW).unwrap();
        for at in 0..challenge.len() {
            let mut changed = challenge.clone();
            changed[at] ^= 1;
            assert_eq!(passkeys().accept(&changed, None, NOW), None, "{at}");
        }
        for made_up in [&[][..], &challenge[1..], &[0; CHALLENGE_BYTES], &[0; 1000]] {
            assert_eq!(passkeys().accept(made_up, None, NOW), None);
        }
    }
}
