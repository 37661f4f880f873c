//! A write transaction. It chains its audit entries and advances the head of its writer's chain, so
//! a change and its entries are committed together, or neither is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_database::connection::{
    AnyConnection, Connection, Dialect, Durability, FirstQuery, FirstRow, fetch_optional,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, AuditEntry, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AuditId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{AuthorityVersion, Membership};
use gaiterguard_rows::covered::{CoveredEnd, cover_ends};
use gaiterguard_rows::membership::{self, MembershipRow};
use tokio::sync::OwnedMutexGuard;

use crate::writer::commit::{CommitError, TransactionEnd, UnknownCommit, WithCommit};
use crate::writer::connection::{Head, ReservedIds, WriterConnection, take_ids};
use crate::writer::feed::CHANNEL;
use crate::writer::pool::WriterPool;
use crate::writer::rule_hits::RuleHits;

/// How long a change may wait for a writer and for the first response on its connection. As long as
/// a batch of the ledger may take, because the writer may be busy with one. A connection that is
/// silent for this long is treated as lost.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a commit may take before its outcome counts as unknown. Commits take milliseconds; a
/// connection that is silent for this long is treated as lost.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A write transaction.
pub struct Transaction {
    pool: Arc<WriterPool>,
    writer: OwnedMutexGuard<WriterConnection>,
    connection: Connection,
    head: Head,
    ids: ReservedIds,
    /// Whether ids were reserved in this transaction, so that a rollback loses them.
    has_reserved: bool,
    audit: Vec<NewAuditEntry>,
    rule_hits: Vec<RuleHits>,
    with_commit: Option<WithCommit>,
    authority: Vec<WorkspaceId>,
    durability: Durability,
}

impl Transaction {
    /// Begins a transaction on the first writer that is free. `at` dates the opening of a new chain.
    pub async fn begin(pool: &Arc<WriterPool>, at: Timestamp) -> Result<Self, StoreError> {
        let beginning = async {
            let writer = pool.acquire().await;
            Self::begin_on(Arc::clone(pool), writer, Durability::Storage, at, &[])
                .await
                .map(|(begun, _)| begun)
        };
        match tokio::time::timeout(BEGIN_TIMEOUT, beginning).await {
            Ok(begun) => begun,
            Err(_) => Err(StoreError::timed_out("beginning a transaction")),
        }
    }

    /// Begins a transaction on this writer. Returns it with the rows of its first queries.
    pub async fn begin_on(
        pool: Arc<WriterPool>,
        mut writer: OwnedMutexGuard<WriterConnection>,
        durability: Durability,
        at: Timestamp,
        first: &[FirstQuery],
    ) -> Result<(Self, Vec<FirstRow>), StoreError> {
        let taken = writer.take(pool.target(), durability, at, first).await;
        let (connection, head, found) = taken?;
        let ids = std::mem::take(&mut writer.ids);
        let begun = Self {
            pool,
            writer,
            connection,
            head,
            ids,
            has_reserved: false,
            audit: Vec::new(),
            rule_hits: Vec::new(),
            with_commit: None,
            authority: Vec::new(),
            durability,
        };
        Ok((begun, found))
    }

