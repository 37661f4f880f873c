//! Members of workspaces. Every change of them increments the workspace's version, so that it waits for rulings
//! that are being written, and rulings wait for it.

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{InvitationId, UserId, WorkspaceId};
use gaiterguard_domain::member::{JoinedWorkspace, Member};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::membership::{self, MembershipRow, limit_text};
use gaiterguard_rows::stored::Stored;
use gaiterguard_rows::user_row::UserRow;
use serde_json::json;

use crate::store::Store;

/// The result of changing or removing a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChanged {
    /// It is done.
    Done,
    /// The workspace has no such member.
    NotFound,
    /// The workspace would have no owner.
    LastOwner,
    /// The user who asked for it is not an owner at this moment.
    NotPermitted,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    #[sqlx(flatten)]
    user: UserRow,
    #[sqlx(flatten)]
    membership: MembershipRow,
    joined_at: i64,
}

#[derive(sqlx::FromRow)]
struct JoinedRow {
    workspace_id: i64,
    #[sqlx(flatten)]
    membership: MembershipRow,
    owner: Option<Text>,
}

impl Store {
    /// Returns a user's membership of a workspace.
    pub async fn member_get(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            MembershipRow,
            "SELECT role, services, effects FROM members WHERE workspace_id = $1 AND user_id = $2",
            workspace.0,
            user.0,
        );
        row.map(|row| row.read(membership::context(&user)))
            .transpose()
    }

    /// Lists the members of a workspace, by the ids of the users.
    pub async fn member_list(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<Stored<Member>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_stored!(
            reader,
            "members",
            "email",
            |row: MemberRow| {
                let context = membership::context(&row.joined_at);
                Ok(Member {
                    membership: row.membership.read(context)?,
                    joined_at: Timestamp(row.joined_at),
                    user: row.user.try_into()?,
                })
            },
            "SELECT users.id, users.email, users.email_normalized, users.created_at, role, services, effects,
                    members.created_at AS joined_at
             FROM users JOIN members ON members.user_id = users.id
             WHERE members.workspace_id = $1 ORDER BY users.id",
            workspace.0,
        ))
    }

    /// Lists the workspaces of a user, the first one joined first. A workspace is named after its first owner.
    pub async fn member_workspaces(
        &self,
        user: UserId,
    ) -> Result<Vec<JoinedWorkspace>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            JoinedRow,
            "SELECT workspace_id, role, services, effects,
                    (SELECT email FROM users JOIN members AS owners ON owners.user_id = users.id
                     WHERE owners.workspace_id = members.workspace_id AND owners.role = 'owner'
                     ORDER BY owners.created_at, users.id LIMIT 1) AS owner
             FROM members WHERE user_id = $1 ORDER BY created_at, workspace_id",
            user.0,
        );
        rows.into_iter()
            .map(|row| {
                Ok(JoinedWorkspace {
                    workspace: WorkspaceId(row.workspace_id),
                    membership: row.membership.read(membership::context(&user))?,
                    owner: row
                        .owner
                        .map_or_else(String::new, |owner| owner.lossy().to_owned()),
                })
            })
            .collect()
    }

    /// Changes a member's role and limits. The invitations of an owner who no longer is one are revoked.
    pub async fn member_change(
        &self,
        workspace: WorkspaceId,
        by: UserId,
        user: UserId,
        new: &Membership,
        at: Timestamp,
    ) -> Result<MemberChanged, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let present = match present(&mut tx, workspace, by, user, new.role).await? {
            Ok(present) => present,
            Err(refused) => {
                tx.rollback().await?;
                return Ok(refused);
            }
        };
        execute!(
            tx,
            "UPDATE members SET role = $3, services = $4, effects = $5
             WHERE workspace_id = $1 AND user_id = $2",
            workspace.0,
            user.0,
            new.role.as_str(),
            limit_text(new.services.as_ref()),
            limit_text(new.effects.as_ref()),
        );
        if new.role != Role::Owner {
            revoke_invitations_by(&mut tx, workspace, user, by, at).await?;
        }
        let detail = json!({ "before": detail(&present), "after": detail(new) });
        tx.audit(entry(
            workspace,
            by,
            Event::MemberChanged,
            Subject::User(user),
            detail,
            at,
        ));
        tx.commit().await?;
        Ok(MemberChanged::Done)
    }

    /// Removes a member, ends the member's sessions in the workspace, and revokes the member's invitations.
    pub async fn member_remove(
        &self,
        workspace: WorkspaceId,
        by: UserId,
        user: UserId,
        at: Timestamp,
    ) -> Result<MemberChanged, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        // Any role but `owner` stands for none here.
        let present = match present(&mut tx, workspace, by, user, Role::Viewer).await? {
            Ok(present) => present,
            Err(refused) => {
                tx.rollback().await?;
                return Ok(refused);
            }
        };
        for sql in [
            "DELETE FROM members WHERE workspace_id = $1 AND user_id = $2",
            "INSERT INTO former_members (workspace_id, user_id) VALUES ($1, $2)
             ON CONFLICT (workspace_id, user_id) DO NOTHING",
            "DELETE FROM chat_accounts WHERE workspace_id = $1 AND user_id = $2",
            "DELETE FROM chat_link_codes WHERE workspace_id = $1 AND user_id = $2",
        ] {
            execute!(tx, sql, workspace.0, user.0);
        }
        execute!(
            tx,
            "UPDATE sessions SET revoked_at = $3
             WHERE workspace_id = $1 AND user_id = $2 AND revoked_at IS NULL",
            workspace.0,
            user.0,
            at.0,
        );
        revoke_invitations_by(&mut tx, workspace, user, by, at).await?;
        let subject = Subject::User(user);
        tx.audit(entry(
            workspace,
            by,
            Event::MemberRemoved,
            subject,
            detail(&present),
            at,
        ));
        tx.commit().await?;
        Ok(MemberChanged::Done)
    }
}

