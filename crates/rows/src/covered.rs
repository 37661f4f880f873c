//! The rows of its transaction that an audit entry covers, as digests of their columns.
//! Without them a row could be changed without breaking the log's hash chain.

use gaiterguard_domain::audit::COVERS;
use gaiterguard_domain::evidence::Fields;
use gaiterguard_domain::id::RequestEntryId;
use gaiterguard_domain::ledger::Outcome;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Evaluation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::outcome::RequestOutcome;

/// The version of what is covered, and how. Entries without a version were written before rows were
/// covered.
const VERSION: u32 = 3;

/// The version of entries that were written before the ends of requests were covered.
const VERSION_WITHOUT_ENDS: u32 = 1;

/// The rows that an entry covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<CoveredRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<CoveredAction>,
    /// How requests ended, whichever entries contain their decisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<CoveredEnd>,
    /// Reads that share the entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<CoveredRead>,
    /// Parts of actions that change on their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<CoveredPart>,
}

impl Covers {
    fn nothing() -> Self {
        Self {
            version: VERSION,
            request: None,
            action: None,
            ends: Vec::new(),
            reads: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Whether the end of a request that this entry decides must be covered too.
    pub fn requires_ends(&self) -> bool {
        self.version > VERSION_WITHOUT_ENDS
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredEnd {
    /// The request's id.
    pub id: i64,
    /// The digest of the columns that say how and when it ended.
    pub end: String,
}

/// The row of a read that shares its entry with others. One digest covers all its columns, because most
/// requests are reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredRead {
    /// The request's id.
    pub id: i64,
    /// The digest of the row as it was inserted.
    pub row: String,
    /// Whether the request had not ended by then, so that another entry covers its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
}

/// The columns of a request's row that never change. Some have a digest of their own, so that
/// verification can name the column that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredRequest {
    pub id: i64,
    pub target_url: String,
    pub intent: String,
    pub judgement: String,
    /// The digest of these and all other columns that never change.
    pub row: String,
}

/// The row of a held request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredAction {
    pub id: String,
    /// The revision that `state` belongs to.
    pub revision: i64,
    pub state: String,
    /// The digest of the columns that never change; only in the action's first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The digest of the columns that never change and that requests are compared by; only in the action's first
    /// entry. Missing in entries of versions that covered no parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// The digest of who executes the action and who first ruled on it. Missing in entries of versions that covered
    /// no parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody: Option<String>,
}

/// A part of an action that changes without a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Its votes.
    Votes,
    /// The intents with which it was repeated.
    Intents,
    /// The ruling that revoked it while it was being executed.
    Recall,
}

/// A part of an action, as it was after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredPart {
    pub kind: PartKind,
    pub action: String,
    /// Which change this was, from 1; the newest is compared.
    pub revision: i64,
    pub digest: String,
}

/// Who executes an action, and who first ruled on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustodyColumns<'r> {
    /// The replica that executes it.
    pub owner: Option<&'r str>,
    /// The user who ruled on it first.
    pub ruled_by: Option<i64>,
    /// When that was.
    pub ruled_at: Option<i64>,
}

impl CustodyColumns<'_> {
    pub fn digest(&self) -> String {
        let custody = Fields::new("gaiterguard.action.custody.v1")
            .text(self.owner)
            .number(self.ruled_by)
            .number(self.ruled_at);
        custody.finish().to_string()
    }
}

/// The columns of an action that never change and that requests are compared by.
#[derive(Clone, Copy)]
pub struct KeyColumns<'r> {
    pub id: &'r str,
    pub operation: Option<&'r [u8]>,
    pub recipients: Option<&'r [u8]>,
    pub payload: Option<&'r [u8]>,
    pub body_bytes: Option<i64>,
}

impl KeyColumns<'_> {
    pub fn digest(&self) -> String {
        let keys = Fields::new("gaiterguard.action.keys.v1")
            .text(self.id)
            .bytes(self.operation)
            .bytes(self.recipients)
            .bytes(self.payload)
            .number(self.body_bytes);
        keys.finish().to_string()
    }
}

/// Returns the record in an entry of the ruling that revoked an action while it was being executed.
pub fn covered_recall(
    action: &str,
    by: Option<i64>,
    at: Option<i64>,
    note: Option<&str>,
) -> CoveredPart {
    let recall = Fields::new("gaiterguard.action.recall.v1")
        .text(action)
        .number(by)
        .number(at)
        .text(note);
    CoveredPart {
        kind: PartKind::Recall,
        action: action.to_owned(),
        revision: 1,
        digest: recall.finish().to_string(),
    }
}

/// Returns the record in an entry of the intents with which an action was repeated.
pub fn covered_intents(action: &str, intents: &[String]) -> CoveredPart {
    let mut all = Fields::new("gaiterguard.action.intents.v1").text(action);
    for intent in intents {
        all = all.text(intent.as_str());
    }
    CoveredPart {
        kind: PartKind::Intents,
        action: action.to_owned(),
        revision: i64::try_from(intents.len()).unwrap_or(i64::MAX),
        digest: all.finish().to_string(),
    }
}

