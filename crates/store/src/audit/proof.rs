//! The entries of the audit log about one request, for a proof that can be checked without the database.

use std::collections::HashSet;
use std::time::Duration;

use gaiterguard_database::connection::{ReadConnection, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{AuditEntry, ChainBroken, ChainHead};
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::{ActionId, RequestEntryId, RequestId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::audit_row::{AuditRow, entries};
use gaiterguard_rows::covered::covers;
use gaiterguard_rows::proven_request::ProvenRequest;

use crate::audit::current_rows::request_rows;
use crate::store::Store;

/// How far an entry's time may be from that of the row that it covers: a batch is dated by the first of its commands,
/// which may have waited for a few seconds.
const ENTRY_WITHIN: Duration = Duration::from_mins(1);

/// How far the creation of a request's row may be from the time in its id: the body may arrive slowly, and an
/// assessment takes a while.
const CREATED_WITHIN: Duration = Duration::from_hours(1);

/// How many entries of a chain are read at a time. Bounds memory; each page is one query.
const ENTRIES_PER_PAGE: i64 = 1000;

/// The most entries between an entry and the checkpoint that covers it. A checkpoint is made every few seconds under
/// load, so there are far fewer, unless no checkpoint could be made for a long time.
const LINKS_MAX: i64 = 200_000;

/// The most entries about a held request that a proof contains. A request has a handful.
const ACTION_ENTRIES_MAX: i64 = 64;

/// An entry of the audit log that says something about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoveringEntry {
    /// It covers the request's row.
    Decision(AuditEntry),
    /// It covers how the request ended.
    End(AuditEntry),
    /// It is about the action that the request became.
    Action(AuditEntry),
}

impl CoveringEntry {
    /// Returns the entry.
    pub fn entry(&self) -> &AuditEntry {
        match self {
            Self::Decision(entry) | Self::End(entry) | Self::Action(entry) => entry,
        }
    }
}

/// A request's row, and the entries that cover it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestEvidence {
    /// The row.
    pub request: ProvenRequest,
    /// The entries, the one with the decision first.
    pub entries: Vec<CoveringEntry>,
}

/// The way along a chain from an entry to a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainPath {
    /// The digests of the bodies of the entries in between, and of the head's own.
    pub links: Vec<Digest>,
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProof {
    /// No entry covers the row as it is.
    #[error(
        "no audit entry covers the request as it is stored: it was changed, or it was recorded by a version that did \
         not cover rows; `gaiterguard audit verify` says which"
    )]
    NotCovered,
    /// The entry is in a chain whose hashes cannot be followed without its entries.
    #[error(
        "entry {0} was written by an earlier version, whose chain cannot be followed without showing the entries of \
         other requests"
    )]
    EarlierForm(i64),
    /// There are too many entries between the entry and the next checkpoint.
    #[error(
        "{0} entries lie between the request and the next checkpoint, more than a proof may have"
    )]
    TooLong(i64),
    /// The chain is damaged.
    #[error(transparent)]
    Broken(#[from] ChainBroken),
    /// The checkpoint names another head, or entries are missing before it.
    #[error("chain {chain} does not reach the head that checkpoint {checkpoint} names")]
    OtherHead {
        /// The chain.
        chain: i64,
        /// The checkpoint's number.
        checkpoint: i64,
    },
}

