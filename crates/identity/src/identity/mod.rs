//! Logging in, and beginning a session.

mod session;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::user::{Email, SessionClient, User};
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{NO_PASSWORD, NewSession, Proof, Store, UserLogin};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::time::Instant;

use crate::access_token::{AccessTokens, Caller};
use crate::account_key::AccountKey;
use crate::challenge::Challenges;
use crate::device::Devices;
use crate::error::{LoginError, RegisterError};
use crate::flow::Flows;
use crate::needed::{CodeRefused, Needed};
use crate::new_password::NewPassword;
use crate::password::{Passwords, Turn};
use crate::queue::QueueFull;
use crate::refresh_token;
use crate::setup_code::SetupCode;
use crate::throttle::{Client, SourceKey, Throttle, Throttled};

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Only the first user.
    First,
    /// Anyone.
    Open,
    /// No one.
    Closed,
}

/// The settings for accounts and sessions.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// The secret that signs access tokens, at least 32 bytes. All replicas use the same.
    pub jwt_secret: SecretString,
    /// The lifetime of an access token.
    pub access_expiry: Duration,
    /// The lifetime of a refresh token, and of a session that is not refreshed.
    pub refresh_expiry: Duration,
    /// Who may register.
    pub registration: Registration,
    /// Whether the first account requires the setup code, because others than the operator can reach
    /// the gateway.
    pub setup_code_needed: bool,
    /// Whether people can sign in only at the sign-in provider.
    pub provider_only: bool,
    /// The URL at which people open the dashboard. Passkeys are for its site.
    pub public_url: String,
}

/// The tokens of a session, which are returned only once.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// A signed token that names the session.
    pub access_token: SecretString,
    /// `gr_` and 64 hexadecimal digits, to be exchanged once for the next pair.
    pub refresh_token: SecretString,
    /// When the refresh token expires.
    pub refresh_expires_at: Timestamp,
}

/// How long after its start a login is refused for too many wrong passwords. Checking a password takes
/// less, so the time does not reveal whether one was checked.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

/// The origin of a login.
#[derive(Clone, Copy, Debug)]
pub struct LoginSource<'a> {
    /// The address of the client.
    pub address: IpAddr,
    /// The `User-Agent` of the client, if one was sent.
    pub user_agent: Option<&'a str>,
    /// The device token of an earlier login, if one was sent. It is not checked yet.
    pub device_token: Option<&'a SecretString>,
}

impl LoginSource<'_> {
    /// Returns the client as a session keeps it.
    pub fn client(&self) -> SessionClient {
        SessionClient::new(self.address, self.user_agent)
    }
}

impl From<IpAddr> for LoginSource<'_> {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            user_agent: None,
            device_token: None,
        }
    }
}

/// The secrets of a login.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The password.
    pub password: SecretString,
    /// A one-time code or a recovery code, if one was sent.
    pub code: Option<SecretString>,
}

impl From<SecretString> for Presented {
    fn from(password: SecretString) -> Self {
        Self {
            password,
            code: None,
        }
    }
}

/// A user whose password was right, and whose code was, if one was needed.
pub(crate) struct Verified {
    pub(crate) login: UserLogin,
    /// The proof that the code uses up.
    pub(crate) proof: Option<Proof>,
    /// The turn in which the password was checked.
    pub(crate) turn: Turn,
}

/// The result of a successful login.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Gives the device its own count of attempts at the next login. It grants nothing.
    pub device_token: SecretString,
    /// The tokens of the session.
    pub tokens: TokenPair,
    /// The user who logged in.
    pub user: User,
}

/// The accounts and sessions of humans.
pub struct Identity {
    pub(crate) store: Store,
    pub(crate) sealing: Sealing,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registration: Registration,
    pub(crate) provider_only: bool,
    pub(crate) flows: Flows,
    pub(crate) challenges: Challenges,
    pub(crate) setup_code: Option<SetupCode>,
    /// Whether the last query found an account. Accounts are never removed.
    pub(crate) has_users: AtomicBool,
    refresh_expiry: Duration,
    access_tokens: AccessTokens,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    devices: Devices,
}

