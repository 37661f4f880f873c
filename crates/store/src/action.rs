//! Held requests: states to columns and back, lists, expiry and recovery.

use gaiterguard_domain::approval::{
    Action, ActionState, ActionStatus, Ending, Execution, Revocation, Word,
};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::id::{
    ActionId, AgentId, DataKeyId, RequestEntryId, ServiceId, UserId, WorkspaceId,
};
use gaiterguard_domain::ledger::{Sealed, StoredAnswer};
use gaiterguard_domain::request::Intent;
use gaiterguard_domain::time::Timestamp;
use serde_json::json;

use crate::connection::{execute, fetch_all, fetch_optional};
use crate::cursor::{Page, TextPosition, page};
use crate::error::StoreError;
use crate::lane::Write;
use crate::rows::Cell;
use crate::store::Store;

/// What is said of an action whose gateway stopped while its request was on its way.
const STOPPED: &str = "the gateway stopped after the request may have been sent";

/// An action with the names of those it concerns.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionWithNames {
    /// The action.
    pub action: Action,
    /// The name of the agent that asked.
    pub agent_name: String,
    /// The name of the service it asked of.
    pub service_name: String,
}

/// Which actions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// In this state.
    pub status: Option<ActionStatus>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this service.
    pub service: Option<ServiceId>,
}

/// The state of an action as columns.
#[derive(Default)]
pub(crate) struct StateColumns<'s> {
    pub(crate) status: &'static str,
    pub(crate) expires_at: Option<i64>,
    pub(crate) approved_by: Option<i64>,
    pub(crate) approved_at: Option<i64>,
    pub(crate) approval_note: Option<&'s str>,
    pub(crate) started_at: Option<i64>,
    pub(crate) resolution: Option<&'static str>,
    pub(crate) resolved_by: Option<i64>,
    pub(crate) resolved_at: Option<i64>,
    pub(crate) resolution_note: Option<&'s str>,
    pub(crate) detail: Option<&'s str>,
}

/// The words of the column `resolution`.
const ANSWERED: &str = "ANSWERED";
const RESOLVED: &str = "RESOLVED";
const WITHDRAWN: &str = "WITHDRAWN";

impl<'s> StateColumns<'s> {
    pub(crate) fn of(state: &'s ActionState) -> Self {
        let mut columns = Self {
            status: state.status().as_str(),
            expires_at: state.expires_at().map(|at| at.0),
            ..Self::default()
        };
        match state {
            ActionState::Pending { .. } => {}
            ActionState::Approved { approval, .. } => columns.approved(approval),
            ActionState::Denied(word) => columns.resolved(None, word),
            ActionState::Revoked(Revocation::Withdrawn(word)) => {
                columns.resolved(Some(WITHDRAWN), word);
            }
            ActionState::Revoked(Revocation::Resolved(word)) => {
                columns.resolved(Some(RESOLVED), word);
            }
            ActionState::Expired { at } => columns.resolved_at = Some(at.0),
            ActionState::Executing(execution) => columns.executing(execution),
            ActionState::Executed { execution, ending } => {
                columns.executing(execution);
                match ending {
                    Ending::Answered { at } => {
                        columns.resolution = Some(ANSWERED);
                        columns.resolved_at = Some(at.0);
                    }
                    Ending::Resolved(word) => columns.resolved(Some(RESOLVED), word),
                }
            }
            ActionState::Indeterminate {
                execution,
                at,
                detail,
            } => {
                columns.executing(execution);
                columns.resolved_at = Some(at.0);
                columns.detail = Some(detail);
            }
        }
        columns
    }

    fn approved(&mut self, word: &'s Word) {
        self.approved_by = Some(word.by.0);
        self.approved_at = Some(word.at.0);
        self.approval_note = word.note.as_deref();
    }

    fn executing(&mut self, execution: &'s Execution) {
        self.approved(&execution.approval);
        self.expires_at = Some(execution.expires_at.0);
        self.started_at = Some(execution.started_at.0);
    }

    fn resolved(&mut self, resolution: Option<&'static str>, word: &'s Word) {
        self.resolution = resolution;
        self.resolved_by = Some(word.by.0);
        self.resolved_at = Some(word.at.0);
        self.resolution_note = word.note.as_deref();
    }
}