impl Store {
    /// Returns the ids of the request with this `X-Request-Id`; `None` if no row has it.
    pub async fn request_find(
        &self,
        request: RequestId,
    ) -> Result<Option<RequestEntryId>, StoreError> {
        let mut reader = self.reader().await?;
        let time = request.0.get_timestamp().map(|time| time.to_unix());
        let created = time.and_then(|(seconds, _)| i64::try_from(seconds).ok());
        let created = created.map(|seconds| Timestamp(seconds.saturating_mul(1000)));
        let mut windows = vec![(i64::MIN, i64::MAX)];
        if let Some(created) = created {
            let window = (
                created.before(CREATED_WITHIN).0,
                created.after(CREATED_WITHIN).0,
            );
            windows.insert(0, window);
        }
        for (from, to) in windows {
            let row = fetch_optional!(
                reader,
                (i64,),
                "SELECT id FROM requests WHERE workspace_id IN (SELECT id FROM workspaces)
                   AND request_id = $1 AND created_at >= $2 AND created_at <= $3 LIMIT 1",
                request.0.hyphenated().to_string(),
                from,
                to,
            );
            if let Some((id,)) = row {
                return Ok(Some(RequestEntryId(id)));
            }
        }
        Ok(None)
    }

    /// Returns a request's row with the entries that cover it; `None` if there is no such row. With a workspace, it
    /// must be the request's, and an entry that contains digests of other workspaces is left out.
    pub async fn request_evidence(
        &self,
        id: RequestEntryId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Option<Result<RequestEvidence, NoProof>>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = request_rows(&mut reader, &[id.0]).await?;
        let Some(row) = rows.get(&id.0) else {
            return Ok(None);
        };
        let request = row.proven();
        let owner = WorkspaceId(request.workspace_id);
        if workspace.is_some_and(|workspace| workspace != owner) {
            return Ok(None);
        }
        let own = request.columns().covered().row;
        let shared = [true, false].map(|is_open| row.covered_as_read(is_open).row);
        let [open, ended] = &shared;
        let created = Timestamp(request.created_at);
        let Some(decision) = covering(&mut reader, owner, created, [&own, open, ended]).await?
        else {
            return Ok(Some(Err(NoProof::NotCovered)));
        };
        let mut entries = vec![CoveringEntry::Decision(decision)];
        if let Some(end) = &row.end
            && !contains(entries[0].entry(), &end.end)
            && !contains(entries[0].entry(), ended)
        {
            let at = Timestamp(request.completed_at.unwrap_or(request.created_at));
            let entry = end_entry(&mut reader, owner, at, &end.end).await?;
            let entry = entry.filter(|entry| *entry != *entries[0].entry());
            if let Some(entry) = entry
                && (workspace.is_none() || is_of_workspace(&mut reader, owner, &entry).await?)
            {
                entries.push(CoveringEntry::End(entry));
            }
        }
        if let Some(action) = &request.action_id
            && let Ok(action) = action.parse::<ActionId>()
        {
            let known: HashSet<i64> = entries.iter().map(|known| known.entry().id.0).collect();
            let of_action = action_entries(&mut reader, owner, action).await?;
            let others = of_action
                .into_iter()
                .filter(|entry| !known.contains(&entry.id.0));
            entries.extend(others.map(CoveringEntry::Action));
        }
        Ok(Some(Ok(RequestEvidence { request, entries })))
    }

    /// Returns the way from an entry to a later head of its chain, which a checkpoint names.
    pub async fn audit_path(
        &self,
        entry: &AuditEntry,
        head: ChainHead,
        checkpoint: i64,
    ) -> Result<Result<ChainPath, NoProof>, StoreError> {
        if !entry.is_linked_by_body() {
            return Ok(Err(NoProof::EarlierForm(entry.id.0)));
        }
        let between = head.sequence - entry.sequence;
        if between > LINKS_MAX {
            return Ok(Err(NoProof::TooLong(between)));
        }
        let mut reader = self.reader().await?;
        let mut reached = ChainHead {
            chain: entry.chain,
            sequence: entry.sequence,
            hash: entry.hash,
        };
        let mut links = Vec::new();
        while reached.sequence < head.sequence {
            let rows = fetch_all!(
                reader,
                AuditRow,
                "SELECT * FROM audit WHERE chain = $1 AND sequence > $2 AND sequence <= $3
                 ORDER BY sequence LIMIT $4",
                entry.chain,
                reached.sequence,
                head.sequence,
                ENTRIES_PER_PAGE,
            );
            if rows.is_empty() {
                break;
            }
            for next in entries(rows) {
                if let Err(broken) = reached.follow(&next) {
                    return Ok(Err(broken.into()));
                }
                if !next.is_linked_by_body() {
                    return Ok(Err(NoProof::EarlierForm(next.id.0)));
                }
                links.push(next.body());
            }
        }
        if reached != head {
            return Ok(Err(NoProof::OtherHead {
                chain: entry.chain,
                checkpoint,
            }));
        }
        Ok(Ok(ChainPath { links }))
    }
}