impl Identity {
    /// Manages the users in `store`.
    pub fn new(
        store: Store,
        sealing: Sealing,
        settings: &IdentitySettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            sealing,
            clock,
            // An account with a password could not be used.
            registration: if settings.provider_only {
                Registration::Closed
            } else {
                settings.registration
            },
            provider_only: settings.provider_only,
            flows: Flows::new(&settings.jwt_secret),
            challenges: Challenges::new(&settings.jwt_secret, &settings.public_url),
            setup_code: settings
                .setup_code_needed
                .then(|| SetupCode::derive(&settings.jwt_secret)),
            has_users: AtomicBool::new(false),
            refresh_expiry: settings.refresh_expiry,
            access_tokens: AccessTokens::new(&settings.jwt_secret, settings.access_expiry),
            passwords: Passwords::new(),
            throttle: Throttle::new(),
            devices: Devices::new(&settings.jwt_secret),
        }
    }

    /// Begins a session. `email` is the text that was typed; anything that is not an email address is an
    /// unknown user. A user with a second factor must also present a code.
    pub async fn login(
        &self,
        email: &str,
        presented: impl Into<Presented>,
        from: impl Into<LoginSource<'_>>,
    ) -> Result<LoggedIn, LoginError> {
        if self.provider_only {
            return Err(LoginError::ProviderOnly);
        }
        let from = from.into();
        let Presented { password, code } = presented.into();
        let needed = Needed::Code(code.as_ref());
        let Verified { login, proof, turn } = self.verified(email, password, needed, from).await?;
        drop(turn);
        self.begin_session(login, proof.as_slice(), from.client())
            .await
    }

    /// Replaces the caller's password and ends the user's other sessions. Wrong passwords count like those
    /// of logins.
    pub async fn change_password(
        &self,
        caller: &Caller,
        present: SecretString,
        new: NewPassword,
        from: LoginSource<'_>,
    ) -> Result<(), LoginError> {
        let user = self.store.user_get(caller.user).await?;
        let user = user.ok_or(LoginError::InvalidCredentials)?;
        let verified = self.verified(user.email.as_str(), present, Needed::Nothing, from);
        let Verified { login, turn, .. } = verified.await?;
        let hash = turn.hash(new.into_secret()).await?;
        let at = self.clock.now();
        let audit = NewAuditEntry {
            workspace: Some(caller.workspace),
            at,
            actor: Actor::User(caller.user),
            event: Event::UserPasswordChanged,
            subject: Subject::User(caller.user),
            detail: json!({}),
        };
        let changed = self
            .store
            .user_password_change(
                caller.user,
                &login.password_hash,
                &hash,
                caller.session,
                at,
                audit,
            )
            .await?;
        // Otherwise the password was replaced after it was checked.
        changed.then_some(()).ok_or(LoginError::InvalidCredentials)
    }

    /// Returns the user of an email address and a password.
    pub(crate) async fn verified(
        &self,
        email: &str,
        password: SecretString,
        needed: Needed<'_>,
        from: LoginSource<'_>,
    ) -> Result<Verified, LoginError> {
        let refused_at = Instant::now() + REFUSAL_DELAY;
        let outcome = self.try_password(email, password, needed, from).await;
        if matches!(outcome, Err(LoginError::Throttled { .. })) {
            tokio::time::sleep_until(refused_at).await;
        }
        outcome
    }

    async fn try_password(
        &self,
        email: &str,
        password: SecretString,
        needed: Needed<'_>,
        from: LoginSource<'_>,
    ) -> Result<Verified, LoginError> {
        let account = AccountKey::of(email);
        let device = from.device_token.and_then(|token| {
            self.devices
                .read(token.expose_secret(), account, self.clock.now())
        });
        let client = Client {
            account,
            source: SourceKey::of(from.address),
            device,
        };
        let key = self.throttle.check(client, self.clock.now())?;
        let found = match Email::parse(email) {
            Ok(email) => self.store.user_by_email(email.normalized()).await?,
            Err(_) => None,
        };
        let turn = self.passwords.turn(key).await?;
        let attempt = self
            .throttle
            .attempt(client, found.is_some(), self.clock.now())?;
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let hash = hash.filter(|hash| hash != NO_PASSWORD);
        let (is_right, turn) = match turn.verify(password, hash).await {
            Ok(checked) => checked,
            Err(fault) => {
                attempt.withdraw();
                return Err(fault.into());
            }
        };
        let Some(found) = found.filter(|_| is_right) else {
            return Err(match attempt.refusal() {
                Some(throttled) => throttled.into(),
                None => LoginError::InvalidCredentials,
            });
        };
        let proof = match needed {
            Needed::Nothing => None,
            Needed::Code(code) => match self.proof(found.user.id, code).await {
                Ok(proof) => proof,
                // Neither counted as wrong nor as right, which would let guesses of codes start again.
                Err(CodeRefused::Missing) => {
                    attempt.withdraw();
                    return Err(LoginError::SecondFactorRequired);
                }
                Err(CodeRefused::Wrong) => return Err(LoginError::WrongSecondFactor),
                Err(CodeRefused::Unchecked(error)) => {
                    attempt.withdraw();
                    return Err(error);
                }
            },
        };
        // The turn is released after this, or concurrent right passwords that have not been counted
        // as right yet would look like as many wrong ones.
        attempt.right(self.clock.now());
        Ok(Verified {
            login: found,
            proof,
            turn,
        })
    }

    pub(crate) async fn begin_session(
        &self,
        login: UserLogin,
        proofs: &[Proof],
        client: SessionClient,
    ) -> Result<LoggedIn, LoginError> {
        let (user, workspace) = (login.user.clone(), login.workspace);
        let (session, logged_in) = self.open_session(user, workspace, proofs, client).await?;
        // A password reset ends the sessions that it finds. If one came between reading the hash and
        // beginning this session, the password that was checked is no longer the user's.
        let now_stored = self
            .store
            .user_by_email(login.user.email.normalized())
            .await?;
        // The same goes for setting up a second factor.
        let is_factor_missing = proofs.is_empty() && {
            let factor = self.store.totp_get(login.user.id).await?;
            factor.is_some_and(|factor| factor.confirmed_at.is_some())
        };
        if is_factor_missing
            || now_stored.is_none_or(|stored| stored.password_hash != login.password_hash)
        {
            let at = self.clock.now();
            let (user, event) = (login.user.id, Event::SessionRevoked);
            let audit = session_entry(user, session, login.workspace, at, event);
            self.store.session_revoke(session, at, audit).await?;
            return Err(LoginError::InvalidCredentials);
        }
        Ok(logged_in)
    }

    /// Creates a session of a user whose right to it has been checked, and uses up the proofs for it.
    pub(crate) async fn open_session(
        &self,
        user: User,
        workspace: WorkspaceId,
        proofs: &[Proof],
        client: SessionClient,
    ) -> Result<(SessionId, LoggedIn), LoginError> {
        let at = self.clock.now();
        let (refresh_token, token_hash) = refresh_token::generate()?;
        let refresh_expires_at = at.after(self.refresh_expiry);
        let new = NewSession {
            user: user.id,
            workspace,
            client,
            token_hash,
            expires_at: refresh_expires_at,
        };
        let created =
            |session| session_entry(user.id, session, workspace, at, Event::SessionCreated);
        let session = self.store.session_create(new, proofs, at, created).await?;
        // Otherwise it was used by another sign-in at the same moment.
        let session = session.ok_or(LoginError::WrongSecondFactor)?;
        let caller = Caller {
            user: session.user,
            session: session.id,
            workspace: session.workspace,
        };
        let account = AccountKey::of(user.email.as_str());
        let logged_in = LoggedIn {
            device_token: self.devices.issue(account, at)?,
            tokens: TokenPair {
                access_token: self.access_tokens.issue(caller, at)?,
                refresh_token,
                refresh_expires_at,
            },
            user,
        };
        Ok((session.id, logged_in))
    }

    /// Returns whether people can sign in only at the sign-in provider.
    pub fn is_provider_only(&self) -> bool {
        self.provider_only
    }

    /// Counts an attempt to sign in without a password, so that one client cannot make the gateway do much
    /// work.
    pub fn count_attempt(&self, source: IpAddr) -> Result<(), LoginError> {
        Ok(self.throttle.sign_in(source, self.clock.now())?)
    }

    /// Returns how many passwords have been hashed or checked since the start.
    pub fn passwords_computed(&self) -> u64 {
        self.passwords.computed()
    }
}

fn session_entry(
    user: UserId,
    session: SessionId,
    workspace: WorkspaceId,
    at: Timestamp,
    event: Event,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(workspace),
        at,
        actor: Actor::User(user),
        event,
        subject: Subject::Session(session),
        detail: json!({ "user_id": user }),
    }
}

impl From<Throttled> for RegisterError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled {
            retry_after: throttled.retry_after,
        }
    }
}

impl From<Throttled> for LoginError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled {
            retry_after: throttled.retry_after,
        }
    }
}

impl From<QueueFull> for RegisterError {
    fn from(QueueFull: QueueFull) -> Self {
        Self::Busy
    }
}

impl From<QueueFull> for LoginError {
    fn from(QueueFull: QueueFull) -> Self {
        Self::Busy
    }
}

#[cfg(test)]
pub(crate) mod tests;
