//! Whether the rows that are kept are still as the audit log says that they were written.
//!
//! What a decision's entry covers never changes, so its row is compared when the entry is met. How a
//! request ended is written once, so it is compared when the entry that covers the end is met; a request
//! that has ended must have one. Of an action the entry of its latest revision counts, which is known
//! once every chain has been read.
//! Writers go on meanwhile: a row whose revision is later than the latest entry that was read is
//! looked for in what was appended since.

use std::collections::{BTreeMap, HashMap, HashSet};

use gaiterguard_domain::audit::AuditEntry;

use crate::audit::broken::AuditBroken;
use crate::audit::current_rows::{
    CurrentRequest, action_rows, action_states, end_rows, request_rows,
};
use crate::db::connection::{ReadConnection, fetch_optional};
use crate::db::error::StoreError;
use crate::rows::covered::{CoveredAction, CoveredEnd, CoveredRequest, covers};

/// The event of the entry that says up to when old requests were removed.
pub(crate) const REQUESTS_DELETED: &str = "retention.requests_deleted";

/// An entry by its place.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: i64,
    chain: i64,
    sequence: i64,
}

/// The latest that is known of an action.
struct Latest {
    place: Place,
    covered: CoveredAction,
    /// When it was held, if that entry was met.
    held_at: Option<i64>,
}

/// What was read so far.
pub(super) struct RowCheck {
    /// Requests from before this were removed by the gateway itself.
    removed_before: i64,
    /// What a verified entry says of that.
    removed_before_verified: i64,
    /// Where the entry is that says so.
    removal: Option<Place>,
    actions: HashMap<String, Latest>,
    /// The rows that have moved on, and the revisions that must be found for them.
    moved: HashMap<String, CoveredAction>,
    /// The requests that have ended, by their decisions' entries, and whose end no entry was met for.
    ended: HashMap<i64, Place>,
    /// The requests whose end was compared before their decision's entry was met.
    compared: HashSet<i64>,
    /// Whether what is read was appended since the check was begun.
    is_looking_on: bool,
}

impl RowCheck {
    /// Begins before any entry is read.
    pub(super) async fn begin(reader: &mut ReadConnection) -> Result<Self, StoreError> {
        let mut check = Self {
            removed_before: i64::MIN,
            removed_before_verified: i64::MIN,
            removal: None,
            actions: HashMap::new(),
            moved: HashMap::new(),
            ended: HashMap::new(),
            compared: HashSet::new(),
            is_looking_on: false,
        };
        check.look_up_removal(reader).await?;
        Ok(check)
    }

