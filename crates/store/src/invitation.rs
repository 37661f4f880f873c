//! Invitations, whose tokens are stored as SHA-256 hashes.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{InvitationId, UserId, WorkspaceId};
use gaiterguard_domain::member::{INVITATIONS_MAX, Invitation};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, User};
use gaiterguard_domain::workspace::Membership;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::membership::{MembershipRow, limit_text};
use gaiterguard_rows::stored::Stored;
use gaiterguard_rows::user_row;
use serde_json::json;

use crate::member::{detail, entry, is_owner, member_insert};
use crate::store::Store;
use crate::user::{user_insert, user_of, user_revive};

/// An invitation to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvitation {
    /// The workspace to join.
    pub workspace: WorkspaceId,
    /// The address of the person.
    pub email: Email,
    /// The role and limits that the person gets.
    pub membership: Membership,
    /// The owner who invites.
    pub by: UserId,
    /// The SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The result of creating an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationCreated {
    /// It was created. Earlier ones for the same address are revoked.
    Created(Invitation),
    /// The person is a member.
    AlreadyMember,
    /// The workspace has [`INVITATIONS_MAX`] open invitations.
    TooMany,
    /// The user who invites is not an owner at this moment.
    NotPermitted,
}

/// Who accepts an invitation.
#[derive(Clone)]
pub enum Invitee {
    /// A signed-in user.
    User(UserId),
    /// A person who has no account, or one that belongs to no workspace. The text is the hash of the
    /// password.
    New(String),
}

/// The result of accepting an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationAccepted {
    /// The person joined this workspace.
    Joined(User, WorkspaceId),
    /// The invitation is unknown, used, expired or revoked.
    Invalid,
    /// It is not for the signed-in user's address.
    OtherAddress,
    /// The address has an account whose user must sign in.
    EmailTaken,
    /// The user is a member already.
    AlreadyMember,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    id: i64,
    workspace_id: i64,
    email: Text,
    email_normalized: Text,
    #[sqlx(flatten)]
    membership: MembershipRow,
    created_by: i64,
    created_at: i64,
    expires_at: i64,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = StoreError;

    fn try_from(row: InvitationRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "invitations",
            id: &row.id,
        };
        Ok(Self {
            id: InvitationId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            email: user_row::email(context, &row.email, &row.email_normalized)?,
            membership: row.membership.read(context)?,
            created_by: UserId(row.created_by),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        })
    }
}

/// Selects open invitations: neither accepted nor revoked, and not expired at `$2`.
macro_rules! select_open {
    ($rest:literal) => {
        concat!(
            "SELECT id, workspace_id, email, email_normalized, role, services, effects, created_by, ",
            "created_at, expires_at FROM invitations ",
            "WHERE accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2 ",
            $rest
        )
    };
}

impl Store {
    /// Creates an invitation and revokes earlier ones for the same address.
    pub async fn invitation_create(
        &self,
        new: NewInvitation,
        at: Timestamp,
    ) -> Result<InvitationCreated, StoreError> {
        let NewInvitation {
            workspace,
            email,
            membership,
            by,
            token_hash,
            expires_at,
        } = new;
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let (members,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM members JOIN users ON users.id = members.user_id
             WHERE members.workspace_id = $1 AND users.email_normalized = $2",
            workspace.0,
            email.normalized(),
        );
        let replaced = fetch_all!(
            tx,
            (i64,),
            "UPDATE invitations SET revoked_at = $3
             WHERE workspace_id = $1 AND email_normalized = $2
               AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id",
            workspace.0,
            email.normalized(),
            at.0,
        );
        let (open,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM invitations
             WHERE workspace_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2",
            workspace.0,
            at.0,
        );
        let refused = if !is_owner(&mut tx, workspace, by).await? {
            Some(InvitationCreated::NotPermitted)
        } else if members > 0 {
            Some(InvitationCreated::AlreadyMember)
        } else if open >= INVITATIONS_MAX {
            Some(InvitationCreated::TooMany)
        } else {
            None
        };
        if let Some(refused) = refused {
            tx.rollback().await?;
            return Ok(refused);
        }
        let (id,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO invitations (workspace_id, email, email_normalized, role, services, effects,
                token_hash, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            workspace.0,
            email.as_str(),
            email.normalized(),
            membership.role.as_str(),
            limit_text(membership.services.as_ref()),
            limit_text(membership.effects.as_ref()),
            token_hash.to_vec(),
            by.0,
            at.0,
            expires_at.0,
        );
        let subject = |id| Subject::Invitation(InvitationId(id));
        for (old,) in replaced {
            let detail = json!({ "replaced_by": id });
            tx.audit(entry(
                workspace,
                by,
                Event::InvitationRevoked,
                subject(old),
                detail,
                at,
            ));
        }
        let mut detail = detail(&membership);
        detail["email"] = email.as_str().into();
        tx.audit(entry(
            workspace,
            by,
            Event::MemberInvited,
            subject(id),
            detail,
            at,
        ));
        tx.commit().await?;
        Ok(InvitationCreated::Created(Invitation {
            id: InvitationId(id),
            workspace,
            email,
            membership,
            created_by: by,
            created_at: at,
            expires_at,
        }))
    }

    /// Lists the open invitations of a workspace, newest first.
    pub async fn invitation_list(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<Stored<Invitation>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_stored!(
            reader,
            "invitations",
            "email",
            |row: InvitationRow| row.try_into(),
            select_open!("AND workspace_id = $1 ORDER BY id DESC"),
            workspace.0,
            now.0,
        ))
    }

