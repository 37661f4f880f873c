//! What is left of an action whose row cannot be read as a whole.

use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::id::{ActionId, AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;

use super::ActionRow;
use crate::rows::Text;

/// An action of which at least one column holds what it never should. It can be looked at and ended;
/// nothing that would send it can be made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DamagedAction {
    /// Its id.
    pub id: ActionId,
    /// A change is made against this revision, as of any other action.
    pub revision: i64,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Who asked.
    pub agent: AgentId,
    /// The name of that agent; empty if it is lost.
    pub agent_name: String,
    /// Of which service.
    pub service: ServiceId,
    /// The name of that service; empty if it is lost.
    pub service_name: String,
    /// The method, as far as it can be read.
    pub method: String,
    /// The address, as far as it can be read.
    pub target_url: String,
    /// Why the agent asked, as far as it can be read.
    pub intent: String,
    /// The digest of the exact request, if it is there.
    pub digest: Option<Digest>,
    /// Where it is in its life, if that can be read.
    pub state: Option<ActionState>,
    /// When it was held.
    pub created_at: Timestamp,
}

impl DamagedAction {
    /// None if even the id is lost.
    pub(super) fn of(row: &ActionRow) -> Option<Self> {
        let name = |name: &Option<Text>| name.as_ref().map_or("", Text::shown).to_owned();
        Some(Self {
            id: row.id.shown().parse().ok()?,
            revision: row.revision,
            workspace: WorkspaceId(row.workspace_id),
            agent: AgentId(row.agent_id),
            agent_name: name(&row.agent_name),
            service: ServiceId(row.service_id),
            service_name: name(&row.service_name),
            method: row.method.shown().to_owned(),
            target_url: row.target_url.shown().to_owned(),
            intent: row.intent.shown().to_owned(),
            digest: row.cell().digest("digest", &row.digest).ok(),
            state: row.state.read(row.id.shown()).ok(),
            created_at: Timestamp(row.created_at),
        })
    }
}
