//! The people of a workspace: its members, and invitations to join it.

use std::net::IpAddr;

use gaiterguard_domain::id::{InvitationId, UserId, WorkspaceId};
use gaiterguard_domain::member::{INVITATION_LIFETIME, Invitation, Member};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, SessionClient, User};
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_store::{
    InvitationAccepted, InvitationCreated, Invitee, MemberChanged, NewInvitation, Stored, UserLogin,
};
use gaiterguard_vault::token;
use secrecy::{ExposeSecret as _, SecretString};

use crate::access_token::Caller;
use crate::error::{InvitationError, LoginError, PeopleError, SessionError};
use crate::identity::{Identity, LoggedIn};
use crate::new_password::NewPassword;
use crate::queue::QueueFull;
use crate::throttle::{ClientKey, SourceKey};

/// The beginning of an invitation's token, which shows what it is for.
const PREFIX: &str = "gi_";

/// A new invitation.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// `gi_` and 64 hexadecimal digits, which accept it once. Returned only here.
    pub token: SecretString,
}

/// An invitation as the person who has its token sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationPreview {
    /// The address that it is for.
    pub email: Email,
    /// The role that it gives.
    pub role: Role,
    /// The email address of the owner who invited, if it is known.
    pub invited_by: Option<String>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether the address has an account whose user must sign in to accept it.
    pub has_account: bool,
}

/// The client that accepts an invitation without a session.
#[derive(Clone, Debug)]
pub struct Accepting {
    /// The address of the client.
    pub source: IpAddr,
    /// The client as the new session keeps it.
    pub client: SessionClient,
}

