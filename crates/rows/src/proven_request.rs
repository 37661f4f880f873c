//! The columns of a request's row that the audit log covers, as a proof shows them.

use serde::{Deserialize, Serialize};

use crate::covered::{EndColumns, RequestColumns};

/// Every column of a request's row that the audit log covers. The names of the fields are those of the columns; times
/// are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenRequest {
    /// The id of the row.
    pub id: i64,
    /// The `X-Request-Id` of the response.
    pub request_id: String,
    /// The workspace.
    pub workspace_id: i64,
    /// The agent.
    pub agent_id: i64,
    /// The service.
    pub service_id: i64,
    /// The method.
    pub method: String,
    /// The URL.
    pub target_url: String,
    /// The intent that the agent stated.
    pub intent: String,
    /// The label that the client's user chose.
    pub label: Option<String>,
    /// The decision.
    pub decision: String,
    /// The evaluation, as the JSON text that is stored.
    pub judgement: String,
    /// The action that the request became.
    pub action_id: Option<String>,
    /// When it was decided.
    pub created_at: i64,
    /// How it ended.
    pub outcome: Option<String>,
    /// The status of the upstream's response.
    pub upstream_status: Option<i64>,
    /// When it ended.
    pub completed_at: Option<i64>,
}

impl ProvenRequest {
    /// Returns the columns that never change.
    pub fn columns(&self) -> RequestColumns<'_> {
        RequestColumns {
            id: self.id,
            request_id: &self.request_id,
            workspace: self.workspace_id,
            agent: self.agent_id,
            service: self.service_id,
            method: &self.method,
            target_url: &self.target_url,
            intent: &self.intent,
            label: self.label.as_deref(),
            decision: &self.decision,
            judgement: &self.judgement,
            action_id: self.action_id.as_deref(),
            created_at: self.created_at,
        }
    }

    /// Returns the columns that are written when the request ends.
    pub fn end(&self) -> EndColumns<'_> {
        EndColumns {
            id: self.id,
            outcome: self.outcome.as_deref(),
            upstream_status: self.upstream_status,
            completed_at: self.completed_at,
        }
    }
}