/// The columns of a request's row that never change.
#[derive(Clone, Copy)]
pub struct RequestColumns<'r> {
    pub id: i64,
    pub request_id: &'r str,
    pub workspace: i64,
    pub agent: i64,
    pub service: i64,
    pub method: &'r str,
    pub target_url: &'r str,
    pub intent: &'r str,
    pub label: Option<&'r str>,
    pub decision: &'r str,
    pub judgement: &'r str,
    pub action_id: Option<&'r str>,
    pub created_at: i64,
}

impl RequestColumns<'_> {
    pub fn covered(&self) -> CoveredRequest {
        let of = |label, text: &str| Fields::new(label).text(text).finish();
        let target_url = of("gaiterguard.request.target_url.v1", self.target_url);
        let intent = of("gaiterguard.request.intent.v1", self.intent);
        let judgement = of("gaiterguard.request.judgement.v1", self.judgement);
        let long = [&target_url, &intent, &judgement].map(|digest| digest.0.as_slice());
        let row = self.fields("gaiterguard.request.v1", long).finish();
        CoveredRequest {
            id: self.id,
            target_url: target_url.to_string(),
            intent: intent.to_string(),
            judgement: judgement.to_string(),
            row: row.to_string(),
        }
    }

    /// Returns the record of this read in an entry that several reads share.
    pub fn covered_as_read(&self, end: Option<EndColumns<'_>>) -> CoveredRead {
        let long = [self.target_url, self.intent, self.judgement].map(str::as_bytes);
        let row = self
            .fields("gaiterguard.read.v1", long)
            .text(end.and_then(|end| end.outcome))
            .number(end.and_then(|end| end.upstream_status))
            .number(end.and_then(|end| end.completed_at))
            .finish();
        CoveredRead {
            id: self.id,
            row: row.to_string(),
            is_open: end.is_none(),
        }
    }

    /// Returns all columns. The long ones are given as they are, or as their digests. A label is added only if
    /// there is one, so that rows from before labels have the same digest.
    fn fields(&self, label: &str, [target_url, intent, judgement]: [&[u8]; 3]) -> Fields {
        let fields = Fields::new(label)
            .number(self.id)
            .text(self.request_id)
            .number(self.workspace)
            .number(self.agent)
            .number(self.service)
            .text(self.method)
            .bytes(target_url)
            .bytes(intent)
            .text(self.decision)
            .bytes(judgement)
            .text(self.action_id)
            .number(self.created_at);
        match self.label {
            Some(label) => fields.text(label),
            None => fields,
        }
    }
}

impl CoveredRequest {
    /// Returns the column that differs between this row and the found one.
    pub fn differs_in(&self, found: &Self) -> Option<&'static str> {
        if self.target_url != found.target_url {
            Some("target_url")
        } else if self.intent != found.intent {
            Some("intent")
        } else if self.judgement != found.judgement {
            Some("judgement")
        } else if self.row != found.row {
            Some(
                "request_id, workspace_id, agent_id, service_id, method, decision, action_id, created_at or label",
            )
        } else {
            None
        }
    }
}

/// The columns of a request's row that are written once, when it ends.
#[derive(Clone, Copy)]
pub struct EndColumns<'r> {
    pub id: i64,
    pub outcome: Option<&'r str>,
    pub upstream_status: Option<i64>,
    pub completed_at: Option<i64>,
}

impl EndColumns<'_> {
    pub fn covered(&self) -> CoveredEnd {
        let end = Fields::new("gaiterguard.request.end.v1")
            .number(self.id)
            .text(self.outcome)
            .number(self.upstream_status)
            .number(self.completed_at)
            .finish();
        CoveredEnd {
            id: self.id,
            end: end.to_string(),
        }
    }

    /// Whether the request has not ended.
    pub fn is_open(&self) -> bool {
        self.outcome.is_none() && self.upstream_status.is_none() && self.completed_at.is_none()
    }
}

/// How and when a request ended.
#[derive(Clone, Copy)]
pub struct RequestEnd {
    /// `None` for a denied request, because nothing was to be sent.
    pub outcome: Option<RequestOutcome>,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    pub at: Timestamp,
}

impl RequestEnd {
    pub fn of(outcome: &Outcome, at: Timestamp) -> Self {
        let (outcome, status) = RequestOutcome::of(outcome);
        Self {
            outcome: Some(outcome),
            status,
            at,
        }
    }

    /// Returns the record in an audit entry of the end of the request with this id.
    pub fn covered(self, id: RequestEntryId) -> CoveredEnd {
        self.columns(id).covered()
    }

    /// Returns the columns that store the end of the request with this id.
    pub fn columns(self, id: RequestEntryId) -> EndColumns<'static> {
        EndColumns {
            id: id.0,
            outcome: self.outcome.map(RequestOutcome::as_str),
            upstream_status: self.status.map(i64::from),
            completed_at: Some(self.at.0),
        }
    }
}