impl Identity {
    /// Returns the members of the caller's workspace.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<Stored<Member>>, SessionError> {
        Ok(self.store.member_list(caller.workspace).await?)
    }

    /// Changes a member's role and limits.
    pub async fn change_member(
        &self,
        caller: &Caller,
        user: UserId,
        new: &Membership,
    ) -> Result<(), PeopleError> {
        let at = self.clock.now();
        let changed = self
            .store
            .member_change(caller.workspace, caller.user, user, new, at)
            .await?;
        done(changed)
    }

    /// Removes a member and ends the member's sessions in the workspace.
    pub async fn remove_member(&self, caller: &Caller, user: UserId) -> Result<(), PeopleError> {
        let at = self.clock.now();
        let changed = self
            .store
            .member_remove(caller.workspace, caller.user, user, at)
            .await?;
        done(changed)
    }

    /// Invites a person. An earlier invitation for the same address is revoked.
    pub async fn invite(
        &self,
        caller: &Caller,
        email: Email,
        membership: Membership,
    ) -> Result<Invited, PeopleError> {
        let at = self.clock.now();
        let digits = token::generate_hex()?;
        let token = SecretString::from([PREFIX, digits.expose_secret()].concat());
        let new = NewInvitation {
            workspace: caller.workspace,
            email,
            membership,
            by: caller.user,
            token_hash: token::sha256(token.expose_secret()),
            expires_at: at.after(INVITATION_LIFETIME),
        };
        match self.store.invitation_create(new, at).await? {
            InvitationCreated::Created(invitation) => Ok(Invited { invitation, token }),
            InvitationCreated::AlreadyMember => Err(PeopleError::AlreadyMember),
            InvitationCreated::TooMany => Err(PeopleError::TooManyInvitations),
            InvitationCreated::NotPermitted => Err(PeopleError::NotPermitted),
        }
    }

    /// Returns the open invitations of the caller's workspace, newest first.
    pub async fn invitations(
        &self,
        caller: &Caller,
    ) -> Result<Vec<Stored<Invitation>>, SessionError> {
        let now = self.clock.now();
        Ok(self.store.invitation_list(caller.workspace, now).await?)
    }

    /// Revokes an open invitation.
    pub async fn revoke_invitation(
        &self,
        caller: &Caller,
        id: InvitationId,
    ) -> Result<(), PeopleError> {
        let at = self.clock.now();
        let revoked = self
            .store
            .invitation_revoke(caller.workspace, caller.user, id, at)
            .await?;
        revoked
            .then_some(())
            .ok_or(PeopleError::NotFound("open invitation"))
    }

    /// Returns an open invitation, for the person who has its token.
    pub async fn preview_invitation(
        &self,
        token: &SecretString,
    ) -> Result<InvitationPreview, InvitationError> {
        let invitation = self.open_invitation(token).await?;
        let inviter = self.store.user_get(invitation.created_by).await?;
        let account = self
            .store
            .user_by_email(invitation.email.normalized())
            .await?;
        Ok(InvitationPreview {
            email: invitation.email,
            role: invitation.membership.role,
            invited_by: inviter.map(|user| user.email.as_str().to_owned()),
            expires_at: invitation.expires_at,
            has_account: account.is_some(),
        })
    }

    /// Accepts an invitation for a person without an account: creates the account with this password and begins a
    /// session. An account that belongs to no workspace is used again, with the new password.
    pub async fn accept_invitation(
        &self,
        token: &SecretString,
        password: NewPassword,
        from: Accepting,
    ) -> Result<LoggedIn, InvitationError> {
        let invitation = self.open_invitation(token).await?;
        let account = self
            .store
            .user_by_email(invitation.email.normalized())
            .await?;
        if account.is_some() || self.provider_only {
            return Err(InvitationError::SignInFirst);
        }
        let source = ClientKey::Stranger(SourceKey::of(from.source));
        let turn = self.passwords.turn(source).await;
        let turn = turn.map_err(|QueueFull| InvitationError::Busy)?;
        let password_hash = turn.hash(password.into_secret()).await?;
        let invitee = Invitee::New(password_hash.clone());
        let (user, workspace) = self.join(&invitation, invitee).await?;
        let login = UserLogin {
            user,
            password_hash,
            workspace,
        };
        let begun = self.begin_session(login, &[], from.client).await;
        begun.map_err(|error| match error {
            LoginError::Fault(fault) => InvitationError::Fault(fault),
            LoginError::Busy => InvitationError::Busy,
            // The password was replaced, or the member removed, since the account was created; or the
            // account is used again and has a second factor.
            LoginError::InvalidCredentials
            | LoginError::SecondFactorRequired
            | LoginError::WrongSecondFactor
            | LoginError::ProviderOnly
            | LoginError::Throttled { .. } => InvitationError::SignInFirst,
        })
    }

    /// Accepts an invitation for the caller, and switches the caller's session to the workspace. Returns an access
    /// token for it.
    pub async fn accept_invitation_as(
        &self,
        caller: &Caller,
        token: &SecretString,
    ) -> Result<SecretString, InvitationError> {
        let invitation = self.open_invitation(token).await?;
        let (_, workspace) = self.join(&invitation, Invitee::User(caller.user)).await?;
        let switched = self.switch_workspace(caller, workspace).await;
        match switched {
            Ok(Some(access_token)) => Ok(access_token),
            // The session has ended, or the member has been removed, since.
            Ok(None) | Err(SessionError::NotAuthenticated) => Err(InvitationError::SignInFirst),
            Err(SessionError::Fault(fault)) => Err(InvitationError::Fault(fault)),
        }
    }

    async fn open_invitation(&self, token: &SecretString) -> Result<Invitation, InvitationError> {
        let hash = token::sha256(token.expose_secret());
        let found = self.store.invitation_find(hash, self.clock.now()).await?;
        found.ok_or(InvitationError::Invalid)
    }

    async fn join(
        &self,
        invitation: &Invitation,
        invitee: Invitee,
    ) -> Result<(User, WorkspaceId), InvitationError> {
        let at = self.clock.now();
        let accepted = self
            .store
            .invitation_accept(invitation, invitee, at)
            .await?;
        match accepted {
            InvitationAccepted::Joined(user, workspace) => Ok((user, workspace)),
            InvitationAccepted::Invalid => Err(InvitationError::Invalid),
            InvitationAccepted::OtherAddress => Err(InvitationError::OtherAddress),
            InvitationAccepted::EmailTaken => Err(InvitationError::SignInFirst),
            InvitationAccepted::AlreadyMember => Err(InvitationError::AlreadyMember),
        }
    }
}

fn done(changed: MemberChanged) -> Result<(), PeopleError> {
    match changed {
        MemberChanged::Done => Ok(()),
        MemberChanged::NotFound => Err(PeopleError::NotFound("member")),
        MemberChanged::LastOwner => Err(PeopleError::LastOwner),
        MemberChanged::NotPermitted => Err(PeopleError::NotPermitted),
    }
}
