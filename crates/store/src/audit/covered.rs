//! What an audit entry covers of the rows of its transaction: the digests of their columns. Without
//! them a row could be changed while the log still holds.

use gaiterguard_domain::audit::COVERS;
use gaiterguard_domain::evidence::Fields;
use gaiterguard_domain::verdict::Judgement;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version of what is covered, and how. Entries without one are from before rows were covered.
const VERSION: u32 = 1;

/// The rows that an entry covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Covers {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<CoveredRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<CoveredAction>,
}

/// A row of the request ledger: what is fixed when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CoveredRequest {
    pub(crate) id: i64,
    pub(crate) target_url: String,
    pub(crate) intent: String,
    pub(crate) judgement: String,
    /// Of all of them and the other columns.
    pub(crate) row: String,
}

/// A row of a held request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CoveredAction {
    pub(crate) id: String,
    /// The revision that `state` is of.
    pub(crate) revision: i64,
    pub(crate) state: String,
    /// What is fixed when it is written; in its first entry alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<String>,
}

/// The columns of a request's row that never change.
#[derive(Clone, Copy)]
pub(crate) struct RequestColumns<'r> {
    pub(crate) id: i64,
    pub(crate) request_id: &'r str,
    pub(crate) workspace: i64,
    pub(crate) agent: i64,
    pub(crate) service: i64,
    pub(crate) method: &'r str,
    pub(crate) target_url: &'r str,
    pub(crate) intent: &'r str,
    pub(crate) decision: &'r str,
    pub(crate) judgement: &'r str,
    pub(crate) action_id: Option<&'r str>,
    pub(crate) created_at: i64,
}

impl RequestColumns<'_> {
    pub(crate) fn covered(&self) -> CoveredRequest {
        let of = |label, text: &str| Fields::new(label).text(text).finish();
        let target_url = of("gaiterguard.request.target_url.v1", self.target_url);
        let intent = of("gaiterguard.request.intent.v1", self.intent);
        let judgement = of("gaiterguard.request.judgement.v1", self.judgement);
        let row = Fields::new("gaiterguard.request.v1")
            .number(self.id)
            .text(self.request_id)
            .number(self.workspace)
            .number(self.agent)
            .number(self.service)
            .text(self.method)
            .bytes(target_url.0.as_slice())
            .bytes(intent.0.as_slice())
            .text(self.decision)
            .bytes(judgement.0.as_slice())
            .text(self.action_id)
            .number(self.created_at)
            .finish();
        CoveredRequest {
            id: self.id,
            target_url: target_url.to_string(),
            intent: intent.to_string(),
            judgement: judgement.to_string(),
            row: row.to_string(),
        }
    }
}

impl CoveredRequest {
    /// Returns which column of a row is another than the covered one.
    pub(crate) fn differs_in(&self, found: &Self) -> Option<&'static str> {
        if self.target_url != found.target_url {
            Some("target_url")
        } else if self.intent != found.intent {
            Some("intent")
        } else if self.judgement != found.judgement {
            Some("judgement")
        } else if self.row != found.row {
            Some(
                "request_id, workspace_id, agent_id, service_id, method, decision, action_id or created_at",
            )
        } else {
            None
        }
    }
}

/// The columns of an action's row that never change.
#[derive(Clone, Copy)]
pub(crate) struct ActionColumns<'r> {
    pub(crate) id: &'r str,
    pub(crate) workspace: i64,
    pub(crate) agent: i64,
    pub(crate) service: i64,
    pub(crate) entry: i64,
    pub(crate) method: &'r str,
    pub(crate) target_url: &'r str,
    pub(crate) digest: &'r [u8],
    pub(crate) intent: &'r str,
    pub(crate) judgement: &'r str,
    pub(crate) binding: &'r str,
    pub(crate) created_at: i64,
}

impl ActionColumns<'_> {
    pub(crate) fn row(&self) -> String {
        Fields::new("gaiterguard.action.v1")
            .text(self.id)
            .number(self.workspace)
            .number(self.agent)
            .number(self.service)
            .number(self.entry)
            .text(self.method)
            .text(self.target_url)
            .bytes(self.digest)
            .text(self.intent)
            .text(self.judgement)
            .text(self.binding)
            .number(self.created_at)
            .finish()
            .to_string()
    }
}

/// Adds to a decision's entry what was decided and which rows say so.
pub(crate) fn cover_decision(
    detail: &mut Value,
    judgement: &Judgement,
    request: CoveredRequest,
    action: Option<CoveredAction>,
) {
    let rules: Vec<Value> = judgement
        .matched_rules
        .iter()
        .map(|rule| json!({ "id": rule.id, "effect": rule.effect }))
        .collect();
    detail["decision"] = judgement.decision.as_str().into();
    detail["risk_score"] = judgement.verdict.score.into();
    detail["matched_rules"] = rules.into();
    detail["operation"] = judgement
        .operation
        .as_ref()
        .map_or(Value::Null, |operation| operation.id.as_str().into());
    detail[COVERS] = json!(Covers {
        version: VERSION,
        request: Some(request),
        action,
    });
}

/// Adds to an entry which state it brought an action to.
pub(crate) fn cover_action(detail: &mut Value, action: CoveredAction) {
    detail[COVERS] = json!(Covers {
        version: VERSION,
        request: None,
        action: Some(action),
    });
}

/// Reads what an entry covers; `None` if it is of a version that is not known here.
pub(crate) fn covers(text: &str) -> Option<Covers> {
    let covers = serde_json::from_str::<Covers>(text).ok()?;
    (covers.version == VERSION).then_some(covers)
}
