//! Sessions and their refresh tokens. Only SHA-256 hashes of the tokens are stored.

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::proof::Proof;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Session, SessionClient};
use gaiterguard_domain::workspace::Membership;
use gaiterguard_ledger::proof::spend;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::membership::{self, MembershipRow};
use serde_json::json;

use crate::store::Store;

/// How long after its first use a refresh token may be exchanged again, in milliseconds: enough for a
/// response that was lost, and for tabs that open together; a thief must be faster than that.
const AGAIN_MS_MAX: i64 = 10_000;

/// How many successors of one token may be used. A token is exchanged again for a response that was lost or for
/// another tab; a third use is a thief's.
const SUCCESSORS_USED_MAX: usize = 2;

/// How many successors of one token may wait to be used. All tabs of a browser that restores its windows exchange
/// one token at the same time, and the browser keeps the successor whose response came last.
const SUCCESSORS_UNUSED_MAX: usize = 16;

/// The result of using a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The token was exchanged for the new one.
    Rotated(Session),
    /// The token had been used before, too long ago or too often, so its session, with all its tokens, was ended.
    Reused(SessionId),
    /// There is no such token, or its session has ended.
    Unknown,
    /// The token has expired.
    Expired,
}

/// A session to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Who logged in.
    pub user: UserId,
    /// The workspace that the session acts in.
    pub workspace: WorkspaceId,
    /// The client that logged in.
    pub client: SessionClient,
    /// The SHA-256 of the first refresh token.
    pub token_hash: [u8; 32],
    /// When the session and the token expire.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: i64,
    user_id: i64,
    workspace_id: i64,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    user_agent: Option<Text>,
    address: Option<Text>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId(row.id),
            user: UserId(row.user_id),
            workspace: WorkspaceId(row.workspace_id),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
            last_used_at: Timestamp(row.last_used_at.unwrap_or(row.created_at)),
            client: SessionClient {
                user_agent: row.user_agent.map(|text| text.lossy().to_owned()),
                address: row.address.and_then(|text| text.lossy().parse().ok()),
            },
        }
    }
}

#[derive(sqlx::FromRow)]
struct SessionMemberRow {
    user_id: i64,
    workspace_id: i64,
    #[sqlx(flatten)]
    membership: MembershipRow,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    user_id: i64,
    workspace_id: i64,
    created_at: i64,
    revoked_at: Option<i64>,
    expires_at: i64,
    used_at: Option<i64>,
}

impl Store {
    /// Creates a session with its first refresh token, and uses up the proofs for it. Returns `None` if
    /// one has become invalid.
    pub async fn session_create(
        &self,
        new: NewSession,
        proofs: &[Proof],
        at: Timestamp,
        audit: impl FnOnce(SessionId) -> NewAuditEntry,
    ) -> Result<Option<Session>, StoreError> {
        let NewSession {
            user,
            workspace,
            client,
            token_hash,
            expires_at,
        } = new;
        let mut tx = Transaction::begin(self.writers(), at).await?;
        for proof in proofs {
            if !spend(&mut tx, proof, at).await? {
                tx.rollback().await?;
                return Ok(None);
            }
        }
        let (id,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO sessions
                (user_id, workspace_id, created_at, last_used_at, expires_at, user_agent, address)
             VALUES ($1, $2, $3, $3, $4, $5, $6) RETURNING id",
            user.0,
            workspace.0,
            at.0,
            expires_at.0,
            client.user_agent.as_deref(),
            client.address.map(|address| address.to_string()),
        );
        token_insert(&mut tx, SessionId(id), token_hash, None, expires_at, at).await?;
        tx.audit(audit(SessionId(id)));
        tx.commit().await?;
        Ok(Some(Session {
            id: SessionId(id),
            user,
            workspace,
            created_at: at,
            expires_at,
            last_used_at: at,
            client,
        }))
    }