/// The columns of an action's row that never change.
#[derive(Clone, Copy)]
pub struct ActionColumns<'r> {
    pub id: &'r str,
    pub workspace: i64,
    pub agent: i64,
    pub service: i64,
    pub entry: i64,
    pub method: &'r str,
    pub target_url: &'r str,
    pub digest: &'r [u8],
    pub intent: &'r str,
    pub judgement: &'r str,
    pub binding: &'r str,
    pub created_at: i64,
}

impl ActionColumns<'_> {
    pub fn row(&self) -> String {
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

/// Adds to a decision's entry what was decided, and the rows that record it.
pub fn cover_decision(
    detail: &mut Value,
    evaluation: &Evaluation,
    request: CoveredRequest,
    action: Option<CoveredAction>,
    end: Option<CoveredEnd>,
) {
    let rules: Vec<Value> = evaluation
        .matched_rules
        .iter()
        .map(|rule| json!({ "id": rule.id, "effect": rule.effect }))
        .collect();
    detail["decision"] = evaluation.decision.as_str().into();
    detail["risk_score"] = evaluation.verdict.score.into();
    detail["matched_rules"] = rules.into();
    detail["operation"] = evaluation
        .operation
        .as_ref()
        .map_or(Value::Null, |operation| operation.id.as_str().into());
    detail[COVERS] = json!(Covers {
        request: Some(request),
        action,
        ends: end.into_iter().collect(),
        ..Covers::nothing()
    });
}

/// Returns the detail of an entry that several reads share.
pub fn reads_detail(request_ids: &[String], reads: Vec<CoveredRead>) -> Value {
    let covers = Covers {
        reads,
        ..Covers::nothing()
    };
    json!({ "request_ids": request_ids, COVERS: covers })
}

/// Adds to an entry the new state of an action, and how the action's request ended with it.
pub fn cover_action(detail: &mut Value, action: CoveredAction, end: Option<CoveredEnd>) {
    let parts = detail
        .get_mut(COVERS)
        .and_then(|covers| covers.get_mut("parts"))
        .map(Value::take);
    detail[COVERS] = json!(Covers {
        action: Some(action),
        ends: end.into_iter().collect(),
        ..Covers::nothing()
    });
    if let Some(parts) = parts {
        detail[COVERS]["parts"] = parts;
    }
}

/// Adds to an entry a part of an action that was changed in its transaction.
pub fn cover_part(detail: &mut Value, part: &CoveredPart) {
    if detail.get(COVERS).is_none() {
        detail[COVERS] = json!(Covers::nothing());
    }
    let covers = &mut detail[COVERS];
    if let Some(known) = covers.get_mut("parts").and_then(Value::as_array_mut) {
        known.push(json!(part));
    } else {
        covers["parts"] = json!([part]);
    }
}

/// Adds to an entry how requests ended in its transaction.
pub fn cover_ends(detail: &mut Value, ends: Vec<CoveredEnd>) {
    if detail.get(COVERS).is_none() {
        detail[COVERS] = json!(Covers::nothing());
    }
    let covers = &mut detail[COVERS];
    if let Some(known) = covers.get_mut("ends").and_then(Value::as_array_mut) {
        known.extend(ends.into_iter().map(|end| json!(end)));
    } else {
        covers["ends"] = json!(ends);
    }
}

/// Parses the rows that an entry covers. Returns `None` for an unknown version.
pub fn covers(text: &str) -> Option<Covers> {
    let covers = serde_json::from_str::<Covers>(text).ok()?;
    let is_known = (VERSION_WITHOUT_ENDS..=VERSION).contains(&covers.version);
    is_known.then_some(covers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_written_before_ends_were_covered_are_parsed_and_require_none() {
        let before = r#"{"version":1,"action":{"id":"a","revision":2,"state":"00"}}"#;
        let before = covers(before).unwrap();
        assert!(!before.requires_ends());
        assert_eq!(before.ends, []);
        assert!(covers(r#"{"version":2}"#).unwrap().requires_ends());
        assert!(covers(r#"{"version":3}"#).unwrap().requires_ends());
        assert_eq!(covers(r#"{"version":4}"#), None);
    }

    #[test]
    fn ends_are_added_to_what_an_entry_already_covers() {
        let end = |id| CoveredEnd {
            id,
            end: "00".to_owned(),
        };
        let action = CoveredAction {
            id: "a".to_owned(),
            revision: 2,
            state: "00".to_owned(),
            row: None,
            keys: None,
            custody: None,
        };
        let mut detail = json!({});
        cover_action(&mut detail, action.clone(), Some(end(1)));
        cover_ends(&mut detail, vec![end(2), end(3)]);
        let covered = covers(&detail[COVERS].to_string()).unwrap();
        assert_eq!(covered.action, Some(action));
        assert_eq!(covered.ends, [end(1), end(2), end(3)]);
        let mut detail = json!({ "requests": 1 });
        cover_ends(&mut detail, vec![end(4)]);
        let covered = covers(&detail[COVERS].to_string()).unwrap();
        assert_eq!((covered.request, covered.ends), (None, vec![end(4)]));
    }
}
