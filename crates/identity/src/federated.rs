//! Signing in at an `OpenID` Connect provider: the user who is the person that the provider confirmed.
//!
//! A person is known by issuer and subject alone. The email address never leads to an existing account:
//! only its own user connects it to the provider. Users who are created by their first sign-in have the
//! role that the provider gives them, which is never owner.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::user::{Email, SessionClient};
use gaiterguard_oidc::{Flow, Person};
use gaiterguard_store::{FederatedId, FederatedUser, Proof};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::access_token::Caller;
use crate::error::{FederatedError, LoginError};
use crate::flow::BegunFlow;
use crate::identity::{Identity, LoggedIn};

const OWNER: &str = "owner";

fn id_of(person: &Person) -> FederatedId<'_> {
    FederatedId {
        issuer: &person.issuer,
        subject: &person.subject,
    }
}

impl Identity {
    /// Begins a sign-in at the provider, or the linking of a signed-in user. Returns the token that the
    /// browser keeps, and the sign-in.
    ///
    /// # Errors
    ///
    /// If the operating system returns no random bytes.
    pub fn flow_begin(
        &self,
        linking: Option<UserId>,
        redirect_uri: String,
    ) -> Result<(SecretString, Flow), FederatedError> {
        let BegunFlow { token, flow } =
            self.flows.begin(linking, redirect_uri, self.clock.now())?;
        Ok((token, flow))
    }

    /// Resumes a sign-in when the provider has sent the browser back. Returns what it uses up too.
    ///
    /// # Errors
    ///
    /// [`FederatedError::Expired`] if this browser did not begin it, or it has expired.
    pub fn flow_resume(
        &self,
        kept: &str,
        state: &str,
        linking: Option<UserId>,
        redirect_uri: String,
    ) -> Result<(Flow, Proof), FederatedError> {
        let now = self.clock.now();
        let resumed = self.flows.resume(kept, state, linking, redirect_uri, now);
        resumed.ok_or(FederatedError::Expired)
    }

    /// Begins a session of the user who is this person. A person with a role who is nobody yet becomes a user
    /// in the workspace of the user with the email address `host`, or in the only one.
    pub async fn federated_login(
        &self,
        person: &Person,
        proof: &Proof,
        host: Option<&Email>,
        client: SessionClient,
    ) -> Result<LoggedIn, FederatedError> {
        let found = self.store.federated_get(id_of(person)).await?;
        let (user, workspace) = match found {
            Some(found) => self.returning(person, found).await?,
            None => self.newcomer(person, host).await?,
        };
        let user = self.store.user_get(user).await?;
        let user = user.ok_or(FederatedError::NotMember)?;
        let opened = self
            .open_session(user, workspace, std::slice::from_ref(proof), client)
            .await;
        match opened {
            Ok((_, logged_in)) => Ok(logged_in),
            Err(LoginError::Fault(fault)) => Err(FederatedError::Fault(fault)),
            Err(_) => Err(FederatedError::Expired),
        }
    }

    /// Lets the caller's user sign in as this person.
    pub async fn federated_link(
        &self,
        caller: &Caller,
        person: &Person,
        proof: &Proof,
    ) -> Result<(), FederatedError> {
        let id = id_of(person);
        if let Some(found) = self.store.federated_get(id).await? {
            let is_same = found.user == caller.user;
            return is_same.then_some(()).ok_or(FederatedError::LinkedElsewhere);
        }
        let at = self.clock.now();
        let detail = json!({ "issuer": person.issuer, "subject": person.subject });
        let audit = self.entry(
            caller.user,
            caller.workspace,
            Event::UserFederatedLinked,
            detail,
        );
        let linked = self
            .store
            .federated_link(id, caller.user, proof, at, audit)
            .await?;
        linked.then_some(()).ok_or(FederatedError::LinkedElsewhere)
    }

    async fn returning(
        &self,
        person: &Person,
        found: FederatedUser,
    ) -> Result<(UserId, WorkspaceId), FederatedError> {
        let user = found.user;
        let (workspace, role) = found.membership.ok_or(FederatedError::NotMember)?;
        // An owner stays one until another owner changes that.
        if found.is_managed && role != OWNER {
            let role = person.role.ok_or(FederatedError::NoRole)?;
            let detail = json!({ "role": role });
            let audit = self.entry(user, workspace, Event::UserFederatedRole, detail);
            let at = self.clock.now();
            self.store
                .federated_role_set(user, workspace, role, at, audit)
                .await?;
        }
        Ok((user, workspace))
    }

    async fn newcomer(
        &self,
        person: &Person,
        host: Option<&Email>,
    ) -> Result<(UserId, WorkspaceId), FederatedError> {
        let role = person.role.ok_or(FederatedError::NoRole)?;
        let email = person.verified_email.as_ref();
        let email = email.ok_or(FederatedError::EmailUnverified)?;
        let workspace = match host {
            Some(host) => {
                let host = self.store.user_by_email(host.normalized()).await?;
                host.map(|host| host.workspace)
            }
            None => self.store.workspace_only().await?,
        };
        let workspace = workspace.ok_or(FederatedError::NoWorkspace)?;
        let id = id_of(person);
        let detail = json!({ "issuer": id.issuer, "subject": id.subject, "role": role });
        let audit = |user| self.entry(user, workspace, Event::UserFederatedCreated, detail);
        let at = self.clock.now();
        let created = self
            .store
            .federated_create(id, email, workspace, role, at, audit)
            .await?;
        let user = created.ok_or(FederatedError::EmailTaken)?;
        Ok((user, workspace))
    }

    fn entry(
        &self,
        user: UserId,
        workspace: WorkspaceId,
        event: Event,
        detail: Value,
    ) -> NewAuditEntry {
        NewAuditEntry {
            workspace: Some(workspace),
            at: self.clock.now(),
            actor: Actor::User(user),
            event,
            subject: Subject::User(user),
            detail,
        }
    }
}
