//! Logging in, and the sessions that a login begins.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::member::JoinedWorkspace;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::user::{Email, Session, SessionClient, User};
use gaiterguard_domain::workspace::Membership;
use gaiterguard_store::{NewSession, Refreshed, Store, UserLogin};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::time::Instant;

use crate::access_token::{AccessTokens, Caller, SignedIn};
use crate::account_key::AccountKey;
use crate::device::Devices;
use crate::error::{LoginError, RegisterError, SessionError};
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
    /// Whether the first account requires the set-up code, because others than the operator can reach
    /// the gateway.
    pub setup_code_needed: bool,
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
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registration: Registration,
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

    /// Begins a session. `email` is the text that was typed; anything that is not an e-mail address is an
    /// unknown user.
    pub async fn login(
        &self,
        email: &str,
        password: SecretString,
        from: impl Into<LoginSource<'_>>,
    ) -> Result<LoggedIn, LoginError> {
        let from = from.into();
        let (login, turn) = self.verified(email, password, from).await?;
        drop(turn);
        self.begin_session(login, from.client()).await
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
        let (login, turn) = self.verified(user.email.as_str(), present, from).await?;
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

    /// Returns the user of an email address and a password, with the turn in which it was checked.
    async fn verified(
        &self,
        email: &str,
        password: SecretString,
        from: LoginSource<'_>,
    ) -> Result<(UserLogin, Turn), LoginError> {
        let refused_at = Instant::now() + REFUSAL_DELAY;
        let outcome = self.try_password(email, password, from).await;
        if matches!(outcome, Err(LoginError::Throttled { .. })) {
            tokio::time::sleep_until(refused_at).await;
        }
        outcome
    }

    async fn try_password(
        &self,
        email: &str,
        password: SecretString,
        from: LoginSource<'_>,
    ) -> Result<(UserLogin, Turn), LoginError> {
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
        // The turn is released after this, or concurrent right passwords that have not been counted
        // as right yet would look like as many wrong ones.
        attempt.right(self.clock.now());
        Ok((found, turn))
    }

    pub(crate) async fn begin_session(
        &self,
        login: UserLogin,
        client: SessionClient,
    ) -> Result<LoggedIn, LoginError> {
        let at = self.clock.now();
        let (refresh_token, token_hash) = refresh_token::generate()?;
        let refresh_expires_at = at.after(self.refresh_expiry);
        let entry = |session: SessionId, event| {
            session_entry(login.user.id, session, login.workspace, at, event)
        };
        let new = NewSession {
            user: login.user.id,
            workspace: login.workspace,
            client,
            token_hash,
            expires_at: refresh_expires_at,
        };
        let created = |session| entry(session, Event::SessionCreated);
        let session = self.store.session_create(new, at, created).await?;
        // A password reset ends the sessions that it finds. If one came between reading the hash and
        // beginning this session, the password that was checked is no longer the user's.
        let now_stored = self
            .store
            .user_by_email(login.user.email.normalized())
            .await?;
        if now_stored.is_none_or(|stored| stored.password_hash != login.password_hash) {
            let audit = entry(session.id, Event::SessionRevoked);
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

    /// Exchanges a refresh token for the next pair. A token that was exchanged more than ten seconds before
    /// ends its session with all its tokens, including those of the rightful user.
    pub async fn refresh(
        &self,
        token: &SecretString,
        client: &SessionClient,
    ) -> Result<TokenPair, SessionError> {
        let old_hash = refresh_token::fingerprint(token.expose_secret())
            .ok_or(SessionError::NotAuthenticated)?;
        let (refresh_token, new_hash) = refresh_token::generate()?;
        let now = self.clock.now();
        let refresh_expires_at = now.after(self.refresh_expiry);
        let refreshed = self
            .store
            .session_refresh(old_hash, new_hash, client, refresh_expires_at, now)
            .await?;
        let session = match refreshed {
            Refreshed::Rotated(session) => session,
            Refreshed::Reused(session) => {
                tracing::warn!(session.id = %session, "a refresh token was used again, session {session} has been ended");
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

    /// Returns the caller that an access token names, if it has not expired and its session is active.
    pub async fn authenticate(&self, bearer: &str) -> Result<SignedIn, SessionError> {
        let caller = self
            .access_tokens
            .read(bearer, self.clock.now())
            .map_err(|_| SessionError::NotAuthenticated)?;
        let membership = self.confirm(&caller).await?;
        Ok(SignedIn { caller, membership })
    }

    /// Checks that a caller's session is still active, for work that lasts longer than one request, such
    /// as an event stream. Returns the user's membership at this moment: a session ends with its user's
    /// membership of its workspace.
    pub async fn confirm(&self, caller: &Caller) -> Result<Membership, SessionError> {
        let live = self
            .store
            .session_member(caller.session, self.clock.now())
            .await?;
        live.filter(|(user, workspace, _)| *user == caller.user && *workspace == caller.workspace)
            .map(|(.., membership)| membership)
            .ok_or(SessionError::NotAuthenticated)
    }

    /// Switches the caller's session to another workspace of the user. Returns an access token for it;
    /// earlier access tokens of the session stop working, its refresh token continues. `None` if the
    /// user is not a member of the workspace.
    pub async fn switch_workspace(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
    ) -> Result<Option<SecretString>, SessionError> {
        let at = self.clock.now();
        let mut audit = session_entry(
            caller.user,
            caller.session,
            workspace,
            at,
            Event::SessionWorkspaceChanged,
        );
        audit.detail["from"] = caller.workspace.0.into();
        let switched = self
            .store
            .session_switch(caller.session, caller.user, workspace, at, audit)
            .await?;
        if !switched {
            return Ok(None);
        }
        let caller = Caller {
            workspace,
            ..*caller
        };
        Ok(Some(self.access_tokens.issue(caller, at)?))
    }

    /// Returns the workspaces that the caller's user belongs to, the first one joined first.
    pub async fn workspaces(&self, caller: &Caller) -> Result<Vec<JoinedWorkspace>, SessionError> {
        Ok(self.store.member_workspaces(caller.user).await?)
    }

    /// Ends a caller's session with its refresh token and its access tokens, immediately.
    pub async fn logout(&self, caller: &Caller) -> Result<(), SessionError> {
        let at = self.clock.now();
        let audit = session_entry(
            caller.user,
            caller.session,
            caller.workspace,
            at,
            Event::SessionRevoked,
        );
        // If it has already ended, the caller has the result that it asked for.
        self.store.session_revoke(caller.session, at, audit).await?;
        Ok(())
    }

    /// Returns the active sessions of the caller's user, the newest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>, SessionError> {
        Ok(self
            .store
            .session_list(caller.user, self.clock.now())
            .await?)
    }

    /// Ends a session of the caller's user, as [`Self::logout`] ends the caller's own. Returns false if
    /// the user has no such active session.
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
        let audit = session_entry(
            caller.user,
            live.id,
            live.workspace,
            at,
            Event::SessionRevoked,
        );
        Ok(self.store.session_revoke(live.id, at, audit).await?)
    }

    /// Ends all sessions of the caller's user but the caller's own. Returns how many.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64, SessionError> {
        let at = self.clock.now();
        let ended = |session, workspace| {
            session_entry(caller.user, session, workspace, at, Event::SessionRevoked)
        };
        Ok(self
            .store
            .session_revoke_others(caller.user, caller.session, at, ended)
            .await?)
    }

    /// Returns the caller's user.
    pub async fn me(&self, caller: &Caller) -> Result<User, SessionError> {
        let user = self.store.user_get(caller.user).await?;
        user.ok_or(SessionError::NotAuthenticated)
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
mod tests;