/// Returns the present membership of a user whose role is to become another one, or why it may not.
async fn present(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    by: UserId,
    user: UserId,
    role: Role,
) -> Result<Result<Membership, MemberChanged>, StoreError> {
    if !is_owner(tx, workspace, by).await? {
        return Ok(Err(MemberChanged::NotPermitted));
    }
    let found = match tx.membership(workspace, user).await {
        // A damaged membership gives no right, and can be replaced or removed.
        Err(error) if error.is_damage() => Some(Membership::of(Role::Viewer)),
        found => found?,
    };
    let Some(present) = found else {
        return Ok(Err(MemberChanged::NotFound));
    };
    if present.role == Role::Owner && role != Role::Owner {
        let (others,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM members WHERE workspace_id = $1 AND user_id <> $2 AND role = 'owner'",
            workspace.0,
            user.0,
        );
        if others == 0 {
            return Ok(Err(MemberChanged::LastOwner));
        }
    }
    Ok(Ok(present))
}

/// Whether a user is an owner of a workspace as this transaction sees it.
pub(crate) async fn is_owner(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<bool, StoreError> {
    let found = tx.membership(workspace, user).await?;
    Ok(found.is_some_and(|found| found.role == Role::Owner))
}

/// Adds a member. Returns false if the user is one already.
pub(crate) async fn member_insert(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    user: UserId,
    membership: &Membership,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let added = execute!(
        tx,
        "INSERT INTO members (workspace_id, user_id, role, services, effects, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, user_id) DO NOTHING",
        workspace.0,
        user.0,
        membership.role.as_str(),
        limit_text(membership.services.as_ref()),
        limit_text(membership.effects.as_ref()),
        at.0,
    );
    Ok(added > 0)
}

/// Revokes the open invitations that a user created.
async fn revoke_invitations_by(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    creator: UserId,
    by: UserId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let revoked = fetch_all!(
        tx,
        (i64,),
        "UPDATE invitations SET revoked_at = $3
         WHERE workspace_id = $1 AND created_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL
         RETURNING id",
        workspace.0,
        creator.0,
        at.0,
    );
    for (id,) in revoked {
        let subject = Subject::Invitation(InvitationId(id));
        tx.audit(entry(
            workspace,
            by,
            Event::InvitationRevoked,
            subject,
            json!({}),
            at,
        ));
    }
    Ok(())
}

/// Returns an audit entry of a change to the people of a workspace.
pub(crate) fn entry(
    workspace: WorkspaceId,
    by: UserId,
    event: Event,
    subject: Subject,
    detail: serde_json::Value,
    at: Timestamp,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(workspace),
        at,
        actor: Actor::User(by),
        event,
        subject,
        detail,
    }
}

/// Returns a membership as audit entries contain it.
pub(crate) fn detail(membership: &Membership) -> serde_json::Value {
    json!({
        "role": membership.role,
        "services": membership.services,
        "effects": membership.effects,
    })
}
