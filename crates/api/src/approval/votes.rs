//! The approvals that a held request requires, those that were given, and withdrawing one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::action::{Action, ActionStatus};
use gaiterguard_domain::approvals::{
    Approvable, ApproverRole, Exclusion, Requirement, Tally, Vote, VoteRefused,
};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{ActionId, UserId};
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{Membership, Role};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{ActionView, Approver, Extent};
use gaiterguard_store::{Store, StoreError};
use gaiterguard_web::extract::ApiPath;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidParameter, NotFound};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Member;
use crate::people::People;

/// The approvals that an action requires, and those that were given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequiredApprovals)]
pub(crate) struct RequiredApprovals {
    /// How many people must approve. Fixed when the request was held.
    #[schema(minimum = 1, maximum = 10)]
    needed: u32,
    /// How many approvals count. While the action is pending, only those of people who may approve it now.
    #[schema(minimum = 0)]
    given: usize,
    /// These approvals, in the order in which they were given.
    by: Vec<VoteBody>,
    /// The roles of those who may approve.
    from: Vec<ApproverRole>,
    /// People whose approval does not count.
    exclude: Vec<Exclusion>,
    /// A proof that each approval requires, in addition to a session. Null if none is required.
    #[schema(required)]
    step_up: Option<StepUp>,
    /// Whether an approval of the caller would count. False if the caller has approved already.
    may_vote: bool,
    /// Why an approval of the caller would not count. Null if it would, if the caller has approved
    /// already, and if the action is not pending.
    #[schema(required)]
    may_not_vote_because: Option<VoteRefused>,
    /// Whether the caller may approve alone, with `break_glass`: an owner, while the action is pending and
    /// requires particular approvals.
    may_break_glass: bool,
}

/// One person's approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GivenApproval)]
pub(crate) struct VoteBody {
    /// ID of the user.
    user_id: i64,
    /// Email address of the user. Null if the user is not a member of the workspace.
    #[schema(required)]
    name: Option<String>,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The user's note.
    #[schema(required)]
    note: Option<String>,
    /// Whether a passkey was used for it. The assertion is kept, and `gaiterguard audit verify` verifies it again.
    stepped_up: bool,
}

/// How many approvals were given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalCount)]
pub(crate) struct TallyBody {
    /// How many approvals count.
    #[schema(minimum = 0)]
    given: usize,
    /// How many are needed.
    #[schema(minimum = 1, maximum = 10)]
    needed: u32,
    /// The approvals that count, in the order in which they were given.
    by: Vec<VoteBody>,
}

impl TallyBody {
    pub(super) fn of(tally: &Tally, people: &People) -> Self {
        Self {
            given: tally.votes.len(),
            needed: tally.needed,
            by: tally
                .votes
                .iter()
                .map(|vote| VoteBody::of(vote, people))
                .collect(),
        }
    }
}

impl VoteBody {
    fn of(vote: &Vote, people: &People) -> Self {
        Self {
            user_id: vote.by.0,
            name: people.name(vote.by),
            at: vote.at,
            note: vote.note.clone(),
            stepped_up: vote.stepped_up,
        }
    }
}

/// The votes on actions, as one user sees them.
pub(crate) struct Ballots {
    caller: UserId,
    members: HashMap<UserId, Membership>,
    effects: HashMap<ActionId, Effect>,
    votes: HashMap<ActionId, Vec<Vote>>,
}

impl Ballots {
    /// Reads the votes on those of the actions that require particular approvals.
    pub(crate) async fn of(
        store: &Store,
        caller: &Approver,
        views: &[ActionView],
    ) -> Result<Self, StoreError> {
        let actions = views.iter().map(|view| &view.action);
        let voted = actions.filter(|action| action.evaluation.approvals.is_some());
        let voted: Vec<ActionId> = voted.map(|action| action.id).collect();
        let members = store.member_list(caller.workspace).await?;
        let members = members
            .into_iter()
            .filter_map(|member| member.intact().ok());
        let effect = |view: &ActionView| Some((view.action.id, view.summary.as_ref()?.effect));
        Ok(Self {
            caller: caller.user,
            members: members
                .map(|member| (member.user.id, member.membership))
                .collect(),
            effects: views.iter().filter_map(effect).collect(),
            votes: store.votes(&voted).await?,
        })
    }

