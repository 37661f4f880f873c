//! The state of an action as columns, and back.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::{
    ActionState, ActionStatus, Ending, Execution, HumanDecision, Revocation,
};
use gaiterguard_domain::evidence::Fields;
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;

use crate::covered::{CoveredAction, CustodyColumns};

/// A state as its columns.
#[derive(Default)]
pub struct StateColumns<'s> {
    pub status: &'s str,
    pub expires_at: Option<i64>,
    pub approved_by: Option<i64>,
    pub approved_at: Option<i64>,
    pub approval_note: Option<&'s str>,
    pub releases_at: Option<i64>,
    pub started_at: Option<i64>,
    pub resolution: Option<&'s str>,
    pub resolved_by: Option<i64>,
    pub resolved_at: Option<i64>,
    pub resolution_note: Option<&'s str>,
    pub detail: Option<&'s str>,
}

/// The values of the column `resolution`.
const RESPONDED: &str = "ANSWERED";
const RESOLVED: &str = "RESOLVED";
const WITHDRAWN: &str = "WITHDRAWN";

impl<'s> StateColumns<'s> {
    pub fn of(state: &'s ActionState) -> Self {
        let mut columns = Self {
            status: state.status().as_str(),
            expires_at: state.expires_at().map(|at| at.0),
            releases_at: state.releases_at().map(|at| at.0),
            ..Self::default()
        };
        match state {
            ActionState::Pending { .. } => {}
            ActionState::Approved { approval, .. } => columns.approved(approval),
            ActionState::Denied(decision) => columns.resolved(None, decision),
            ActionState::Revoked(Revocation::Withdrawn(decision)) => {
                columns.resolved(Some(WITHDRAWN), decision);
            }
            ActionState::Revoked(Revocation::Resolved(decision)) => {
                columns.resolved(Some(RESOLVED), decision);
            }
            ActionState::Expired { at } => columns.resolved_at = Some(at.0),
            ActionState::Executing(execution) => columns.executing(execution),
            ActionState::Executed { execution, ending } => {
                columns.executing(execution);
                match ending {
                    Ending::Responded { at } => {
                        columns.resolution = Some(RESPONDED);
                        columns.resolved_at = Some(at.0);
                    }
                    Ending::Resolved(decision) => columns.resolved(Some(RESOLVED), decision),
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

    /// Returns the record in an audit entry of an action that reached this state with this revision.
    pub fn covered(
        &self,
        action: &str,
        revision: i64,
        answer_status: Option<i64>,
        custody: CustodyColumns<'_>,
    ) -> CoveredAction {
        let label = match self.releases_at {
            Some(_) => "gaiterguard.action.state.v2",
            None => "gaiterguard.action.state.v1",
        };
        let state = Fields::new(label)
            .text(action)
            .number(revision)
            .text(self.status)
            .number(self.expires_at)
            .number(self.approved_by)
            .number(self.approved_at)
            .text(self.approval_note)
            .number(self.started_at)
            .text(self.resolution)
            .number(self.resolved_by)
            .number(self.resolved_at)
            .text(self.resolution_note)
            .text(self.detail)
            .number(answer_status);
        // Versions without this column computed the digests of all other states as above.
        let state = match self.releases_at {
            Some(_) => state.number(self.releases_at),
            None => state,
        };
        CoveredAction {
            id: action.to_owned(),
            revision,
            state: state.finish().to_string(),
            row: None,
            keys: None,
            custody: Some(custody.digest()),
        }
    }

    fn approved(&mut self, decision: &'s HumanDecision) {
        self.approved_by = Some(decision.by.0);
        self.approved_at = Some(decision.at.0);
        self.approval_note = decision.note.as_deref();
    }

    fn executing(&mut self, execution: &'s Execution) {
        self.approved(&execution.approval);
        self.expires_at = Some(execution.expires_at.0);
        self.started_at = Some(execution.started_at.0);
    }

    fn resolved(&mut self, resolution: Option<&'static str>, decision: &'s HumanDecision) {
        self.resolution = resolution;
        self.resolved_by = Some(decision.by.0);
        self.resolved_at = Some(decision.at.0);
        self.resolution_note = decision.note.as_deref();
    }
}

/// The columns of a state.
#[derive(sqlx::FromRow)]
pub struct StateRow {
    status: Text,
    expires_at: Option<i64>,
    approved_by: Option<i64>,
    approved_at: Option<i64>,
    approval_note: Option<Text>,
    releases_at: Option<i64>,
    started_at: Option<i64>,
    resolution: Option<Text>,
    resolved_by: Option<i64>,
    resolved_at: Option<i64>,
    resolution_note: Option<Text>,
    detail: Option<Text>,
}

/// An action's state and revision, as returned by a statement that changes or finds actions.
#[derive(sqlx::FromRow)]
pub struct RevisedRow {
    pub id: String,
    pub workspace_id: i64,
    pub revision: i64,
    answer_status: Option<i64>,
    owner: Option<Text>,
    ruled_by: Option<i64>,
    ruled_at: Option<i64>,
    #[sqlx(flatten)]
    state: StateRow,
}

/// The columns of [`RevisedRow`].
#[macro_export]
macro_rules! revised_columns {
    () => {
        "id, workspace_id, revision, answer_status, owner, ruled_by, ruled_at, status, expires_at, \
         approved_by, approved_at, approval_note, releases_at, started_at, resolution, resolved_by, resolved_at, resolution_note, detail"
    };
}

impl RevisedRow {
    /// The word for the action's status.
    pub fn status(&self) -> &str {
        self.state.status.lossy()
    }

    /// Returns the record of the action in an audit entry.
    pub fn covered(&self) -> CoveredAction {
        let state = &self.state;
        let columns = StateColumns {
            status: state.status.lossy(),
            expires_at: state.expires_at,
            approved_by: state.approved_by,
            approved_at: state.approved_at,
            approval_note: state.approval_note.as_ref().map(Text::lossy),
            releases_at: state.releases_at,
            started_at: state.started_at,
            resolution: state.resolution.as_ref().map(Text::lossy),
            resolved_by: state.resolved_by,
            resolved_at: state.resolved_at,
            resolution_note: state.resolution_note.as_ref().map(Text::lossy),
            detail: state.detail.as_ref().map(Text::lossy),
        };
        let custody = CustodyColumns {
            owner: self.owner.as_ref().map(Text::lossy),
            ruled_by: self.ruled_by,
            ruled_at: self.ruled_at,
        };
        columns.covered(&self.id, self.revision, self.answer_status, custody)
    }
}

impl StateRow {
    /// Reads the state of the action with this id.
    pub fn read(&self, action: &str) -> Result<ActionState, StoreError> {
        let context = RowContext {
            table: "actions",
            id: &action,
        };
        let at = |column, value: Option<i64>| context.required(column, value).map(Timestamp);
        let words = |column, text: &Option<Text>| {
            let words = text.as_ref().map(|text| context.text(column, text));
            Ok::<_, StoreError>(words.transpose()?.map(str::to_owned))
        };
        let resolution = self.resolution.as_ref().map(Text::lossy);
        let approval = || {
            Ok::<_, StoreError>(HumanDecision {
                by: UserId(context.required("approved_by", self.approved_by)?),
                at: at("approved_at", self.approved_at)?,
                note: words("approval_note", &self.approval_note)?,
            })
        };
        let decision = || {
            Ok::<_, StoreError>(HumanDecision {
                by: UserId(context.required("resolved_by", self.resolved_by)?),
                at: at("resolved_at", self.resolved_at)?,
                note: words("resolution_note", &self.resolution_note)?,
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
            match context.required("status", ActionStatus::parse(self.status.lossy()))? {
                ActionStatus::Pending => ActionState::Pending {
                    expires_at: at("expires_at", self.expires_at)?,
                },
                ActionStatus::Approved => ActionState::Approved {
                    approval: approval()?,
                    releases_at: self.releases_at.map(Timestamp),
                    expires_at: at("expires_at", self.expires_at)?,
                },
                ActionStatus::Denied => ActionState::Denied(decision()?),
                ActionStatus::Revoked => match resolution {
                    Some(WITHDRAWN) => ActionState::Revoked(Revocation::Withdrawn(decision()?)),
                    Some(RESOLVED) => ActionState::Revoked(Revocation::Resolved(decision()?)),
                    _ => return Err(context.invalid("resolution")),
                },
                ActionStatus::Expired => ActionState::Expired {
                    at: at("resolved_at", self.resolved_at)?,
                },
                ActionStatus::Executing => ActionState::Executing(execution()?),
                ActionStatus::Executed => ActionState::Executed {
                    execution: execution()?,
                    ending: match resolution {
                        Some(RESPONDED) => Ending::Responded {
                            at: at("resolved_at", self.resolved_at)?,
                        },
                        Some(RESOLVED) => Ending::Resolved(decision()?),
                        _ => return Err(context.invalid("resolution")),
                    },
                },
                ActionStatus::Indeterminate => ActionState::Indeterminate {
                    execution: execution()?,
                    at: at("resolved_at", self.resolved_at)?,
                    detail: context.required("detail", words("detail", &self.detail)?)?,
                },
            },
        )
    }
}
