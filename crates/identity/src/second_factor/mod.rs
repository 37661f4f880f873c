//! One-time codes (TOTP) as a second factor after the password, and the recovery codes that replace them.

use std::fmt::Write as _;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{ConfirmedTotp, Proof, StoredTotp};
use gaiterguard_vault::token;
use gaiterguard_vault::totp::{TotpSecret, generate_recovery_code};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::access_token::Caller;
use crate::error::{FactorError, Fault, LoginError};
use crate::identity::{Identity, LoginSource};
use crate::needed::{CodeRefused, Needed};

/// How many recovery codes a user gets. Each works once; ten last for years, and a list of ten fits on a note.
pub(crate) const RECOVERY_CODES: usize = 10;

/// The longest code that is read, in bytes. A recovery code has 19 characters, more with spaces.
const TYPED_BYTES_MAX: usize = 64;

/// The name under which authenticator apps show the account.
const ISSUER: &str = "GaiterGuard";

const MILLIS_PER_SECOND: i64 = 1000;

/// The second factor of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// When it was set up; `None` if the password suffices.
    pub enabled_at: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

/// A secret that is entered into an authenticator app. It counts once a code confirms it.
#[derive(Clone, Debug)]
pub struct PendingTotp {
    /// The secret, in Base32.
    pub secret: SecretString,
    /// The secret as an `otpauth:` URI, for a QR code.
    pub uri: SecretString,
}

impl Identity {
    /// Returns the second factor of the caller's user.
    pub async fn second_factor(&self, caller: &Caller) -> Result<SecondFactor, FactorError> {
        let stored = self.store.totp_get(caller.user).await?;
        let left = self.store.recovery_code_count(caller.user).await?;
        Ok(SecondFactor {
            enabled_at: stored.and_then(|stored| stored.confirmed_at),
            recovery_codes_left: u32::try_from(left).unwrap_or_default(),
        })
    }

    /// Creates a secret for an authenticator app. It replaces one that was not confirmed. Wrong passwords
    /// count like those of logins.
    pub async fn totp_begin(
        &self,
        caller: &Caller,
        password: SecretString,
        from: LoginSource<'_>,
    ) -> Result<PendingTotp, FactorError> {
        let user = self.store.user_get(caller.user).await?;
        let email = user.ok_or(LoginError::InvalidCredentials)?.email;
        let verified = self.verified(email.as_str(), password, Needed::Nothing, from);
        drop(verified.await?);
        let secret = TotpSecret::generate()?;
        let purpose = Purpose::totp(caller.user);
        let sealing = self
            .sealing
            .seal(WorkspaceId::GATEWAY, &purpose, secret.as_bytes());
        let sealed = sealing.await?;
        let at = self.clock.now();
        let audit = entry(caller, at, Event::UserTotpRequested);
        let begun = self
            .store
            .totp_begin(caller.user, &sealed, at, audit)
            .await?;
        if !begun {
            return Err(FactorError::AlreadyEnabled);
        }
        let secret = secret.to_base32();
        let uri = uri(email.as_str(), secret.expose_secret());
        Ok(PendingTotp { secret, uri })
    }

    /// Confirms the secret with a code of the authenticator app, and ends the user's other sessions.
    /// Returns the recovery codes.
    pub async fn totp_confirm(
        &self,
        caller: &Caller,
        code: &SecretString,
    ) -> Result<Vec<SecretString>, FactorError> {
        let stored = self.store.totp_get(caller.user).await?;
        let stored = stored.ok_or(FactorError::NotBegun)?;
        if stored.confirmed_at.is_some() {
            return Err(FactorError::AlreadyEnabled);
        }
        let at = self.clock.now();
        let attempt = self
            .throttle
            .code_attempt(caller.user, at)
            .map_err(LoginError::from)?;
        let step = self.step(caller.user, &stored, code, at).await?;
        let step = step.ok_or(FactorError::WrongCode)?;
        attempt.right();
        let (codes, hashes) = recovery_codes(caller.user)?;
        let audit = entry(caller, at, Event::UserTotpEnabled);
        let confirmed = ConfirmedTotp {
            user: caller.user,
            secret: &stored.sealed,
            step,
            recovery_codes: &hashes,
        };
        let confirming = self
            .store
            .totp_confirm(confirmed, caller.session, at, audit);
        // Otherwise it was begun again, or confirmed by another request.
        if confirming.await? {
            Ok(codes)
        } else {
            Err(FactorError::WrongCode)
        }
    }

    /// Removes the second factor. `code` is a one-time code or a recovery code.
    pub async fn totp_remove(
        &self,
        caller: &Caller,
        code: &SecretString,
    ) -> Result<(), FactorError> {
        let proof = self.proof_of_caller(caller, code).await?;
        let at = self.clock.now();
        let audit = entry(caller, at, Event::UserTotpRemoved);
        let removed = self
            .store
            .totp_remove(caller.user, &proof, at, audit)
            .await?;
        removed.then_some(()).ok_or(FactorError::WrongCode)
    }

