//! Workspaces, their kill switches, and the versions of their definitions.

use gaiterguard_database::connection::{
    AnyConnection, ReadConnection, execute, fetch_all, fetch_optional,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{AuthorityVersion, KillSwitch, Workspace};
use sqlx::Connection as _;

use crate::action::bulk::revoke_open;
use crate::agent::read::{KeyHash, agents_intact};
use crate::document::{DocumentVersion, document_versions};
use crate::rule::rules_intact;
use crate::service::services_intact;
use crate::store::Store;

/// Begins a transaction on PostgreSQL whose statements all see the same snapshot. On SQLite every
/// transaction does.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Everything that decisions in a workspace depend on, all of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Definitions {
    /// The workspace with its version and kill switch.
    pub workspace: Workspace,
    /// The agents that are not deleted, with the hashes of their keys.
    pub agents: Vec<(KeyHash, Agent)>,
    /// The services that are not deleted, with their sealed credentials.
    pub services: Vec<Service>,
    /// The rules, including disabled ones.
    pub rules: Vec<Rule>,
    /// The documents that describe the services, with the versions of their content.
    pub documents: Vec<DocumentVersion>,
}

#[derive(sqlx::FromRow)]
struct WorkspaceRow {
    id: i64,
    version: i64,
    killed_by: Option<i64>,
    killed_at: Option<i64>,
    killed_reason: Option<String>,
}

impl TryFrom<WorkspaceRow> for Workspace {
    type Error = StoreError;

    fn try_from(row: WorkspaceRow) -> Result<Self, StoreError> {
        let kill_switch = match (row.killed_by, row.killed_at) {
            (Some(by), Some(at)) => KillSwitch::Active {
                by: UserId(by),
                at: Timestamp(at),
                reason: row.killed_reason,
            },
            (None, None) => KillSwitch::Off,
            _ => return Err(StoreError::inconsistent("workspaces", "killed_at", row.id)),
        };
        Ok(Self {
            id: WorkspaceId(row.id),
            kill_switch,
            version: AuthorityVersion(row.version),
        })
    }
}

impl Store {
    /// Returns the kill switch of a workspace; `None` if there is no such workspace.
    pub async fn kill_switch_get(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<KillSwitch>, StoreError> {
        let found = workspace_get(self.reader().await?.any(), workspace).await?;
        Ok(found.map(|workspace| workspace.kill_switch))
    }

    /// Activates or deactivates the kill switch. Activating it revokes every pending and approved
    /// action of the workspace.
    pub async fn kill_switch_set(
        &self,
        workspace: WorkspaceId,
        kill_switch: &KillSwitch,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let decision = match kill_switch {
            KillSwitch::Off => None,
            KillSwitch::Active { by, at, reason } => Some(HumanDecision {
                by: *by,
                at: *at,
                note: reason.clone(),
            }),
        };
        execute!(
            tx,
            "UPDATE workspaces SET killed_by = $2, killed_at = $3, killed_reason = $4
             WHERE id = $1",
            workspace.0,
            decision.as_ref().map(|decision| decision.by.0),
            decision.as_ref().map(|decision| decision.at.0),
            decision
                .as_ref()
                .and_then(|decision| decision.note.as_deref()),
        );
        if let Some(decision) = &decision {
            revoke_open(&mut tx, workspace, None, decision, &audit).await?;
        }
        tx.audit(audit);
        tx.commit().await
    }

    /// Returns everything that decisions in a workspace depend on; `None` if there is no such
    /// workspace.
    pub async fn authority_load(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<Definitions>, StoreError> {
        // One transaction, so that all rows belong to the same version.
        match self.reader().await? {
            ReadConnection::Sqlite(mut connection) => {
                let mut transaction = connection.begin().await?;
                let read = definitions(AnyConnection::Sqlite(&mut transaction), workspace).await?;
                transaction.rollback().await?;
                Ok(read)
            }
            ReadConnection::Postgres(mut connection) => {
                let mut transaction = connection.begin_with(SNAPSHOT).await?;
                let read =
                    definitions(AnyConnection::Postgres(&mut transaction), workspace).await?;
                transaction.rollback().await?;
                Ok(read)
            }
        }
    }

    /// Returns everything that decisions in any workspace depend on.
    pub async fn authority_load_all(&self) -> Result<Vec<Definitions>, StoreError> {
        let mut all = Vec::new();
        for (workspace, _) in self.authority_versions().await? {
            all.extend(self.authority_load(workspace).await?);
        }
        Ok(all)
    }

    /// Returns the version of every workspace's definitions.
    pub async fn authority_versions(
        &self,
    ) -> Result<Vec<(WorkspaceId, AuthorityVersion)>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            (i64, i64),
            "SELECT id, version FROM workspaces ORDER BY id"
        );
        Ok(rows
            .into_iter()
            .map(|(id, version)| (WorkspaceId(id), AuthorityVersion(version)))
            .collect())
    }
}

async fn definitions(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Option<Definitions>, StoreError> {
    let Some(found) = workspace_get(connection.any(), workspace).await? else {
        return Ok(None);
    };
    Ok(Some(Definitions {
        workspace: found,
        agents: agents_intact(connection.any(), workspace).await?,
        services: services_intact(connection.any(), workspace).await?,
        rules: rules_intact(connection.any(), workspace).await?,
        documents: document_versions(connection.any(), workspace).await?,
    }))
}

async fn workspace_get(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Option<Workspace>, StoreError> {
    fetch_optional!(
        connection,
        WorkspaceRow,
        "SELECT id, version, killed_by, killed_at, killed_reason FROM workspaces WHERE id = $1",
        workspace.0,
    )
    .map(TryInto::try_into)
    .transpose()
}