    fn refuses(
        &self,
        action: &Action,
        requirement: &Requirement,
        user: UserId,
    ) -> Option<VoteRefused> {
        let request = Approvable {
            service: action.service,
            effect: self.effects.get(&action.id).copied(),
        };
        requirement.refuses(request, user, self.members.get(&user))
    }

    /// Returns the votes that count.
    fn counted(&self, action: &Action, requirement: &Requirement) -> Vec<Vote> {
        let approval = action.state.approval();
        let Some(votes) = self.votes.get(&action.id) else {
            // The approval of an action that needs no votes.
            let only = approval.map(|approval| Vote {
                by: approval.by,
                at: approval.at,
                note: approval.note.clone(),
                break_glass: false,
                stepped_up: false,
            });
            return only.into_iter().collect();
        };
        let is_pending = action.state.status() == ActionStatus::Pending;
        let counts =
            |vote: &&Vote| !is_pending || self.refuses(action, requirement, vote.by).is_none();
        votes.iter().filter(counts).cloned().collect()
    }

    /// Returns the approvals of an action.
    pub(super) fn required(&self, action: &Action, people: &People) -> RequiredApprovals {
        let default = Requirement::default();
        let requirement = action.evaluation.approvals.as_ref().unwrap_or(&default);
        let votes = self.counted(action, requirement);
        let has_voted = votes.iter().any(|vote| vote.by == self.caller);
        let is_pending = action.state.status() == ActionStatus::Pending;
        let refused = self
            .refuses(action, requirement, self.caller)
            .filter(|_| is_pending);
        RequiredApprovals {
            needed: requirement.needed,
            given: votes.len(),
            by: votes
                .iter()
                .map(|vote| VoteBody::of(vote, people))
                .collect(),
            from: requirement.from.iter().copied().collect(),
            exclude: requirement.exclude.iter().copied().collect(),
            step_up: requirement.step_up,
            may_vote: is_pending && refused.is_none() && !has_voted,
            may_not_vote_because: refused,
            may_break_glass: is_pending && !requirement.is_of_any_one() && self.is_owner(),
        }
    }

    /// Whether the caller is an owner.
    fn is_owner(&self) -> bool {
        let membership = self.members.get(&self.caller);
        membership.is_some_and(|membership| membership.role == Role::Owner)
    }

    /// Whether an owner approved the action alone.
    pub(super) fn is_alone(&self, action: ActionId) -> bool {
        let mut votes = self.votes.get(&action).into_iter().flatten();
        votes.any(|vote| vote.break_glass)
    }
}

/// Returns whether a user's approval of an approved action was counted.
pub(super) async fn has_voted(
    store: &Store,
    user: UserId,
    action: ActionId,
) -> Result<bool, StoreError> {
    let votes = store.votes(&[action]).await?;
    Ok(votes.into_values().flatten().any(|vote| vote.by == user))
}

/// The approvals of a pending action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoteCounted {
    /// Always `PENDING`.
    pub(super) status: ActionStatus,
    /// The action.
    pub(super) action_id: Uuid,
    /// How many approvals it has.
    pub(super) approvals: TallyBody,
}

/// Withdraw an approval
///
/// Withdraws the caller's approval of an action that waits for others. Once the action is approved, it can
/// only be revoked.
#[utoipa::path(
    delete,
    path = "/approvals/{action_id}/vote",
    operation_id = "withdrawApproval",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action.")),
    responses(
        (status = 200, description = "The approval is withdrawn.", body = VoteCounted),
        InvalidParameter, NotFound, Conflict,
    )
)]
pub(super) async fn withdraw(
    State(gateway): State<Arc<Gateway>>,
    member: Member,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Json<VoteCounted>, Problem> {
    let (store, approver, action) = (gateway.store(), &member.approver(), ActionId(id));
    let approvals = gateway.approvals();
    approvals.withdraw_vote(approver, action).await?;
    let view = approvals.get(approver, action, Extent::Head).await?;
    let people = People::of(store, approver.workspace).await?;
    let ballots = Ballots::of(store, approver, std::slice::from_ref(&view)).await?;
    let RequiredApprovals {
        needed, given, by, ..
    } = ballots.required(&view.action, &people);
    Ok(Json(VoteCounted {
        status: view.action.state.status(),
        action_id: id,
        approvals: TallyBody { given, needed, by },
    }))
}
