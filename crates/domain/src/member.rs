//! Members of workspaces, and invitations to join.

use std::time::Duration;

use crate::id::{InvitationId, UserId, WorkspaceId};
use crate::time::Timestamp;
use crate::user::{Email, User};
use crate::workspace::Membership;

/// How long an invitation can be accepted. It spans a weekend, and a link that is found in a mailbox later does not
/// work.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(72);

/// How many open invitations a workspace may have. More than a team invites in 72 hours, and few enough for one list.
pub const INVITATIONS_MAX: i64 = 200;

/// A user who belongs to a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// The role and its limits.
    pub membership: Membership,
    /// When the user joined.
    pub joined_at: Timestamp,
}

/// A workspace that a user belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedWorkspace {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The user's role in it, and its limits.
    pub membership: Membership,
    /// The email address of its first owner; empty if it is lost.
    pub owner: String,
}

/// An invitation that is neither accepted, revoked nor expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation's id.
    pub id: InvitationId,
    /// The workspace to join.
    pub workspace: WorkspaceId,
    /// The address of the person who is invited.
    pub email: Email,
    /// The role and limits that the person gets.
    pub membership: Membership,
    /// The owner who invited.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}
