//! The services that agents may use.

use std::collections::{HashMap, HashSet};

use gaiterguard_database::connection::{fetch_all, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::agent::Grant;
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

#[derive(sqlx::FromRow)]
pub(super) struct GrantRow {
    agent_id: i64,
    service_id: i64,
    since: i64,
}

/// The services that agents may use, by agent.
pub(super) struct Grants(HashMap<i64, Vec<Grant>>);

impl Grants {
    pub(super) fn of(rows: &[GrantRow]) -> Self {
        let mut grants: HashMap<i64, Vec<Grant>> = HashMap::new();
        for row in rows {
            grants.entry(row.agent_id).or_default().push(grant(row));
        }
        Self(grants)
    }

    /// Removes and returns the services that an agent may use.
    pub(super) fn take(&mut self, agent: i64) -> Vec<Grant> {
        self.0.remove(&agent).unwrap_or_default()
    }
}

static REVOKE: ManyRows = ManyRows::new(
    "DELETE FROM grants WHERE (agent_id, service_id) IN (VALUES ",
    2,
    ")",
);

static GRANT: ManyRows = ManyRows::new(
    "WITH given (agent_id, service_id, since) AS (VALUES ",
    3,
    ") INSERT INTO grants (agent_id, service_id, since) \
     SELECT agent_id, service_id, since FROM given WHERE agent_id IS NOT NULL \
     ON CONFLICT (agent_id, service_id) DO NOTHING",
);

/// Sets the services that an agent may use. Returns a service that does not exist, if there is one;
/// the caller then rolls back.
pub(super) async fn set_grants(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    agent: AgentId,
    services: &[ServiceId],
    at: Timestamp,
) -> Result<Option<ServiceId>, StoreError> {
    let before = fetch_all!(
        tx,
        (i64,),
        "SELECT service_id FROM grants WHERE agent_id = $1",
        agent.0,
    );
    let before = service_set(before);
    let wanted: HashSet<ServiceId> = services.iter().copied().collect();
    let revoked: Vec<ServiceId> = before.difference(&wanted).copied().collect();
    let granted: Vec<ServiceId> = wanted.difference(&before).copied().collect();
    if !granted.is_empty() {
        let existing = fetch_all!(
            tx,
            (i64,),
            "SELECT id FROM services WHERE workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
        );
        let existing = service_set(existing);
        if let Some(unknown) = granted.iter().find(|service| !existing.contains(service)) {
            return Ok(Some(*unknown));
        }
    }
    for chunk in chunks(&revoked) {
        let sql = tx.dialect().many_rows(&REVOKE, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for service in chunk.padded() {
                query = query
                    .bind(service.map(|_| agent.0))
                    .bind(service.map(|service| service.0));
            }
            query.execute(connection).await?;
        });
    }
    for chunk in chunks(&granted) {
        let sql = tx.dialect().many_rows(&GRANT, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for service in chunk.padded() {
                query = query
                    .bind(service.map(|_| agent.0))
                    .bind(service.map(|service| service.0))
                    .bind(service.map(|_| at.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(None)
}

fn service_set(rows: Vec<(i64,)>) -> HashSet<ServiceId> {
    rows.into_iter().map(|(id,)| ServiceId(id)).collect()
}

fn grant(row: &GrantRow) -> Grant {
    Grant {
        service: ServiceId(row.service_id),
        since: Timestamp(row.since),
    }
}
