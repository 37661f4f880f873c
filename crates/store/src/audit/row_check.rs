//! Compares the stored rows with what the audit log says was written.
//!
//! The columns that a decision's entry covers never change, so a request's row is compared as soon
//! as its entry is read. The end of a request is written once, so it is compared as soon as the
//! entry that covers it is read; each request that has ended must have such an entry. An action
//! changes several times, so its row is compared with the entry of its latest revision, which is
//! known only once every chain has been read.
//!
//! Writers continue during verification. If a row has a later revision than any entry that was
//! read, the entry must be among those appended since.

use std::collections::{HashMap, HashSet};

use gaiterguard_database::connection::{ReadConnection, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::event::Event;
use gaiterguard_rows::covered::{CoveredAction, CoveredEnd, CoveredRead, CoveredRequest, covers};

use crate::audit::broken::{AuditBroken, EntryRef};
use crate::audit::current_rows::{
    CurrentRequest, action_rows, action_states, end_rows, request_rows,
};
use crate::audit::part_check::PartCheck;

/// The latest entry of an action.
struct Latest {
    entry: EntryRef,
    covered: CoveredAction,
    /// When the request was held, if that entry was read.
    held_at: Option<i64>,
}

/// A request's row, as an entry covers it.
enum CoveredRow {
    /// The entry is its own.
    Request(CoveredRequest),
    /// The entry covers several reads.
    Read(CoveredRead),
}

impl CoveredRow {
    fn id(&self) -> i64 {
        match self {
            Self::Request(request) => request.id,
            Self::Read(read) => read.id,
        }
    }

    /// Returns what differs in the current row.
    fn differs_in(&self, current: &CurrentRequest) -> Option<&'static str> {
        match self {
            Self::Request(request) => request.differs_in(&current.covered()),
            Self::Read(read) => (current.covered_as_read(read.is_open) != *read)
                .then_some("one of its columns was changed"),
        }
    }
}

/// The state of a verification.
pub(super) struct RowCheck {
    /// Requests from before this time were removed by the gateway itself, according to the newest
    /// removal entry.
    removed_before: i64,
    /// The same according to the entries that were verified.
    removed_before_verified: i64,
    /// The newest removal entry.
    removal: Option<EntryRef>,
    actions: HashMap<String, Latest>,
    /// The parts of actions that change on their own.
    parts: PartCheck,
    /// Rows that changed during verification, and the revisions for which entries must be found.
    changed: HashMap<String, CoveredAction>,
    /// Requests that have ended without an entry so far that covers the end, with the entries of
    /// their decisions.
    ended: HashMap<i64, EntryRef>,
    /// Requests whose end was compared before the entry of their decision was read.
    compared: HashSet<i64>,
    /// Whether the entries being read were appended since the verification began.
    is_recheck: bool,
}

impl RowCheck {
    /// Begins a verification, before any entry is read.
    pub(super) async fn begin(reader: &mut ReadConnection) -> Result<Self, StoreError> {
        let mut check = Self {
            removed_before: i64::MIN,
            removed_before_verified: i64::MIN,
            removal: None,
            actions: HashMap::new(),
            parts: PartCheck::default(),
            changed: HashMap::new(),
            ended: HashMap::new(),
            compared: HashSet::new(),
            is_recheck: false,
        };
        check.read_removal(reader).await?;
        Ok(check)
    }

    /// Reads up to when old requests were removed.
    async fn read_removal(&mut self, reader: &mut ReadConnection) -> Result<(), StoreError> {
        // Few entries belong to the whole gateway, and an index leads to them.
        let newest = fetch_optional!(
            reader,
            (i64, i64, i64, String),
            "SELECT id, chain, sequence, detail FROM audit
             WHERE workspace_id IS NULL AND event = $1 ORDER BY at DESC, id DESC LIMIT 1",
            Event::RetentionRequestsDeleted.as_str(),
        );
        if let Some((id, chain, sequence, detail)) = newest {
            self.removed_before = removed_before(&detail);
            self.removal = Some(EntryRef {
                id,
                chain,
                sequence,
            });
        }
        Ok(())
    }

