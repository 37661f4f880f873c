//! Queries for the audit log. Writers append to it; nothing changes or removes an entry.

use std::time::Duration;

use gaiterguard_database::connection::{fetch_all, fetch_optional};
use gaiterguard_database::cursor::{NumberPosition, Page, page};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, AuditEntry, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::audit_row::{AuditRow, entries};

use crate::store::Store;

/// How far back entries are sent again to a subscriber that reconnects: writers that commit at the
/// same time do not commit in the order of their ids. As long as a batch and its commit may take.
const OVERLAP: Duration = Duration::from_secs(10);

/// The entries that a subscriber missed while it was disconnected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// These entries, oldest first. The subscriber may already know some of them.
    Entries(Vec<AuditEntry>),
    /// More entries than the limit, or an unknown last entry: the subscriber must reload
    /// everything.
    Reload,
}

/// Whose entries to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorFilter {
    /// Those of one actor.
    One(Actor),
    /// Those of all users.
    Users,
    /// Those of all agents.
    Agents,
}

/// Which entries of the audit log to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only entries of these events, each listed once; all if empty.
    pub events: Vec<Event>,
    /// Only entries of these actors.
    pub actor: Option<ActorFilter>,
    /// Only entries of this object.
    pub subject: Option<Subject>,
    /// Only entries of this time or later.
    pub since: Option<Timestamp>,
    /// Only entries before this time.
    pub until: Option<Timestamp>,
}

/// The index that a query of the audit log reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// `audit_by_workspace`: all entries, by time.
    Time,
    /// `audit_by_event`: the entries of one event, by time.
    Event,
    /// `audit_by_subject`: the entries of one object, by time.
    Subject,
    /// `audit_by_users`: the entries of all users, by time.
    Users,
}

/// Selects entries; the indexes apply to queries that repeat their conditions literally.
macro_rules! select_audit {
    ($($indexed:literal)?) => {
        concat!(
            "SELECT * FROM audit WHERE workspace_id = $1 AND (at, id) < ($2, $3) AND at >= $4
               AND ($5 IS NULL OR event = $5) AND ($6 IS NULL OR subject = $6)
               AND ($7 IS NULL OR actor = $7) AND ($8 IS NULL OR actor LIKE $8)
               ", $($indexed,)? "
             ORDER BY at DESC, id DESC LIMIT $9"
        )
    };
}

impl Access {
    const fn sql(self) -> &'static str {
        match self {
            Self::Time => select_audit!(),
            Self::Event => select_audit!(
                "AND event = $5 AND event NOT IN ('request.forwarded', 'request.ended')"
            ),
            Self::Subject => select_audit!(
                "AND subject = $6 AND event NOT IN ('request.forwarded', 'request.ended')"
            ),
            Self::Users => select_audit!("AND SUBSTR(actor, 1, 5) = 'user:'"),
        }
    }
}

impl AuditFilter {
    /// Returns how entries of this filter and of one event, if it names any, are read. The entries of
    /// forwarded requests, which are most of a busy log, are only in the index by time: another index
    /// would slow every request down.
    fn access(&self, event: Option<Event>) -> Access {
        let is_by_user = matches!(
            self.actor,
            Some(ActorFilter::Users | ActorFilter::One(Actor::User(_)))
        );
        let is_of_request = matches!(
            self.subject,
            None | Some(Subject::Request(_) | Subject::RequestEntry(_))
        );
        let is_of_traffic = is_of_request
            && !is_by_user
            && event
                .is_none_or(|event| matches!(event, Event::RequestForwarded | Event::RequestEnded));
        match event {
            _ if is_of_traffic => Access::Time,
            _ if self.subject.is_some() => Access::Subject,
            Some(_) => Access::Event,
            None => Access::Users,
        }
    }
}

