//! Sessions in use: their tokens, their workspace, and their end.

use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{SessionId, WorkspaceId};
use gaiterguard_domain::member::JoinedWorkspace;
use gaiterguard_domain::user::{Session, SessionClient, User};
use gaiterguard_domain::workspace::Membership;
use gaiterguard_store::Refreshed;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Identity, TokenPair, session_entry};
use crate::access_token::{Caller, SignedIn};
use crate::error::SessionError;
use crate::refresh_token;

impl Identity {
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
}