    /// Compares the rows that a page of verified entries covers.
    pub(super) async fn page(
        &mut self,
        reader: &mut ReadConnection,
        page: &[AuditEntry],
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let mut requests: Vec<(&AuditEntry, CoveredRow, Option<CoveredAction>)> = Vec::new();
        let mut ends: Vec<(&AuditEntry, CoveredEnd)> = Vec::new();
        let mut must_end: HashSet<i64> = HashSet::new();
        for entry in page {
            if entry.event() == Some(Event::RetentionRequestsDeleted) {
                let before = removed_before(&entry.detail);
                self.removed_before_verified = self.removed_before_verified.max(before);
            }
            let Some(covered) = entry.covers.as_deref().and_then(covers) else {
                continue;
            };
            self.parts.note(EntryRef::of(entry), &covered);
            if let Some(action) = &covered.action {
                let held_at = covered.request.is_some().then_some(entry.at.0);
                self.note(entry, action.clone(), held_at);
            }
            let requires_ends = covered.requires_ends();
            if let Some(request) = covered.request {
                if requires_ends {
                    must_end.insert(request.id);
                }
                requests.push((entry, CoveredRow::Request(request), covered.action));
            }
            for read in covered.reads {
                if read.is_open {
                    must_end.insert(read.id);
                }
                requests.push((entry, CoveredRow::Read(read), None));
            }
            ends.extend(covered.ends.into_iter().map(|end| (entry, end)));
        }
        // Retention removes an action together with its request. Actions are read before requests,
        // so an action that is missing while its request exists was removed on its own.
        let held = requests.iter().filter_map(|(.., action)| action.as_ref());
        let held: Vec<&str> = held.map(|action| action.id.as_str()).collect();
        let actions = action_rows(reader, &held).await?;
        let ids: Vec<i64> = requests.iter().map(|(_, row, _)| row.id()).collect();
        let rows = request_rows(reader, &ids).await?;
        for (entry, request, action) in &requests {
            let id = request.id();
            let broken =
                |table, row: String, what| Ok(Err(EntryRef::of(entry).broken(table, row, what)));
            let Some(row) = rows.get(&id) else {
                if entry.at.0 >= self.removed_before {
                    // Retention may have removed the request since the verification began.
                    self.read_removal(reader).await?;
                }
                if entry.at.0 >= self.removed_before {
                    return broken("requests", id.to_string(), "it is gone");
                }
                if let Some(action) = action {
                    self.actions.remove(&action.id);
                }
                continue;
            };
            if let Some(what) = request.differs_in(row) {
                return broken("requests", id.to_string(), what);
            }
            if let Some(action) = action {
                match actions.get(&action.id) {
                    None => return broken("actions", action.id.clone(), "it is gone"),
                    Some(row) if action.row.as_ref() != Some(&row.row) => {
                        return broken("actions", action.id.clone(), "what was held was changed");
                    }
                    // Entries of earlier versions have no such digest.
                    Some(row) if action.keys.as_ref().is_some_and(|keys| *keys != row.keys) => {
                        let what = "operation, recipients, payload or body_bytes";
                        return broken("actions", action.id.clone(), what);
                    }
                    Some(_) => {}
                }
            }
            let has_ended = row.end.is_some() && must_end.contains(&id);
            // While entries that were appended since are read, the entry of this end may still
            // follow.
            if has_ended && !self.is_recheck && !self.compared.remove(&id) {
                self.ended.insert(id, EntryRef::of(entry));
            }
        }
        self.ends(reader, &rows, &ends).await
    }

    /// Compares how requests ended with the entries that cover it. An entry is committed together
    /// with the end, which never changes, so a row that is read after its entry must contain that
    /// end.
    async fn ends(
        &mut self,
        reader: &mut ReadConnection,
        rows: &HashMap<i64, CurrentRequest>,
        ends: &[(&AuditEntry, CoveredEnd)],
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let elsewhere = ends.iter().map(|(_, end)| end.id);
        let elsewhere: Vec<i64> = elsewhere.filter(|id| !rows.contains_key(id)).collect();
        let others = end_rows(reader, &elsewhere).await?;
        for (entry, end) in ends {
            let known = rows.get(&end.id).map(|row| &row.end);
            let is_awaited = self.ended.remove(&end.id).is_some();
            // A missing row is reported where the entry of its decision is read.
            let Some(found) = known.or_else(|| others.get(&end.id)) else {
                continue;
            };
            if found.as_ref() != Some(end) {
                let what = "outcome, upstream_status or completed_at";
                let row = end.id.to_string();
                return Ok(Err(EntryRef::of(entry).broken("requests", row, what)));
            }
            if !is_awaited && !rows.contains_key(&end.id) {
                self.compared.insert(end.id);
            }
        }
        Ok(Ok(()))
    }