    /// Replaces the recovery codes. `code` is a one-time code or a recovery code.
    pub async fn recovery_codes_replace(
        &self,
        caller: &Caller,
        code: &SecretString,
    ) -> Result<Vec<SecretString>, FactorError> {
        let proof = self.proof_of_caller(caller, code).await?;
        let (codes, hashes) = recovery_codes(caller.user)?;
        let at = self.clock.now();
        let audit = entry(caller, at, Event::UserRecoveryCodesReplaced);
        let replaced = self
            .store
            .recovery_codes_replace(caller.user, &proof, &hashes, at, audit)
            .await?;
        replaced.then_some(codes).ok_or(FactorError::WrongCode)
    }

    async fn proof_of_caller(
        &self,
        caller: &Caller,
        code: &SecretString,
    ) -> Result<Proof, FactorError> {
        match self.proof(caller.user, Some(code)).await {
            Ok(Some(proof)) => Ok(proof),
            Ok(None) => Err(FactorError::NotEnabled),
            Err(CodeRefused::Missing | CodeRefused::Wrong) => Err(FactorError::WrongCode),
            Err(CodeRefused::Unchecked(error)) => Err(FactorError::Login(error)),
        }
    }

    /// Checks the second factor of a user. Returns what it uses up; `None` if the user has no second
    /// factor.
    pub(crate) async fn proof(
        &self,
        user: UserId,
        code: Option<&SecretString>,
    ) -> Result<Option<Proof>, CodeRefused> {
        let stored = self.store.totp_get(user).await?;
        let Some(stored) = stored.filter(|stored| stored.confirmed_at.is_some()) else {
            return Ok(None);
        };
        let code = code.ok_or(CodeRefused::Missing)?;
        let at = self.clock.now();
        let throttled = |throttled| CodeRefused::Unchecked(LoginError::from(throttled));
        let attempt = self.throttle.code_attempt(user, at).map_err(throttled)?;
        let proof = match self.step(user, &stored, code, at).await? {
            Some(step) => Some(Proof::TotpStep(user, step)),
            None => self.recovery_code(user, code).await?,
        };
        let proof = proof.ok_or(CodeRefused::Wrong)?;
        attempt.right();
        Ok(Some(proof))
    }

    /// Returns the step of a one-time code; `None` for any other text.
    async fn step(
        &self,
        user: UserId,
        stored: &StoredTotp,
        code: &SecretString,
        at: Timestamp,
    ) -> Result<Option<i64>, Fault> {
        let StoredTotp {
            sealed, last_step, ..
        } = stored;
        let purpose = Purpose::totp(user);
        let opening = self.sealing.open(
            WorkspaceId::GATEWAY,
            sealed.data_key,
            &sealed.bytes,
            &purpose,
        );
        let secret = TotpSecret::from_bytes(&opening.await?).ok_or(Fault::TotpUnreadable(user))?;
        let Some(code) = normalized(code) else {
            return Ok(None);
        };
        let now = at.0.div_euclid(MILLIS_PER_SECOND);
        Ok(secret.step_of(code.expose_secret(), now, *last_step))
    }

    async fn recovery_code(
        &self,
        user: UserId,
        code: &SecretString,
    ) -> Result<Option<Proof>, Fault> {
        let Some(code) = normalized(code) else {
            return Ok(None);
        };
        let hash = recovery_hash(user, code.expose_secret());
        let exists = self.store.recovery_code_exists(user, hash).await?;
        Ok(exists.then_some(Proof::RecoveryCode(user, hash)))
    }
}

/// Returns a code as it is compared: in lower case, without spaces and hyphens. `None` if it is too long.
fn normalized(typed: &SecretString) -> Option<SecretString> {
    let typed = typed.expose_secret();
    let is_separator = |character: char| character == '-' || character.is_whitespace();
    (typed.len() <= TYPED_BYTES_MAX).then(|| {
        let code: String = typed.chars().filter(|c| !is_separator(*c)).collect();
        code.to_ascii_lowercase().into()
    })
}

fn recovery_codes(user: UserId) -> Result<(Vec<SecretString>, Vec<[u8; 32]>), Fault> {
    let codes: Result<Vec<_>, _> = (0..RECOVERY_CODES)
        .map(|_| generate_recovery_code())
        .collect();
    let codes = codes?;
    let hashes = codes.iter().filter_map(normalized);
    let hashes = hashes.map(|code| recovery_hash(user, code.expose_secret()));
    let hashes = hashes.collect();
    Ok((codes, hashes))
}

fn recovery_hash(user: UserId, normalized: &str) -> [u8; 32] {
    token::sha256(&format!("recovery code {user} {normalized}"))
}

/// Returns the URI that authenticator apps read from a QR code. They assume the other parameters.
fn uri(email: &str, secret: &str) -> SecretString {
    let mut account = String::new();
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            account.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(account, "%{byte:02X}");
        }
    }
    format!("otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}").into()
}

fn entry(caller: &Caller, at: Timestamp, event: Event) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(caller.workspace),
        at,
        actor: Actor::User(caller.user),
        event,
        subject: Subject::User(caller.user),
        detail: json!({}),
    }
}

#[cfg(test)]
mod tests;
