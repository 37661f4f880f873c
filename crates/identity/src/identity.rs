//! Logging in, and the sessions that begin with it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::user::{Email, Session, User};
use gaiterguard_store::{Refreshed, Store, UserLogin};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::time::Instant;

use crate::access_token::{AccessTokens, Caller};
use crate::account_key::AccountKey;
use crate::device::Devices;
use crate::error::{LoginError, RegisterError, SessionError};
use crate::line::LineFull;
use crate::password::Passwords;
use crate::refresh_token;
use crate::setup_code::SetupCode;
use crate::throttle::{Client, SourceKey, Throttle, Throttled};

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Whoever comes first, and nobody after.
    First,
    /// Anyone.
    Open,
    /// Nobody.
    Closed,
}

/// What an operator sets for humans.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// What access tokens are signed with; every replica has the same. At least 32 bytes.
    pub jwt_secret: SecretString,
    /// How long an access token lives.
    pub access_expiry: Duration,
    /// How long a refresh token lives, and with it a session that is not refreshed.
    pub refresh_expiry: Duration,
    /// Who may register.
    pub registration: Registration,
    /// Whether the first account needs the set-up code, because others than the operator can reach
    /// the gateway.
    pub setup_code_needed: bool,
}

/// The tokens of a session, as they are handed out once.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// A signed token that names the session.
    pub access_token: SecretString,
    /// `gr_` and 64 hexadecimal digits; to be exchanged once for the next pair.
    pub refresh_token: SecretString,
    /// When the refresh token stops working.
    pub refresh_expires_at: Timestamp,
}

/// How long after it began a login is refused for too many wrong passwords. Checking a password takes
/// less, so the time does not reveal whether one was checked.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

/// Where a login comes from.
#[derive(Clone, Copy, Debug)]
pub struct LoginSource<'a> {
    /// The address of the client.
    pub address: IpAddr,
    /// The device token of an earlier login, if one was sent. It is not checked yet.
    pub device_token: Option<&'a SecretString>,
}

impl From<IpAddr> for LoginSource<'_> {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            device_token: None,
        }
    }
}

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// By this the device has tries of its own at its next login. It opens nothing.
    pub device_token: SecretString,
    /// Its tokens.
    pub tokens: TokenPair,
    /// Who logged in.
    pub user: User,
}

/// The gateway's knowledge of humans.
pub struct Identity {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registration: Registration,
    pub(crate) setup_code: Option<SetupCode>,
    /// Whether there was an account when the store was last asked. Accounts are never removed.
    pub(crate) has_users: AtomicBool,
    refresh_expiry: Duration,
    access_tokens: AccessTokens,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    devices: Devices,
}