    /// Exchanges a refresh token for a new one. A client whose response was lost, or a second tab, may
    /// exchange it again within ten seconds. If a token is used later than that, one of its two users
    /// has stolen it, and it is unknown which, so the whole session ends.
    pub async fn session_refresh(
        &self,
        old_hash: [u8; 32],
        new_hash: [u8; 32],
        client: &SessionClient,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Refreshed, StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let Some(token) = token_for_update(&mut tx, old_hash).await? else {
            tx.rollback().await?;
            return Ok(Refreshed::Unknown);
        };
        let session = Session {
            id: SessionId(token.id),
            user: UserId(token.user_id),
            workspace: WorkspaceId(token.workspace_id),
            created_at: Timestamp(token.created_at),
            expires_at,
            last_used_at: now,
            client: client.clone(),
        };
        let entry = |event, actor| NewAuditEntry {
            workspace: Some(session.workspace),
            at: now,
            actor,
            event,
            subject: Subject::Session(session.id),
            detail: json!({ "user_id": session.user }),
        };
        let is_reused = match token.used_at {
            None => false,
            Some(used_at) if now.0 - used_at > AGAIN_MS_MAX => true,
            Some(_) => !has_room_for_successor(&mut tx, session.id, old_hash).await?,
        };
        if is_reused {
            execute!(
                tx,
                "UPDATE sessions SET revoked_at = $2 WHERE id = $1",
                session.id.0,
                now.0,
            );
            tx.audit(entry(Event::SessionTokenReused, Actor::Gateway));
            tx.commit().await?;
            return Ok(Refreshed::Reused(session.id));
        }
        if token.expires_at <= now.0 {
            tx.rollback().await?;
            return Ok(Refreshed::Expired);
        }
        // The time for a second exchange runs from the first one.
        execute!(
            tx,
            "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL",
            old_hash.to_vec(),
            now.0,
        );
        execute!(
            tx,
            "UPDATE sessions SET expires_at = $2, last_used_at = $3, user_agent = $4, address = $5
             WHERE id = $1",
            session.id.0,
            expires_at.0,
            now.0,
            client.user_agent.as_deref(),
            client.address.map(|address| address.to_string()),
        );
        let predecessor = Some(old_hash);
        token_insert(&mut tx, session.id, new_hash, predecessor, expires_at, now).await?;
        tx.audit(entry(Event::SessionRefreshed, Actor::User(session.user)));
        tx.commit().await?;
        Ok(Refreshed::Rotated(session))
    }

    /// Ends a session. Returns false if it has already ended or there is none.
    pub async fn session_revoke(
        &self,
        session: SessionId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let ended = execute!(
            tx,
            "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            session.0,
            at.0,
        );
        tx.end(ended, audit).await
    }

    /// Ends all sessions of a user but one, each with an audit entry, and removes the browsers that get push
    /// notifications for the user from others. Returns how many sessions.
    pub async fn session_revoke_others(
        &self,
        user: UserId,
        kept: SessionId,
        at: Timestamp,
        audit: impl Fn(SessionId, WorkspaceId) -> NewAuditEntry,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let ended = fetch_all!(
            tx,
            (i64, i64),
            "UPDATE sessions SET revoked_at = $3
             WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > $3
             RETURNING id, workspace_id",
            user.0,
            kept.0,
            at.0,
        );
        // Browsers that registered in a session that has expired too: they still get notifications.
        let browsers = execute!(
            tx,
            "DELETE FROM channels WHERE id IN
                (SELECT channel_id FROM push_devices WHERE user_id = $1 AND session_id <> $2)",
            user.0,
            kept.0,
        );
        if ended.is_empty() && browsers == 0 {
            tx.rollback().await?;
            return Ok(0);
        }
        for (session, workspace) in &ended {
            tx.audit(audit(SessionId(*session), WorkspaceId(*workspace)));
        }
        tx.commit().await?;
        Ok(ended.len() as u64)
    }