    /// Looks up to when old requests were removed.
    async fn look_up_removal(&mut self, reader: &mut ReadConnection) -> Result<(), StoreError> {
        // Entries of the whole gateway are few, and an index leads to them.
        let newest = fetch_optional!(
            reader,
            (i64, i64, i64, String),
            "SELECT id, chain, sequence, detail FROM audit
             WHERE workspace_id IS NULL AND event = $1 ORDER BY at DESC, id DESC LIMIT 1",
            REQUESTS_DELETED,
        );
        if let Some((id, chain, sequence, detail)) = newest {
            self.removed_before = removed_before(&detail);
            self.removal = Some(Place {
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
        let mut requests: Vec<(&AuditEntry, CoveredRequest, Option<CoveredAction>)> = Vec::new();
        let mut ends: Vec<(&AuditEntry, CoveredEnd)> = Vec::new();
        let mut must_end: HashSet<i64> = HashSet::new();
        for entry in page {
            if entry.event == REQUESTS_DELETED {
                let before = removed_before(&entry.detail);
                self.removed_before_verified = self.removed_before_verified.max(before);
            }
            let Some(covered) = entry.covers.as_deref().and_then(covers) else {
                continue;
            };
            if let Some(action) = &covered.action {
                let held_at = covered.request.is_some().then_some(entry.at.0);
                self.note(entry, action.clone(), held_at);
            }
            let asks_for_ends = covered.asks_for_ends();
            if let Some(request) = covered.request {
                if asks_for_ends {
                    must_end.insert(request.id);
                }
                requests.push((entry, request, covered.action));
            }
            ends.extend(covered.ends.into_iter().map(|end| (entry, end)));
        }
        // An action is removed together with its request, so one that is looked up before its request
        // and is not there was removed alone if the request is.
        let held = requests.iter().filter_map(|(.., action)| action.as_ref());
        let held: Vec<&str> = held.map(|action| action.id.as_str()).collect();
        let actions = action_rows(reader, &held).await?;
        let ids: Vec<i64> = requests.iter().map(|(_, request, _)| request.id).collect();
        let rows = request_rows(reader, &ids).await?;
        for (entry, request, action) in &requests {
            let broken = |table, row: String, what| Ok(Err(place(entry).broken(table, row, what)));
            let Some(row) = rows.get(&request.id) else {
                if entry.at.0 >= self.removed_before {
                    // It may have been removed since this was begun.
                    self.look_up_removal(reader).await?;
                }
                if entry.at.0 >= self.removed_before {
                    return broken("requests", request.id.to_string(), "it is gone");
                }
                if let Some(action) = action {
                    self.actions.remove(&action.id);
                }
                continue;
            };
            if let Some(what) = request.differs_in(&row.covered) {
                return broken("requests", request.id.to_string(), what);
            }
            if let Some(action) = action {
                match actions.get(&action.id) {
                    None => return broken("actions", action.id.clone(), "it is gone"),
                    Some(row) if action.row.as_ref() != Some(row) => {
                        return broken("actions", action.id.clone(), "what was held was changed");
                    }
                    Some(_) => {}
                }
            }
            let has_ended = row.end.is_some() && must_end.contains(&request.id);
            // What ended in what was appended since is not all read yet.
            if has_ended && !self.is_looking_on && !self.compared.remove(&request.id) {
                self.ended.insert(request.id, place(entry));
            }
        }
        self.ends(reader, &rows, &ends).await
    }

    /// Compares how requests ended with what entries cover of that. An entry is written together with
    /// the end, which never changes, so a row that is read after its entry must have it.
    async fn ends(
        &mut self,
        reader: &mut ReadConnection,
        rows: &BTreeMap<i64, CurrentRequest>,
        ends: &[(&AuditEntry, CoveredEnd)],
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let elsewhere = ends.iter().map(|(_, end)| end.id);
        let elsewhere: Vec<i64> = elsewhere.filter(|id| !rows.contains_key(id)).collect();
        let others = end_rows(reader, &elsewhere).await?;
        for (entry, end) in ends {
            let known = rows.get(&end.id).map(|row| &row.end);
            let is_awaited = self.ended.remove(&end.id).is_some();
            // Whether a row may be gone is said where its decision's entry is met.
            let Some(found) = known.or_else(|| others.get(&end.id)) else {
                continue;
            };
            if found.as_ref() != Some(end) {
                let what = "outcome, upstream_status or completed_at";
                let row = end.id.to_string();
                return Ok(Err(place(entry).broken("requests", row, what)));
            }
            if !is_awaited && !rows.contains_key(&end.id) {
                self.compared.insert(end.id);
            }
        }
        Ok(Ok(()))
    }

    fn note(&mut self, entry: &AuditEntry, covered: CoveredAction, held_at: Option<i64>) {
        if let Some(moved) = self.moved.get(&covered.id)
            && moved.revision == covered.revision
            && moved.state == covered.state
        {
            self.moved.remove(&covered.id);
        }
        if let Some(known) = self.actions.get_mut(&covered.id) {
            known.held_at = known.held_at.or(held_at);
            if known.covered.revision <= covered.revision {
                known.place = place(entry);
                known.covered = covered;
            }
        } else {
            let latest = Latest {
                place: place(entry),
                covered: covered.clone(),
                held_at,
            };
            self.actions.insert(covered.id, latest);
        }
    }

    /// Compares the states of all actions, once every chain was read. What has moved on since is kept
    /// for [`Self::found_since`].
    pub(super) async fn states(
        &mut self,
        reader: &mut ReadConnection,
    ) -> Result<Result<(), AuditBroken>, StoreError> {
        let actions = std::mem::take(&mut self.actions);
        let mut known: Vec<(&String, &Latest)> = actions.iter().collect();
        known.sort_unstable_by_key(|(_, latest)| (latest.place.chain, latest.place.sequence));
        let ids: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
        let found = action_states(reader, &ids).await?;
        // Looked up behind them, it covers what was removed before they were.
        self.look_up_removal(reader).await?;
        let mut moved = HashMap::new();
        for (id, latest) in known {
            let broken = |what| Ok(Err(latest.place.broken("actions", id.clone(), what)));
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
                moved.insert(id.clone(), row.clone());
            } else if row.revision < latest.covered.revision || row.state != latest.covered.state {
                return broken("its state, its deadline, or who decided was changed");
            }
        }
        self.moved = moved;
        self.actions = actions;
        self.is_looking_on = true;
        Ok(Ok(()))
    }

    /// Whether there is anything to look for in what was appended since.
    pub(super) fn looks_on(&self) -> bool {
        !self.moved.is_empty()
            || !self.ended.is_empty()
            || self.removed_before_verified < self.removed_before
    }

    /// Whether everything that has moved on was found in what was appended since.
    pub(super) fn found_since(&self) -> Result<(), AuditBroken> {
        if self.removed_before_verified < self.removed_before
            && let Some(removal) = self.removal
        {
            let what = "it belongs to no chain";
            return Err(removal.broken("audit", removal.id.to_string(), what));
        }
        let ended = self.ended.iter().map(|(id, place)| (*id, *place));
        if let Some((id, place)) = ended.min_by_key(|(_, place)| (place.chain, place.sequence)) {
            let what = "its outcome, upstream_status or completed_at was written without an entry";
            return Err(place.broken("requests", id.to_string(), what));
        }
        let left = self.moved.keys().filter_map(|id| {
            let latest = self.actions.get(id)?;
            Some((id, latest.place))
        });
        match left.min_by_key(|(_, place)| (place.chain, place.sequence)) {
            None => Ok(()),
            Some((id, place)) => {
                Err(place.broken("actions", id.clone(), "it was changed without an entry"))
            }
        }
    }
}

impl Place {
    fn broken(self, table: &'static str, row: String, what: &'static str) -> AuditBroken {
        AuditBroken::Row {
            id: self.id,
            chain: self.chain,
            sequence: self.sequence,
            table,
            row,
            what,
        }
    }
}

fn place(entry: &AuditEntry) -> Place {
    Place {
        id: entry.id.0,
        chain: entry.chain,
        sequence: entry.sequence,
    }
}

/// Up to when an entry says that requests were removed.
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