    /// Returns the open invitation whose token has this hash.
    pub async fn invitation_find(
        &self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let mut reader = self.reader().await?;
        fetch_optional!(
            reader,
            InvitationRow,
            select_open!("AND token_hash = $1"),
            token_hash.to_vec(),
            now.0,
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// Revokes an open invitation. Returns false if the workspace has no such one.
    pub async fn invitation_revoke(
        &self,
        workspace: WorkspaceId,
        by: UserId,
        id: InvitationId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let revoked = execute!(
            tx,
            "UPDATE invitations SET revoked_at = $3
             WHERE id = $1 AND workspace_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL
               AND expires_at > $3",
            id.0,
            workspace.0,
            at.0,
        );
        let subject = Subject::Invitation(id);
        let audit = entry(
            workspace,
            by,
            Event::InvitationRevoked,
            subject,
            json!({}),
            at,
        );
        tx.end(revoked, audit).await
    }

    /// Accepts an invitation, once.
    pub async fn invitation_accept(
        &self,
        invitation: &Invitation,
        invitee: Invitee,
        at: Timestamp,
    ) -> Result<InvitationAccepted, StoreError> {
        let workspace = invitation.workspace;
        let email = &invitation.email;
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let taken = execute!(
            tx,
            "UPDATE invitations SET accepted_at = $2
             WHERE id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2",
            invitation.id.0,
            at.0,
        );
        if taken == 0 {
            tx.rollback().await?;
            return Ok(InvitationAccepted::Invalid);
        }
        let joining = match &invitee {
            Invitee::User(user) => user_of(&mut tx, *user, email).await?,
            Invitee::New(hash) => match user_insert(&mut tx, email, hash, at).await? {
                Some(user) => Some(user),
                None => user_revive(&mut tx, email, hash).await?,
            },
        };
        let Some(user) = joining else {
            tx.rollback().await?;
            return Ok(match invitee {
                Invitee::User(_) => InvitationAccepted::OtherAddress,
                Invitee::New(_) => InvitationAccepted::EmailTaken,
            });
        };
        if !member_insert(&mut tx, workspace, user.id, &invitation.membership, at).await? {
            tx.rollback().await?;
            return Ok(InvitationAccepted::AlreadyMember);
        }
        execute!(
            tx,
            "UPDATE invitations SET accepted_by = $2 WHERE id = $1",
            invitation.id.0,
            user.id.0,
        );
        let mut detail = detail(&invitation.membership);
        detail["invitation_id"] = invitation.id.0.into();
        let subject = Subject::User(user.id);
        tx.audit(entry(
            workspace,
            user.id,
            Event::MemberJoined,
            subject,
            detail,
            at,
        ));
        tx.commit().await?;
        Ok(InvitationAccepted::Joined(user, workspace))
    }
}