    pub fn any(&mut self) -> AnyConnection<'_> {
        self.connection.any()
    }

    pub fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// Adds an entry, which is written with the commit.
    pub fn audit(&mut self, entry: NewAuditEntry) {
        self.audit.push(entry);
    }

    /// Adds to the counts of rules, which are written with the commit. Each rule is given once.
    pub fn count_rule_hits(&mut self, hits: Vec<RuleHits>) {
        self.rule_hits.extend(hits);
    }

    /// Runs a statement together with the commit, on SQLite. A transaction has at most one.
    pub fn run_with_commit(&mut self, statement: WithCommit) {
        self.with_commit = Some(statement);
    }

    /// Makes entries of this transaction cover how requests ended. Ends are covered by an entry of
    /// the same workspace, so that no workspace's log contains data of another, or else by a new
    /// entry of the whole gateway.
    pub fn cover_ends(&mut self, ended: BTreeMap<WorkspaceId, Vec<CoveredEnd>>, at: Timestamp) {
        let mut others = Vec::new();
        for (workspace, ends) in ended {
            let mut entries = self.audit.iter_mut();
            match entries.rfind(|entry| entry.workspace == Some(workspace)) {
                Some(entry) => cover_ends(&mut entry.detail, ends),
                None => others.extend(ends),
            }
        }
        if others.is_empty() {
            return;
        }
        let mut detail = serde_json::json!({ "requests": others.len() });
        cover_ends(&mut detail, others);
        self.audit(NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event: Event::RequestsEnded,
            subject: Subject::Gateway,
            detail,
        });
    }

    /// Increments a workspace's version. Must come first in a transaction: the ledger writer locks
    /// the same row first, so the two wait for each other and cannot deadlock.
    pub async fn authority_bump(
        &mut self,
        workspace: WorkspaceId,
    ) -> Result<Option<AuthorityVersion>, StoreError> {
        let row = fetch_optional!(
            self,
            (i64,),
            "UPDATE workspaces SET version = version + 1 WHERE id = $1 RETURNING version",
            workspace.0,
        );
        self.authority.push(workspace);
        Ok(row.map(|(version,)| AuthorityVersion(version)))
    }

    /// Returns a user's membership of a workspace as this transaction sees it.
    pub async fn membership(
        &mut self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError> {
        let row = fetch_optional!(
            self,
            MembershipRow,
            "SELECT role, services, effects FROM members WHERE workspace_id = $1 AND user_id = $2",
            workspace.0,
            user.0,
        );
        row.map(|row| row.read(membership::context(&user)))
            .transpose()
    }

    /// Returns ids for new rows of the request ledger.
    pub async fn request_ids(&mut self, count: usize) -> Result<Vec<i64>, StoreError> {
        let reserved = &mut self.ids.requests;
        let taken = take_ids(&mut self.connection, "requests", reserved, count).await;
        let (ids, has_reserved) = taken?;
        self.has_reserved |= has_reserved;
        Ok(ids)
    }

    /// Ends a change that affected `rows` rows: commits it with its entry, or rolls back if no row
    /// matched. Returns whether it was committed.
    pub async fn end(mut self, rows: u64, audit: NewAuditEntry) -> Result<bool, StoreError> {
        if rows == 0 {
            self.rollback().await?;
            return Ok(false);
        }
        self.audit(audit);
        self.commit().await?;
        Ok(true)
    }

    /// Ends a transaction that removed rows that are no longer needed, with an entry that says how
    /// many.
    pub async fn end_retention(
        mut self,
        event: Event,
        removed: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if removed == 0 {
            return self.rollback().await;
        }
        self.audit(NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event,
            subject: Subject::Gateway,
            detail: serde_json::json!({ "rows": removed }),
        });
        self.commit().await
    }

    /// Whether nothing was changed: every change has an audit entry.
    pub fn is_unchanged(&self) -> bool {
        self.audit.is_empty() && self.authority.is_empty()
    }

    /// Discards the transaction.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        self.connection.rollback().await?;
        self.writer.head = Some(self.head);
        if !self.has_reserved {
            self.writer.ids = self.ids;
        }
        self.writer.connection = Some(self.connection);
        Ok(())
    }

    /// Makes the transaction durable and notifies subscribers.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.commit_or_unknown().await {
            Ok(()) => Ok(()),
            Err(CommitError::NotCommitted(error)) => Err(error),
            Err(CommitError::Unknown(mut unknown)) => {
                if unknown.resolve().await? {
                    Ok(())
                } else {
                    Err(StoreError::not_committed())
                }
            }
        }
    }

    /// Commits like [`Self::commit`], but returns an unknown outcome for the caller to resolve.
    pub async fn commit_or_unknown(mut self) -> Result<(), CommitError> {
        let commits_before = self.head.commits;
        let entries = self.link().await.map_err(CommitError::NotCommitted)?;
        self.notify_authority()
            .await
            .map_err(CommitError::NotCommitted)?;
        let end = TransactionEnd {
            entries: &entries,
            rule_hits: &self.rule_hits,
            head: self.head,
            commits_before,
        };
        let prepared = end.prepare(&mut self.connection).await;
        prepared.map_err(CommitError::NotCommitted)?;
        let committing = end.commit(&mut self.connection, self.with_commit.take());
        let committed = match tokio::time::timeout(COMMIT_TIMEOUT, committing).await {
            Ok(committed) => committed,
            Err(_) => Err(StoreError::timed_out("the response to a commit")),
        };
        let Self {
            pool,
            mut writer,
            connection,
            head,
            ids,
            authority,
            durability,
            ..
        } = self;
        match committed {
            Ok(()) => {
                writer.connection = Some(connection);
                writer.head = Some(head);
                writer.ids = ids;
                drop(writer);
                pool.feed().publish(entries, &authority);
                pool.notify_committed(durability);
                Ok(())
            }
            Err(error @ StoreError::Refused(_)) => Err(CommitError::NotCommitted(error)),
            Err(_) => Err(CommitError::Unknown(Box::new(UnknownCommit {
                pool,
                writer,
                expected: head,
                entries,
                authority,
            }))),
        }
    }

    /// Chains the audit entries and advances the head.
    async fn link(&mut self) -> Result<Vec<AuditEntry>, StoreError> {
        let new = std::mem::take(&mut self.audit);
        let reserved = &mut self.ids.audit;
        let taken = take_ids(&mut self.connection, "audit", reserved, new.len()).await;
        let (ids, has_reserved) = taken?;
        self.has_reserved |= has_reserved;
        self.head.commits += 1;
        let link = &mut self.head.link;
        Ok(ids
            .into_iter()
            .zip(new)
            .map(|(id, new)| link.link(AuditId(id), new))
            .collect())
    }

    /// Queues a notification to the other replicas, which PostgreSQL delivers with the commit, for
    /// each workspace whose definitions have changed.
    async fn notify_authority(&mut self) -> Result<(), StoreError> {
        if let AnyConnection::Postgres(connection) = self.connection.any() {
            for workspace in &self.authority {
                let payload = self.pool.feed().authority_payload(*workspace);
                sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(CHANNEL)
                    .bind(payload)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        Ok(())
    }
}