    fn note(&mut self, entry: &AuditEntry, covered: CoveredAction, held_at: Option<i64>) {
        if let Some(changed) = self.changed.get(&covered.id)
            && changed.revision == covered.revision
            && changed.state == covered.state
            && (covered.custody.is_none() || changed.custody == covered.custody)
        {
            self.changed.remove(&covered.id);
        }
        if let Some(known) = self.actions.get_mut(&covered.id) {
            known.held_at = known.held_at.or(held_at);
            if known.covered.revision <= covered.revision {
                known.entry = EntryRef::of(entry);
                known.covered = covered;
            }
        } else {
            let latest = Latest {
                entry: EntryRef::of(entry),
                covered: covered.clone(),
                held_at,
            };
            self.actions.insert(covered.id, latest);
        }
    }

    /// Compares the states of all actions, once every chain has been read. Rows that have changed
    /// since are remembered for [`Self::finish`].
    pub(super) async fn states(
        &mut self,
        reader: &mut ReadConnection,
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let actions = std::mem::take(&mut self.actions);
        let mut known: Vec<(&String, &Latest)> = actions.iter().collect();
        known.sort_unstable_by_key(|(_, latest)| (latest.entry.chain, latest.entry.sequence));
        let ids: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
        let found = action_states(reader, &ids).await?;
        // Read after the states, so that it includes every removal that may have preceded them.
        self.read_removal(reader).await?;
        let mut changed = HashMap::new();
        for (id, latest) in known {
            let broken = |what| Ok(Err(latest.entry.broken("actions", id.clone(), what)));
            let Some(row) = found.get(id.as_str()) else {
                if latest
                    .held_at
                    .is_some_and(|held_at| held_at >= self.removed_before)
                {
                    return broken("it is gone");
                }
                continue;
            };
            if row.revision > latest.covered.revision {
                changed.insert(id.clone(), row.clone());
            } else if row.revision < latest.covered.revision || row.state != latest.covered.state {
                return broken("its state, its deadline, or who decided was changed");
            } else if latest.covered.custody.is_some() && row.custody != latest.covered.custody {
                return broken("owner, ruled_by or ruled_at");
            }
        }
        if let Err(broken) = self.parts.compare(reader, &ids).await? {
            return Ok(Err(broken));
        }
        self.changed = changed;
        self.actions = actions;
        self.is_recheck = true;
        Ok(Ok(()))
    }

    /// Whether the entries that were appended since must be read.
    pub(super) fn needs_recheck(&self) -> bool {
        !self.changed.is_empty()
            || self.parts.needs_recheck()
            || !self.ended.is_empty()
            || self.removed_before_verified < self.removed_before
    }

    /// Fails if something is still unexplained after the entries that were appended since.
    pub(super) fn finish(&self) -> Result<(), AuditBroken> {
        if self.removed_before_verified < self.removed_before
            && let Some(removal) = self.removal
        {
            let what = "it belongs to no chain";
            return Err(removal.broken("audit", removal.id.to_string(), what));
        }
        let ended = self.ended.iter().map(|(id, entry)| (*id, *entry));
        if let Some((id, entry)) = ended.min_by_key(|(_, entry)| (entry.chain, entry.sequence)) {
            let what = "its outcome, upstream_status or completed_at was written without an entry";
            return Err(entry.broken("requests", id.to_string(), what));
        }
        self.parts.finish()?;
        let left = self.changed.keys().filter_map(|id| {
            let latest = self.actions.get(id)?;
            Some((id, latest.entry))
        });
        match left.min_by_key(|(_, entry)| (entry.chain, entry.sequence)) {
            None => Ok(()),
            Some((id, entry)) => {
                Err(entry.broken("actions", id.clone(), "it was changed without an entry"))
            }
        }
    }
}

/// Returns up to when requests were removed, according to an entry.
fn removed_before(detail: &str) -> i64 {
    #[derive(serde::Deserialize)]
    struct Detail {
        before_ms: Option<i64>,
    }
    let detail = serde_json::from_str::<Detail>(detail).ok();
    detail
        .and_then(|detail| detail.before_ms)
        .unwrap_or(i64::MIN)
}
