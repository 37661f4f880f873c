//! Values that agents sent and were shown, as keyed hashes, shared by all replicas.

use gaiterguard_database::connection::{execute, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use serde_json::json;

use crate::store::Store;

/// A keyed hash of a value.
pub type ValueHash = [u8; 16];

/// How a value became known. The numbers are those of the column `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SightingRowKind {
    /// The agent sent it before any response contained it.
    Sent = 0,
    /// A response contained it.
    Shown = 1,
    /// A response contained it as the id of an object, which counts even if the agent had sent it
    /// before.
    ShownAsId = 2,
    /// A request that a human approved contained it.
    Approved = 3,
    /// The agent created the object that it names.
    Created = 4,
}

impl SightingRowKind {
    const ALL: [Self; 5] = [
        Self::Sent,
        Self::Shown,
        Self::ShownAsId,
        Self::Approved,
        Self::Created,
    ];

    fn number(self) -> i64 {
        self as i64
    }

    fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A value that was sent or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SightingRow {
    /// The agent that sent the value or was shown it.
    pub agent: AgentId,
    /// The service that it was sent to or shown by.
    pub service: ServiceId,
    /// The hash of the value.
    pub hash: ValueHash,
    /// How the value became known.
    pub kind: SightingRowKind,
    /// When it became known.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct FoundRow {
    hash: Vec<u8>,
    kind: i64,
    seen_at: i64,
}

impl Store {
    /// Records values, which must be distinct. A value that was sent first stays so, unless a
    /// response shows it as an id or a human approves it; a value that was created or shown first
    /// stays that.
    pub async fn sighting_add(
        &self,
        rows: &[SightingRow],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!([
                    row.agent.0,
                    row.service.0,
                    hex(&row.hash),
                    row.kind.number(),
                    row.at.0
                ])
            })
            .collect();
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let sql = tx.dialect().sql(
            "INSERT INTO sightings (agent_id, service_id, hash, kind, seen_at)
             SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4
             FROM json_each($1) WHERE true
             ON CONFLICT (agent_id, service_id, hash) DO UPDATE
             SET kind = CASE WHEN sightings.kind = 0 THEN excluded.kind ELSE sightings.kind END,
                seen_at = excluded.seen_at
             WHERE excluded.kind <> 0 AND NOT (sightings.kind = 0 AND excluded.kind IN (1, 4))",
            "INSERT INTO sightings (agent_id, service_id, hash, kind, seen_at)
             SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, decode(value ->> 2, 'hex'),
                (value ->> 3)::bigint, (value ->> 4)::bigint
             FROM jsonb_array_elements($1::jsonb)
             ON CONFLICT (agent_id, service_id, hash) DO UPDATE
             SET kind = CASE WHEN sightings.kind = 0 THEN excluded.kind ELSE sightings.kind END,
                seen_at = excluded.seen_at
             WHERE excluded.kind <> 0 AND NOT (sightings.kind = 0 AND excluded.kind IN (1, 4))",
        );
        execute!(tx, sql, serde_json::Value::from(rows).to_string());
        tx.commit().await
    }

    /// Returns what is known about values since a point in time.
    pub async fn sighting_find(
        &self,
        agent: AgentId,
        service: ServiceId,
        hashes: &[ValueHash],
        since: Timestamp,
    ) -> Result<Vec<(ValueHash, SightingRowKind, Timestamp)>, StoreError> {
        let hashes: Vec<String> = hashes.iter().map(hex).collect();
        let mut reader = self.reader().await?;
        let sql = reader.dialect().sql(
            "SELECT hash, kind, seen_at FROM sightings
             WHERE agent_id = $1 AND service_id = $2 AND seen_at >= $3
                AND hash IN (SELECT unhex(value) FROM json_each($4))",
            "SELECT hash, kind, seen_at FROM sightings
             WHERE agent_id = $1 AND service_id = $2 AND seen_at >= $3
                AND hash IN (SELECT decode(value, 'hex') FROM jsonb_array_elements_text($4::jsonb))",
        );
        let rows = fetch_all!(
            reader,
            FoundRow,
            sql,
            agent.0,
            service.0,
            since.0,
            serde_json::Value::from(hashes).to_string(),
        );
        rows.into_iter()
            .map(|row| {
                let wrong = |column| StoreError::inconsistent("sightings", column, agent);
                let hash = row.hash.try_into().map_err(|_| wrong("hash"))?;
                let kind = SightingRowKind::of(row.kind).ok_or_else(|| wrong("kind"))?;
                Ok((hash, kind, Timestamp(row.seen_at)))
            })
            .collect()
    }

    /// Removes what is known about an agent and a service up to a point in time.
    pub async fn sighting_forget(
        &self,
        agent: AgentId,
        service: ServiceId,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "DELETE FROM sightings WHERE agent_id = $1 AND service_id = $2 AND seen_at <= $3",
            agent.0,
            service.0,
            until.0,
        );
        tx.commit().await
    }

    /// Removes up to `limit` rows from before a point in time. Returns how many.
    pub async fn sighting_delete_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM sightings WHERE (agent_id, service_id, hash) IN
                (SELECT agent_id, service_id, hash FROM sightings WHERE seen_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.commit().await?;
        Ok(removed)
    }
}

fn hex(hash: &ValueHash) -> String {
    format!("{:032x}", u128::from_be_bytes(*hash))
}