/// Whether an entry covers a row with this digest.
fn contains(entry: &AuditEntry, digest: &str) -> bool {
    let covers = entry.covers.as_deref();
    covers.is_some_and(|covers| covers.contains(digest))
}

/// Returns the entry of a workspace, from about this time, that covers a row with one of these digests.
async fn covering(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    at: Timestamp,
    digests: [&str; 3],
) -> Result<Option<AuditEntry>, StoreError> {
    let [own, open, ended] = digests.map(|digest| format!("%{digest}%"));
    let row = fetch_optional!(
        reader,
        AuditRow,
        "SELECT * FROM audit WHERE workspace_id = $1 AND at >= $2 AND at <= $3
           AND (covers LIKE $4 OR covers LIKE $5 OR covers LIKE $6)
         ORDER BY at DESC, id DESC LIMIT 1",
        workspace.0,
        at.before(ENTRY_WITHIN).0,
        at.after(ENTRY_WITHIN).0,
        own,
        open,
        ended,
    );
    Ok(row.map(Into::into))
}

/// Returns the entry that covers an end. It is of the request's workspace or of the whole gateway. Its time is about
/// that of the end, unless the database was unavailable when the request ended.
async fn end_entry(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    at: Timestamp,
    digest: &str,
) -> Result<Option<AuditEntry>, StoreError> {
    let pattern = format!("%{digest}%");
    let windows = [
        (at.before(ENTRY_WITHIN).0, at.after(ENTRY_WITHIN).0),
        (i64::MIN, i64::MAX),
    ];
    for (from, to) in windows {
        let of_workspace = fetch_optional!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND at >= $2 AND at <= $3 AND covers LIKE $4
             ORDER BY at, id LIMIT 1",
            workspace.0,
            from,
            to,
            pattern.as_str(),
        );
        if let Some(row) = of_workspace {
            return Ok(Some(row.into()));
        }
        let of_gateway = fetch_optional!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id IS NULL AND at >= $1 AND at <= $2 AND covers LIKE $3
             ORDER BY at, id LIMIT 1",
            from,
            to,
            pattern.as_str(),
        );
        if let Some(row) = of_gateway {
            return Ok(Some(row.into()));
        }
    }
    Ok(None)
}

/// Whether an entry covers the ends of requests of one workspace only.
async fn is_of_workspace(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    entry: &AuditEntry,
) -> Result<bool, StoreError> {
    if entry.workspace == Some(workspace) {
        return Ok(true);
    }
    let Some(covered) = entry.covers.as_deref().and_then(covers) else {
        return Ok(false);
    };
    for end in &covered.ends {
        let (own,) = fetch_one!(
            reader,
            (i64,),
            "SELECT COUNT(*) FROM requests WHERE id = $1 AND workspace_id = $2",
            end.id,
            workspace.0,
        );
        if own == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the entries about an action, in the order in which they were written.
async fn action_entries(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    action: ActionId,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = fetch_all!(
        reader,
        AuditRow,
        "SELECT * FROM audit WHERE workspace_id = $1 AND subject = $2
           AND event NOT IN ('request.forwarded', 'request.ended')
         ORDER BY at, id LIMIT $3",
        workspace.0,
        Subject::Action(action).to_string(),
        ACTION_ENTRIES_MAX,
    );
    Ok(entries(rows))
}