#[derive(sqlx::FromRow)]
struct ActionRow {
    id: String,
    revision: i64,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    entry_id: i64,
    status: String,
    expires_at: Option<i64>,
    approved_by: Option<i64>,
    approved_at: Option<i64>,
    approval_note: Option<String>,
    started_at: Option<i64>,
    resolution: Option<String>,
    resolved_by: Option<i64>,
    resolved_at: Option<i64>,
    resolution_note: Option<String>,
    detail: Option<String>,
    method: String,
    target_url: String,
    digest: Vec<u8>,
    intent: String,
    judgement: String,
    binding: String,
    created_at: i64,
    agent_name: String,
    service_name: String,
}

/// The columns of [`ActionRow`]. What is sealed is read only where it is asked for.
macro_rules! select_action {
    ($rest:literal) => {
        concat!(
            "SELECT actions.id, actions.revision, actions.workspace_id, agent_id, service_id, entry_id, ",
            "status, actions.expires_at, approved_by, approved_at, approval_note, started_at, ",
            "resolution, resolved_by, resolved_at, resolution_note, detail, method, target_url, ",
            "digest, intent, judgement, binding, actions.created_at, agents.name AS agent_name, ",
            "services.name AS service_name FROM actions ",
            "JOIN agents ON agents.id = actions.agent_id ",
            "JOIN services ON services.id = actions.service_id ",
            $rest
        )
    };
}

impl ActionRow {
    fn state(&self) -> Result<ActionState, StoreError> {
        let cell = Cell {
            table: "actions",
            id: &self.id,
        };
        let at = |column, value: Option<i64>| cell.some(column, value).map(Timestamp);
        let approval = || {
            Ok::<_, StoreError>(Word {
                by: UserId(cell.some("approved_by", self.approved_by)?),
                at: at("approved_at", self.approved_at)?,
                note: self.approval_note.clone(),
            })
        };
        let word = || {
            Ok::<_, StoreError>(Word {
                by: UserId(cell.some("resolved_by", self.resolved_by)?),
                at: at("resolved_at", self.resolved_at)?,
                note: self.resolution_note.clone(),
            })
        };
        let execution = || {
            Ok::<_, StoreError>(Execution {
                approval: approval()?,
                expires_at: at("expires_at", self.expires_at)?,
                started_at: at("started_at", self.started_at)?,
            })
        };
        Ok(
            match cell.some("status", ActionStatus::parse(&self.status))? {
                ActionStatus::Pending => ActionState::Pending {
                    expires_at: at("expires_at", self.expires_at)?,
                },
                ActionStatus::Approved => ActionState::Approved {
                    approval: approval()?,
                    expires_at: at("expires_at", self.expires_at)?,
                },
                ActionStatus::Denied => ActionState::Denied(word()?),
                ActionStatus::Revoked => match self.resolution.as_deref() {
                    Some(WITHDRAWN) => ActionState::Revoked(Revocation::Withdrawn(word()?)),
                    Some(RESOLVED) => ActionState::Revoked(Revocation::Resolved(word()?)),
                    _ => return Err(cell.wrong("resolution")),
                },
                ActionStatus::Expired => ActionState::Expired {
                    at: at("resolved_at", self.resolved_at)?,
                },
                ActionStatus::Executing => ActionState::Executing(execution()?),
                ActionStatus::Executed => ActionState::Executed {
                    execution: execution()?,
                    ending: match self.resolution.as_deref() {
                        Some(ANSWERED) => Ending::Answered {
                            at: at("resolved_at", self.resolved_at)?,
                        },
                        Some(RESOLVED) => Ending::Resolved(word()?),
                        _ => return Err(cell.wrong("resolution")),
                    },
                },
                ActionStatus::Indeterminate => ActionState::Indeterminate {
                    execution: execution()?,
                    at: at("resolved_at", self.resolved_at)?,
                    detail: cell.some("detail", self.detail.clone())?,
                },
            },
        )
    }
}

impl TryFrom<ActionRow> for ActionWithNames {
    type Error = StoreError;

