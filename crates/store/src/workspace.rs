//! Workspaces, their kill switches and the versions of their definitions.

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::rule::Rule;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{AuthorityVersion, KillSwitch, Workspace};
use sqlx::Connection as _;

use crate::agent::{KeyHash, agent_rows};
use crate::connection::{On, Read, execute, fetch_all, fetch_optional};
use crate::document::{DocumentVersion, document_versions};
use crate::error::StoreError;
use crate::rule::rule_rows;
use crate::service::service_rows;
use crate::store::Store;

/// Begins a transaction on PostgreSQL whose statements all see the same state; SQLite's do anyway.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Everything that decisions in a workspace rest on, of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Definitions {
    /// The workspace with its version and kill switch.
    pub workspace: Workspace,
    /// The living agents with the sums of their keys.
    pub agents: Vec<(KeyHash, Agent)>,
    /// The living services with their sealed credentials.
    pub services: Vec<Service>,
    /// The rules, disabled ones too.
    pub rules: Vec<Rule>,
    /// Which documents describe the services, and which content of each is the present one.
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
    /// The kill switch of a workspace; none if there is no such workspace.
    pub async fn kill_switch_get(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<KillSwitch>, StoreError> {
        let found = workspace_get(self.read().await?.on(), workspace).await?;
        Ok(found.map(|workspace| workspace.kill_switch))
    }

    /// Throws or releases the kill switch. Throwing it takes back every waiting and approved
    /// action of the workspace.
    pub async fn kill_switch_set(
        &self,
        workspace: WorkspaceId,
        kill_switch: &KillSwitch,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<(), StoreError> {
        let mut write = self.change(workspace, at).await?;
        let word = match kill_switch {
            KillSwitch::Off => None,
            KillSwitch::Active { by, at, reason } => Some(HumanDecision {
                by: *by,
                at: *at,
                note: reason.clone(),
            }),
        };
        execute!(
            write,
            "UPDATE workspaces SET killed_by = $2, killed_at = $3, killed_reason = $4
             WHERE id = $1",
            workspace.0,
            word.as_ref().map(|word| word.by.0),
            word.as_ref().map(|word| word.at.0),
            word.as_ref().and_then(|word| word.note.as_deref()),
        );
        if let Some(word) = &word {
            crate::action::revoke_living(&mut write, workspace, None, word, &audit).await?;
        }
        write.audit(audit);
        write.commit().await
    }

    /// Everything that decisions in a workspace rest on; none if there is no such workspace.
    pub async fn authority_load(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<Definitions>, StoreError> {
        // In one transaction, which sees one state of the database: everything is of one version.
        match self.read().await? {
            Read::Sqlite(mut connection) => {
                let mut transaction = connection.begin().await?;
                let read = definitions(On::Sqlite(&mut transaction), workspace).await?;
                transaction.rollback().await?;
                Ok(read)
            }
            Read::Postgres(mut connection) => {
                let mut transaction = connection.begin_with(SNAPSHOT).await?;
                let read = definitions(On::Postgres(&mut transaction), workspace).await?;
                transaction.rollback().await?;
                Ok(read)
            }
        }
    }

    /// Everything that decisions in any workspace rest on.
    pub async fn authority_load_all(&self) -> Result<Vec<Definitions>, StoreError> {
        let mut all = Vec::new();
        for (workspace, _) in self.authority_versions().await? {
            all.extend(self.authority_load(workspace).await?);
        }
        Ok(all)
    }

    /// The version of every workspace's definitions.
    pub async fn authority_versions(
        &self,
    ) -> Result<Vec<(WorkspaceId, AuthorityVersion)>, StoreError> {
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
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
    mut on: On<'_>,
    workspace: WorkspaceId,
) -> Result<Option<Definitions>, StoreError> {
    let Some(found) = workspace_get(on.on(), workspace).await? else {
        return Ok(None);
    };
    Ok(Some(Definitions {
        workspace: found,
        agents: agent_rows(on.on(), workspace).await?,
        services: service_rows(on.on(), workspace).await?,
        rules: rule_rows(on.on(), workspace).await?,
        documents: document_versions(on.on(), workspace).await?,
    }))
}

async fn workspace_get(
    mut on: On<'_>,
    workspace: WorkspaceId,
) -> Result<Option<Workspace>, StoreError> {
    fetch_optional!(
        on,
        WorkspaceRow,
        "SELECT id, version, killed_by, killed_at, killed_reason FROM workspaces WHERE id = $1",
        workspace.0,
    )
    .map(TryInto::try_into)
    .transpose()
}