    /// Returns a session that has neither ended nor expired.
    pub async fn session_get_live(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            SessionRow,
            "SELECT id, user_id, workspace_id, created_at, expires_at, last_used_at, user_agent, address
             FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
            session.0,
            now.0,
        );
        Ok(row.map(Into::into))
    }

    /// Returns a session that has neither ended nor expired, with the user's membership of its workspace; `None` if
    /// the user is no longer a member.
    pub async fn session_member(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(UserId, WorkspaceId, Membership)>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            SessionMemberRow,
            "SELECT sessions.user_id, sessions.workspace_id, role, services, effects
             FROM sessions JOIN members ON members.workspace_id = sessions.workspace_id
                AND members.user_id = sessions.user_id
             WHERE sessions.id = $1 AND revoked_at IS NULL AND expires_at > $2",
            session.0,
            now.0,
        );
        row.map(|row| {
            let membership = row.membership.read(membership::context(&row.user_id))?;
            Ok((
                UserId(row.user_id),
                WorkspaceId(row.workspace_id),
                membership,
            ))
        })
        .transpose()
    }

    /// Switches a session to another workspace of its user. Returns false if the session has ended or the user is
    /// not a member of the workspace.
    pub async fn session_switch(
        &self,
        session: SessionId,
        user: UserId,
        workspace: WorkspaceId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let switched = execute!(
            tx,
            "UPDATE sessions SET workspace_id = $3
             WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $4
               AND EXISTS (SELECT 1 FROM members WHERE user_id = $2 AND workspace_id = $3)",
            session.0,
            user.0,
            workspace.0,
            at.0,
        );
        tx.end(switched, audit).await
    }

    /// Lists a user's sessions that have neither ended nor expired, newest first.
    pub async fn session_list(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            SessionRow,
            "SELECT id, user_id, workspace_id, created_at, expires_at, last_used_at, user_agent, address
             FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC",
            user.0,
            now.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Removes up to `limit` sessions that expired before `before`. Returns how many.
    pub async fn session_delete_expired(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.end_retention(Event::RetentionSessionsDeleted, removed, at)
            .await?;
        Ok(removed)
    }
}

/// Returns a token of a session that has not ended.
async fn token_for_update(
    tx: &mut Transaction,
    hash: [u8; 32],
) -> Result<Option<TokenRow>, StoreError> {
    let sql = tx.dialect().sql(
        "SELECT sessions.id, user_id, workspace_id, sessions.created_at, revoked_at,
                refresh_tokens.expires_at, used_at
         FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id
         WHERE refresh_tokens.hash = $1",
        "SELECT sessions.id, user_id, workspace_id, sessions.created_at, revoked_at,
                refresh_tokens.expires_at, used_at
         FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id
         WHERE refresh_tokens.hash = $1 FOR UPDATE",
    );
    let token = fetch_optional!(tx, TokenRow, sql, hash.to_vec());
    Ok(token.filter(|token| token.revoked_at.is_none()))
}

/// Returns whether a token that is exchanged again may have another successor. If too many are
/// unused, the oldest is taken for lost with its response, and removed.
async fn has_room_for_successor(
    tx: &mut Transaction,
    session: SessionId,
    hash: [u8; 32],
) -> Result<bool, StoreError> {
    let successors = fetch_all!(
        tx,
        (Vec<u8>, Option<i64>),
        "SELECT hash, used_at FROM refresh_tokens
         WHERE session_id = $1 AND predecessor = $2 ORDER BY created_at, hash",
        session.0,
        hash.to_vec(),
    );
    let (unused, used): (Vec<_>, Vec<_>) =
        successors.into_iter().partition(|(_, used)| used.is_none());
    if used.len() >= SUCCESSORS_USED_MAX {
        return Ok(false);
    }
    if unused.len() >= SUCCESSORS_UNUSED_MAX
        && let Some((lost, _)) = unused.into_iter().next()
    {
        execute!(tx, "DELETE FROM refresh_tokens WHERE hash = $1", lost);
    }
    Ok(true)
}

async fn token_insert(
    tx: &mut Transaction,
    session: SessionId,
    hash: [u8; 32],
    predecessor: Option<[u8; 32]>,
    expires_at: Timestamp,
    at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO refresh_tokens (hash, session_id, predecessor, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        hash.to_vec(),
        session.0,
        predecessor.map(|hash| hash.to_vec()),
        at.0,
        expires_at.0,
    );
    Ok(())
}