    fn try_from(row: ActionRow) -> Result<Self, StoreError> {
        let state = row.state()?;
        let cell = Cell {
            table: "actions",
            id: &row.id,
        };
        // A request that came without an intent is kept with an empty one.
        let intent = match row.intent.as_str() {
            "" => Intent::absent(),
            words => Intent::parse(words).map_err(|_| cell.wrong("intent"))?,
        };
        Ok(Self {
            action: Action {
                id: cell.action("id", &row.id)?,
                revision: row.revision,
                workspace: WorkspaceId(row.workspace_id),
                agent: AgentId(row.agent_id),
                service: ServiceId(row.service_id),
                entry: RequestEntryId(row.entry_id),
                state,
                digest: cell.digest("digest", &row.digest)?,
                intent,
                judgement: cell.json("judgement", &row.judgement)?,
                binding: cell.json("binding", &row.binding)?,
                created_at: Timestamp(row.created_at),
                method: row.method,
                target_url: row.target_url,
            },
            agent_name: row.agent_name,
            service_name: row.service_name,
        })
    }
}

impl Store {
    /// An action, as it was last changed: one whose time is over may still wait to be noticed.
    pub async fn action_get(
        &self,
        action: ActionId,
    ) -> Result<Option<ActionWithNames>, StoreError> {
        let mut read = self.read().await?;
        fetch_optional!(
            read,
            ActionRow,
            select_action!("WHERE actions.id = $1"),
            action.to_string(),
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// The exact request of an action, sealed.
    pub async fn action_request(&self, action: ActionId) -> Result<Option<Sealed>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64, Vec<u8>),
            "SELECT request_key_id, request FROM actions WHERE id = $1",
            action.to_string(),
        );
        Ok(row.map(|(data_key, bytes)| Sealed {
            data_key: DataKeyId(data_key),
            bytes,
        }))
    }

    /// The upstream's answer to an action, once there is one.
    pub async fn action_answer(
        &self,
        action: ActionId,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (Option<i64>, Option<i64>, Option<Vec<u8>>),
            "SELECT answer_status, answer_key_id, answer FROM actions WHERE id = $1",
            action.to_string(),
        );
        let cell = Cell {
            table: "actions",
            id: &action,
        };
        row.map_or(Ok(None), |(status, data_key, bytes)| {
            cell.answer(status, data_key, bytes)
        })
    }

    /// Actions of a workspace, newest first.
    pub async fn action_list(
        &self,
        workspace: WorkspaceId,
        filter: &ActionFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ActionWithNames>, StoreError> {
        let from = TextPosition::of(cursor)?;
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            ActionRow,
            select_action!(
                "WHERE actions.workspace_id = $1
                   AND ($2 IS NULL OR status = $2)
                   AND ($3 IS NULL OR agent_id = $3)
                   AND ($4 IS NULL OR service_id = $4)
                   AND (actions.created_at, actions.id) < ($5, $6)
                 ORDER BY actions.created_at DESC, actions.id DESC LIMIT $7"
            ),
            workspace.0,
            filter.status.map(ActionStatus::as_str),
            filter.agent.map(|agent| agent.0),
            filter.service.map(|service| service.0),
            from.at,
            from.id.as_str(),
            i64::from(limit) + 1,
        );
        let items = rows
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<Vec<ActionWithNames>, _>>()?;
        Ok(page(items, limit, |item| TextPosition {
            at: item.action.created_at.0,
            id: item.action.id.to_string(),
        }))
    }

    /// The actions of a workspace that wait for a human, the oldest first.
    pub async fn action_pending(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<ActionWithNames>, StoreError> {
        let mut read = self.read().await?;
        fetch_all!(
            read,
            ActionRow,
            select_action!(
                "WHERE actions.workspace_id = $1 AND status = 'PENDING'
                   AND actions.expires_at > $2
                 ORDER BY actions.created_at, actions.id"
            ),
            workspace.0,
            now.0,
        )
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// Marks up to `limit` actions whose time was over at `now`, and answers which.
    pub async fn action_expire_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let mut write = Write::begin(self.shared(), now).await?;
        let rows = fetch_all!(
            write,
            (String, i64),
            "UPDATE actions
             SET status = 'EXPIRED', revision = revision + 1, resolved_at = expires_at,
                expires_at = NULL, approved_by = NULL, approved_at = NULL, approval_note = NULL
             WHERE status IN ('PENDING', 'APPROVED') AND expires_at <= $1 AND id IN
                (SELECT id FROM actions
                 WHERE status IN ('PENDING', 'APPROVED') AND expires_at <= $1
                 ORDER BY expires_at LIMIT $2)
             RETURNING id, workspace_id",
            now.0,
            i64::from(limit),
        );
        end_in_bulk(write, rows, "action.expired", now).await
    }

    /// When the next action expires.
    pub async fn action_next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64,),
            "SELECT expires_at FROM actions WHERE status IN ('PENDING', 'APPROVED')
             ORDER BY expires_at LIMIT 1"
        );
        Ok(row.map(|(at,)| Timestamp(at)))
    }

    /// Marks up to `limit` actions as indeterminate whose gateway died while they were executed,
    /// and answers which.
    pub async fn action_recover_executing(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let owner = self.shared().owner();
        let mut write = Write::begin(self.shared(), now).await?;
        let rows = fetch_all!(
            write,
            (String, i64),
            "UPDATE actions
             SET status = 'INDETERMINATE', revision = revision + 1, resolved_at = $1, detail = $2,
                owner = NULL
             WHERE status = 'EXECUTING' AND id IN
                (SELECT id FROM actions
                 WHERE status = 'EXECUTING' AND owner <> $3 AND NOT EXISTS
                    (SELECT 1 FROM replicas
                     WHERE replicas.id = actions.owner AND replicas.lease_until > $1)
                 LIMIT $4)
             RETURNING id, workspace_id",
            now.0,
            STOPPED,
            owner.as_str(),
            i64::from(limit),
        );
        end_in_bulk(write, rows, "action.indeterminate", now).await
    }

    /// Drops the kept answers of up to `limit` actions that ended before `before`, and answers of
    /// how many.
    pub async fn action_answer_drop_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let dropped = execute!(
            write,
            "UPDATE actions SET answer = NULL, answer_key_id = NULL WHERE id IN
                (SELECT id FROM actions
                 WHERE status = 'EXECUTED' AND answer IS NOT NULL AND resolved_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        write
            .retention("retention.answers_dropped", dropped, at)
            .await?;
        Ok(dropped)
    }
}