impl Identity {
    /// The humans in `store`.
    pub fn new(store: Store, settings: &IdentitySettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            registration: settings.registration,
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

    /// Begins a session. `email` is what was typed; anything else than an e-mail address is an
    /// unknown user.
    pub async fn login(
        &self,
        email: &str,
        password: SecretString,
        from: impl Into<LoginSource<'_>>,
    ) -> Result<LoggedIn, LoginError> {
        let refused_at = Instant::now() + REFUSAL_DELAY;
        let outcome = self.try_login(email, password, from.into()).await;
        if matches!(outcome, Err(LoginError::Throttled { .. })) {
            tokio::time::sleep_until(refused_at).await;
        }
        outcome
    }

    async fn try_login(
        &self,
        email: &str,
        password: SecretString,
        from: LoginSource<'_>,
    ) -> Result<LoggedIn, LoginError> {
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
        let (is_right, turn) = match turn.verify(password, hash).await {
            Ok(answer) => answer,
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
        // Only then may the next try begin, or right ones that wait to be counted as right would
        // look like so many wrong ones.
        attempt.right(self.clock.now());
        drop(turn);
        self.begin_session(found).await
    }

    async fn begin_session(&self, login: UserLogin) -> Result<LoggedIn, LoginError> {
        let at = self.clock.now();
        let (refresh_token, token_hash) = refresh_token::generate()?;
        let refresh_expires_at = at.after(self.refresh_expiry);
        let entry = |session: SessionId, event| {
            session_entry(login.user.id, session, login.workspace, at, event)
        };
        let session = self
            .store
            .session_create(
                login.user.id,
                login.workspace,
                token_hash,
                refresh_expires_at,
                at,
                |session| entry(session, "session.created"),
            )
            .await?;
        // A reset ends the sessions it finds. If one came between reading the hash and beginning
        // this session, the password that was shown is no longer the user's.
        let now_stored = self
            .store
            .user_by_email(login.user.email.normalized())
            .await?;
        if now_stored.is_none_or(|stored| stored.password_hash != login.password_hash) {
            let audit = entry(session.id, "session.revoked");
            self.store.session_revoke(session.id, at, audit).await?;
            return Err(LoginError::InvalidCredentials);
        }
        let caller = Caller {
            user: session.user,
            session: session.id,
            workspace: session.workspace,
        };
        let account = AccountKey::of(login.user.email.as_str());
        Ok(LoggedIn {
            device_token: self.devices.issue(account, at)?,
            tokens: TokenPair {
                access_token: self.access_tokens.issue(caller, at)?,
                refresh_token,
                refresh_expires_at,
            },
            user: login.user,
        })
    }

    /// Exchanges a refresh token for the next pair. A token that was exchanged before ends its
    /// session with all its tokens, those of the rightful user among them.
    pub async fn refresh(&self, token: &SecretString) -> Result<TokenPair, SessionError> {
        let old_hash = refresh_token::fingerprint(token.expose_secret())
            .ok_or(SessionError::NotAuthenticated)?;
        let (refresh_token, new_hash) = refresh_token::generate()?;
        let now = self.clock.now();
        let refresh_expires_at = now.after(self.refresh_expiry);
        let refreshed = self
            .store
            .session_refresh(old_hash, new_hash, refresh_expires_at, now)
            .await?;
        let session = match refreshed {
            Refreshed::Rotated(session) => session,
            Refreshed::Reused(session) => {
                tracing::warn!(session.id = %session, "a used refresh token was shown again, session {session} has been ended");
                return Err(SessionError::NotAuthenticated);
            }
            Refreshed::Unknown | Refreshed::Expired => return Err(SessionError::NotAuthenticated),
        };
        let caller = Caller {
            user: session.user,
            session: session.id,
            workspace: session.workspace,
        };
        Ok(TokenPair {
            access_token: self.access_tokens.issue(caller, now)?,
            refresh_token,
            refresh_expires_at,
        })
    }

    /// Whom an access token names, if its time lasts and its session lives.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller, SessionError> {
        let caller = self
            .access_tokens
            .read(bearer, self.clock.now())
            .map_err(|_| SessionError::NotAuthenticated)?;
        self.confirm(&caller).await?;
        Ok(caller)
    }

    /// Whether a caller's session still lives. For what goes on long after [`Self::authenticate`],
    /// such as a stream of events.
    pub async fn confirm(&self, caller: &Caller) -> Result<(), SessionError> {
        let live = self
            .store
            .session_get_live(caller.session, self.clock.now())
            .await?;
        let is_callers = live.is_some_and(|session| {
            session.user == caller.user && session.workspace == caller.workspace
        });
        is_callers
            .then_some(())
            .ok_or(SessionError::NotAuthenticated)
    }

    /// Ends a caller's session: its refresh token and its access tokens, at once.
    pub async fn logout(&self, caller: &Caller) -> Result<(), SessionError> {
        let at = self.clock.now();
        let audit = session_entry(
            caller.user,
            caller.session,
            caller.workspace,
            at,
            "session.revoked",
        );
        // That it ended in the meantime is what was asked for, too.
        self.store.session_revoke(caller.session, at, audit).await?;
        Ok(())
    }

    /// The sessions of the caller's user that have not ended, the newest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>, SessionError> {
        Ok(self
            .store
            .session_list(caller.user, self.clock.now())
            .await?)
    }

    /// Ends a session of the caller's user, as [`Self::logout`] does the caller's own. False if the
    /// user has no such session, or not any more.
    pub async fn end_session(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<bool, SessionError> {
        let at = self.clock.now();
        let live = self.store.session_get_live(session, at).await?;
        let Some(live) = live.filter(|live| live.user == caller.user) else {
            return Ok(false);
        };
        let audit = session_entry(caller.user, live.id, live.workspace, at, "session.revoked");
        Ok(self.store.session_revoke(live.id, at, audit).await?)
    }

    /// The user that a caller is.
    pub async fn me(&self, caller: &Caller) -> Result<User, SessionError> {
        let user = self.store.user_get(caller.user).await?;
        user.ok_or(SessionError::NotAuthenticated)
    }

    /// How many passwords have been hashed or checked since the start.
    pub fn passwords_computed(&self) -> u64 {
        self.passwords.computed()
    }
}

fn session_entry(
    user: UserId,
    session: SessionId,
    workspace: WorkspaceId,
    at: Timestamp,
    event: &'static str,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(workspace),
        at,
        actor: Actor::User(user),
        event,
        subject: format!("session:{session}"),
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

impl From<LineFull> for RegisterError {
    fn from(LineFull: LineFull) -> Self {
        Self::Busy
    }
}

impl From<LineFull> for LoginError {
    fn from(LineFull: LineFull) -> Self {
        Self::Busy
    }
}

#[cfg(test)]
mod tests;