impl Store {
    /// Appends an entry for an event that changes nothing else in the database.
    pub async fn audit_append(&self, entry: NewAuditEntry) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), entry.at).await?;
        tx.audit(entry);
        tx.commit().await
    }

    /// Lists the entries of a workspace that match a filter, newest first.
    pub async fn audit_list(
        &self,
        workspace: WorkspaceId,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let mut from = NumberPosition::of(cursor)?;
        if let Some(until) = filter.until
            && until.0 <= from.at
        {
            from = NumberPosition {
                at: until.0,
                id: i64::MIN,
            };
        }
        let mut reader = self.reader().await?;
        let events: Vec<Option<Event>> = if filter.events.is_empty() {
            vec![None]
        } else {
            filter.events.iter().copied().map(Some).collect()
        };
        let subject = filter.subject.as_ref().map(Subject::to_string);
        let (actor, kind) = match filter.actor {
            Some(ActorFilter::One(actor)) => (Some(actor.to_string()), None),
            Some(ActorFilter::Users) => (None, Some("user:%")),
            Some(ActorFilter::Agents) => (None, Some("agent:%")),
            None => (None, None),
        };
        // One query for each event, so that an index gives its entries in order. They are merged below.
        let mut items = Vec::new();
        for event in events {
            let rows = fetch_all!(
                reader,
                AuditRow,
                filter.access(event).sql(),
                workspace.0,
                from.at,
                from.id,
                filter.since.map_or(i64::MIN, |since| since.0),
                event.map(Event::as_str),
                subject.as_deref(),
                actor.as_deref(),
                kind,
                i64::from(limit) + 1,
            );
            items.extend(entries(rows));
        }
        items.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id.0)));
        Ok(page(items, limit, |entry| NumberPosition {
            at: entry.at.0,
            id: entry.id.0,
        }))
    }

    /// Returns what a subscriber missed whose last entry was `last`.
    pub async fn audit_after(
        &self,
        workspace: WorkspaceId,
        last: AuditId,
        limit: u32,
    ) -> Result<Resume, StoreError> {
        let mut reader = self.reader().await?;
        let found = fetch_optional!(
            reader,
            (i64,),
            "SELECT at FROM audit WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            last.0,
        );
        let Some((at,)) = found else {
            return Ok(Resume::Reload);
        };
        let rows = fetch_all!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND at >= $2 AND id <> $3
             ORDER BY at, id LIMIT $4",
            workspace.0,
            Timestamp(at).before(OVERLAP).0,
            last.0,
            i64::from(limit) + 1,
        );
        if rows.len() > limit as usize {
            return Ok(Resume::Reload);
        }
        Ok(Resume::Entries(entries(rows)))
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::id::{RequestId, ServiceId, UserId};
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::*;

    #[tokio::test]
    async fn each_filter_reads_its_index_in_order() {
        let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let migrations = sqlx::migrate!("./migrations/sqlite");
        migrations.run(&mut database).await.unwrap();
        for (access, index) in [
            (Access::Time, "audit_by_workspace"),
            (Access::Event, "audit_by_event"),
            (Access::Subject, "audit_by_subject"),
            (Access::Users, "audit_by_users"),
        ] {
            let query = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", access.sql()));
            let steps = sqlx::query_as::<_, (i64, i64, i64, String)>(query);
            let steps = steps.fetch_all(&mut database).await.unwrap();
            let [(.., step)] = steps.as_slice() else {
                panic!("{access:?}: {steps:?}");
            };
            assert!(step.contains(&format!("USING INDEX {index} ")), "{step}");
        }
    }

    #[test]
    fn only_entries_of_traffic_are_read_by_time() {
        let user = Some(ActorFilter::One(Actor::User(UserId(1))));
        let service = Some(Subject::Service(ServiceId(1)));
        let request = Some(Subject::Request(RequestId(uuid::Uuid::nil())));
        for (event, actor, subject, expected) in [
            (None, None, None, Access::Time),
            (Some(Event::RequestEnded), None, None, Access::Time),
            (None, Some(ActorFilter::Agents), None, Access::Time),
            (None, None, request.clone(), Access::Time),
            (None, user, None, Access::Users),
            (None, Some(ActorFilter::Users), None, Access::Users),
            (Some(Event::RuleCreated), user, None, Access::Event),
            (Some(Event::ActionCreated), None, request, Access::Subject),
            (None, None, service.clone(), Access::Subject),
            (Some(Event::RequestEnded), None, service, Access::Subject),
        ] {
            let filter = AuditFilter {
                actor,
                subject,
                ..AuditFilter::default()
            };
            assert_eq!(filter.access(event), expected, "{event:?} {filter:?}");
        }
    }
}