/// Takes back the waiting and approved actions of an agent, or of the whole workspace, with an
/// entry for each.
pub(crate) async fn revoke_living(
    write: &mut Write,
    workspace: WorkspaceId,
    agent: Option<AgentId>,
    word: &Word,
    cause: &NewAuditEntry,
) -> Result<(), StoreError> {
    let rows = fetch_all!(
        write,
        (String,),
        "UPDATE actions
         SET status = 'REVOKED', revision = revision + 1, resolution = 'WITHDRAWN',
            resolved_by = $3, resolved_at = $4, resolution_note = $5, expires_at = NULL,
            approved_by = NULL, approved_at = NULL, approval_note = NULL
         WHERE workspace_id = $1 AND ($2 IS NULL OR agent_id = $2)
           AND status IN ('PENDING', 'APPROVED') AND expires_at > $4
         RETURNING id",
        workspace.0,
        agent.map(|agent| agent.0),
        word.by.0,
        word.at.0,
        word.note.as_deref(),
    );
    for (id,) in rows {
        write.audit(NewAuditEntry {
            workspace: Some(workspace),
            at: word.at,
            actor: cause.actor,
            event: "action.revoked",
            subject: format!("action:{id}"),
            detail: json!({ "cause": cause.event }),
        });
    }
    Ok(())
}

/// Commits what the gateway itself did to several actions, with an entry for each.
async fn end_in_bulk(
    mut write: Write,
    rows: Vec<(String, i64)>,
    event: &'static str,
    at: Timestamp,
) -> Result<Vec<ActionId>, StoreError> {
    if rows.is_empty() {
        write.rollback().await?;
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(rows.len());
    for (id, workspace) in rows {
        let cell = Cell {
            table: "actions",
            id: &id,
        };
        ids.push(cell.action("id", &id)?);
        write.audit(NewAuditEntry {
            workspace: Some(WorkspaceId(workspace)),
            at,
            actor: Actor::Gateway,
            event,
            subject: format!("action:{id}"),
            detail: json!({}),
        });
    }
    write.commit().await?;
    Ok(ids)
}
