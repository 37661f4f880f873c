//! Rows of `actions`.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::{Action, ActionState};
use gaiterguard_domain::id::{
    ActionId, AgentId, DataKeyId, RequestEntryId, ServiceId, WorkspaceId,
};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::request::{Digest, Intent};
use gaiterguard_domain::time::Timestamp;

use crate::action_state::StateRow;

/// An action with the names of its agent and service.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionWithNames {
    /// The action.
    pub action: Action,
    /// The name of the agent that sent the request.
    pub agent_name: String,
    /// The name of the service that the request is for.
    pub service_name: String,
    /// The label that the client's user chose.
    pub label: Option<String>,
    /// The summary of the request, sealed; `None` if it was held by a version that made none.
    pub summary: Option<Sealed>,
}

/// An action as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredAction {
    /// The whole row can be read.
    Intact(Box<ActionWithNames>),
    /// A column contains an invalid value.
    Damaged(Box<DamagedAction>),
}

/// An action with at least one invalid column. It can be viewed and ended, but it does not contain
/// what is needed to send it.
#[derive(Clone, Debug, PartialEq)]
pub struct DamagedAction {
    /// The action's id.
    pub id: ActionId,
    /// The revision that a change is made against, as for any other action.
    pub revision: i64,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The agent that sent the request.
    pub agent: AgentId,
    /// The name of that agent; empty if it is lost.
    pub agent_name: String,
    /// The service that the request is for.
    pub service: ServiceId,
    /// The name of that service; empty if it is lost.
    pub service_name: String,
    /// The method, as far as it can be read.
    pub method: String,
    /// The URL, as far as it can be read.
    pub target_url: String,
    /// The intent, as far as it can be read.
    pub intent: String,
    /// The digest of the exact request, if it can be read.
    pub digest: Option<Digest>,
    /// The action's state, if it can be read.
    pub state: Option<ActionState>,
    /// When the request was held.
    pub created_at: Timestamp,
}

impl DamagedAction {
    /// Returns `None` if even the id is lost.
    pub fn of(row: &ActionRow) -> Option<Self> {
        let name = |name: &Option<Text>| name.as_ref().map_or("", Text::lossy).to_owned();
        Some(Self {
            id: row.id.lossy().parse().ok()?,
            revision: row.revision,
            workspace: WorkspaceId(row.workspace_id),
            agent: AgentId(row.agent_id),
            agent_name: name(&row.agent_name),
            service: ServiceId(row.service_id),
            service_name: name(&row.service_name),
            method: row.method.lossy().to_owned(),
            target_url: row.target_url.lossy().to_owned(),
            intent: row.intent.lossy().to_owned(),
            digest: row.context().digest("digest", &row.digest).ok(),
            state: row.state.read(row.id.lossy()).ok(),
            created_at: Timestamp(row.created_at),
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct ActionRow {
    pub id: Text,
    revision: i64,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    entry_id: i64,
    #[sqlx(flatten)]
    state: StateRow,
    method: Text,
    target_url: Text,
    digest: Vec<u8>,
    intent: Text,
    judgement: Text,
    binding: Text,
    pub created_at: i64,
    request_key_id: i64,
    summary: Option<Vec<u8>>,
    label: Option<Text>,
    agent_name: Option<Text>,
    service_name: Option<Text>,
}

/// The columns of [`ActionRow`]. The summary is the only sealed column among them: the others are large,
/// so they are read only by the queries that need them.
#[macro_export]
macro_rules! select_action {
    ($rest:literal) => {
        concat!(
            "SELECT actions.id, actions.revision, actions.workspace_id, agent_id, service_id, entry_id, ",
            "status, actions.expires_at, approved_by, approved_at, approval_note, releases_at, started_at, ",
            "resolution, resolved_by, resolved_at, resolution_note, detail, method, target_url, ",
            "digest, intent, judgement, binding, actions.created_at, request_key_id, summary, ",
            "(SELECT label FROM requests WHERE requests.id = actions.entry_id) AS label, ",
            "agents.name AS agent_name, ",
            "services.name AS service_name FROM actions ",
            "LEFT JOIN agents ON agents.id = actions.agent_id ",
            "LEFT JOIN services ON services.id = actions.service_id ",
            $rest
        )
    };
}

pub use crate::select_action;

impl ActionRow {
    pub fn context(&self) -> RowContext<'_> {
        RowContext {
            table: "actions",
            id: &self.id,
        }
    }

    pub fn read(&self) -> Result<ActionWithNames, StoreError> {
        let context = self.context();
        let text = |column, text: &Text| context.text(column, text).map(str::to_owned);
        let name =
            |column, name: &Option<Text>| text(column, context.required(column, name.as_ref())?);
        // A request without an intent is stored with an empty one.
        let intent = match context.text("intent", &self.intent)? {
            "" => Intent::absent(),
            words => Intent::parse(words).map_err(|_| context.invalid("intent"))?,
        };
        Ok(ActionWithNames {
            action: Action {
                id: context.action_id("id", self.id.lossy())?,
                revision: self.revision,
                workspace: WorkspaceId(self.workspace_id),
                agent: AgentId(self.agent_id),
                service: ServiceId(self.service_id),
                entry: RequestEntryId(self.entry_id),
                state: self.state.read(self.id.lossy())?,
                digest: context.digest("digest", &self.digest)?,
                intent,
                evaluation: context
                    .json("judgement", context.text("judgement", &self.judgement)?)?,
                binding: context.json("binding", context.text("binding", &self.binding)?)?,
                created_at: Timestamp(self.created_at),
                method: text("method", &self.method)?,
                target_url: text("target_url", &self.target_url)?,
            },
            label: self
                .label
                .as_ref()
                .map(|label| text("label", label))
                .transpose()?,
            agent_name: name("agent_name", &self.agent_name)?,
            service_name: name("service_name", &self.service_name)?,
            summary: self.summary.as_ref().map(|bytes| Sealed {
                data_key: DataKeyId(self.request_key_id),
                bytes: bytes.clone(),
            }),
        })
    }

    /// Returns the action, or what can be read of it. `None` if not even its id can be read: then
    /// nothing can be done about it.
    pub fn stored(&self) -> Option<StoredAction> {
        match self.read() {
            Ok(whole) => Some(StoredAction::Intact(Box::new(whole))),
            Err(error) => {
                tracing::error!(%error, "an action is damaged");
                Some(StoredAction::Damaged(Box::new(DamagedAction::of(self)?)))
            }
        }
    }
}
