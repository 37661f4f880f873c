//! The human's side of held requests: viewing them, ruling on them, and resolving unknown outcomes.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::action::{Action, ActionStatus, HumanDecision};
use gaiterguard_domain::approvals::Ballot;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::ledger::Changed;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::step_up::Presented;
use gaiterguard_domain::time::Clock;
use gaiterguard_domain::transition::{ballot, transition};
use gaiterguard_provenance::read_sources;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{ActionFilter, Page, Store, StoredAction};

use crate::action::damaged;
use crate::action::held::{HeldError, HeldRequests};
use crate::action::kept::{Kept, KeptResponses};
use crate::action::ruling::{
    ActionView, Approver, Extent, Ruled, Ruling, RulingRefused, check_note,
};
use crate::action::shown::ShownResponse;

/// Held requests as humans see them.
pub struct Approvals {
    store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    held: HeldRequests,
    kept: KeptResponses,
    approval_lifetime: Duration,
}

impl Approvals {
    pub(crate) fn new(
        store: Store,
        sealing: Sealing,
        clock: Arc<dyn Clock>,
        held: HeldRequests,
        kept: KeptResponses,
        approval_lifetime: Duration,
    ) -> Self {
        Self {
            store,
            sealing,
            clock,
            held,
            kept,
            approval_lifetime,
        }
    }

    /// Rules on an action. The first ruling wins; later callers get the resulting status. Where an action
    /// requires several approvals or a passkey, each approval is a vote, and the ledger counts them.
    ///
    /// # Errors
    ///
    /// If the ruling is invalid or not possible, or the database or the vault fails.
    pub async fn rule(
        &self,
        approver: &Approver,
        id: ActionId,
        ruling: Ruling,
        note: Option<String>,
        digest: Option<Digest>,
        passkey: Option<&Presented>,
    ) -> Result<Ruled, RulingRefused> {
        check_note(note.as_deref())?;
        loop {
            let found = self.find(approver.workspace, id).await?;
            let now = self.clock.now();
            let decision = HumanDecision {
                by: approver.user,
                at: now,
                note: note.clone(),
            };
            self.permitted(approver, &found)
                .await?
                .map_err(RulingRefused::NotPermitted)?;
            let mut change = match found {
                StoredAction::Intact(found) => {
                    let action = found.action;
                    if digest.is_some_and(|digest| digest != action.digest) {
                        return Err(RulingRefused::DigestMismatch);
                    }
                    if matches!(ruling, Ruling::Approve { .. }) {
                        self.check_readable(&action).await?;
                    }
                    let event = ruling.event(decision, self.approval_lifetime);
                    let mut change = transition(&action, event, Actor::User(approver.user), now)?;
                    if let Ruling::Approve { break_glass, .. } = ruling {
                        let summary = self.held.summary(&action, found.summary.as_ref()).await?;
                        let effect = summary.map(|summary| summary.effect);
                        change.ballot = ballot(&action, effect, break_glass).map(|ballot| Ballot {
                            presented: passkey.cloned(),
                            ..ballot
                        });
                    }
                    change
                }
                StoredAction::Damaged(found) => damaged::change(*found, &ruling, decision)?,
            };
            let status = change.state.status();
            let membership = approver.membership.clone();
            change.member = Some((approver.workspace, approver.user, membership));
            if let Some(press) = approver.press.clone() {
                change.press(press);
            }
            match self.store.action_change(change).await? {
                Changed::Done => return Ok(Ruled::Done(status)),
                Changed::Voted(tally) => return Ok(Ruled::Voted(tally)),
                Changed::VoteRefused(refused) => {
                    return Err(RulingRefused::MayNotApprove(refused));
                }
                Changed::MembershipChanged => return Err(RulingRefused::RoleChanged),
                Changed::PressRefused => return Err(RulingRefused::ButtonUsed),
                // Another change was faster, so the ruling is applied to its result.
                Changed::RevisionMoved
                | Changed::AuthorityChanged
                | Changed::NotReleased
                | Changed::Recalled => {}
            }
        }
    }

    /// Withdraws the caller's vote on a pending action.
    ///
    /// # Errors
    ///
    /// If the caller has no vote on a pending action with this id, or the database fails.
    pub async fn withdraw_vote(&self, by: &Approver, id: ActionId) -> Result<(), RulingRefused> {
        self.find(by.workspace, id).await?;
        let audit = NewAuditEntry {
            workspace: Some(by.workspace),
            at: self.clock.now(),
            actor: Actor::User(by.user),
            event: Event::ActionVoteWithdrawn,
            subject: Subject::Action(id),
            detail: serde_json::json!({}),
        };
        let is_withdrawn = self.store.vote_withdraw(id, by.user, audit).await?;
        is_withdrawn.then_some(()).ok_or(RulingRefused::NoVote)
    }

    /// Returns the pending actions, oldest first, as lists show them.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn pending(&self, approver: &Approver) -> Result<Vec<ActionView>, RulingRefused> {
        let now = self.clock.now();
        let mut views = Vec::new();
        for found in self.store.action_pending(approver.workspace, now).await? {
            views.push(self.view(approver, found, Extent::Head).await?);
        }
        Ok(views)
    }

    /// Returns a page of actions, newest first, as lists show them.
    ///
    /// # Errors
    ///
    /// If the cursor does not belong to this list, or the database or the vault fails.
    pub async fn list(
        &self,
        approver: &Approver,
        filter: &ActionFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ActionView>, RulingRefused> {
        let page = self
            .store
            .action_list(approver.workspace, filter, cursor, limit)
            .await?;
        let mut items = Vec::with_capacity(page.items.len());
        for found in page.items {
            items.push(self.view(approver, found, Extent::Head).await?);
        }
        Ok(Page {
            items,
            next_cursor: page.next_cursor,
        })
    }

    /// Returns one action.
    ///
    /// # Errors
    ///
    /// If the workspace does not have the action, or the database or the vault fails.
    pub async fn get(
        &self,
        approver: &Approver,
        id: ActionId,
        extent: Extent,
    ) -> Result<ActionView, RulingRefused> {
        let found = self.find(approver.workspace, id).await?;
        let mut view = self.view(approver, found, extent).await?;
        if view.request.is_some() {
            view.provenance = read_sources(&self.store, &self.sealing, &view.action).await;
        }
        Ok(view)
    }

    /// Returns why a human's role and limits do not allow rulings on an action, as the inner error.
    async fn permitted(
        &self,
        approver: &Approver,
        found: &StoredAction,
    ) -> Result<Result<(), String>, RulingRefused> {
        let membership = &approver.membership;
        let (service, effect) = match found {
            // Opening the summary is only worth it for a human who is limited to some effects.
            StoredAction::Intact(found) if membership.effects.is_some() => {
                let summary = found.summary.as_ref();
                let summary = self.held.summary(&found.action, summary).await?;
                (found.action.service, summary.map(|summary| summary.effect))
            }
            StoredAction::Intact(found) => (found.action.service, None),
            StoredAction::Damaged(found) => (found.service, None),
        };
        Ok(membership.demand_decision(service, effect))
    }

    async fn find(
        &self,
        workspace: WorkspaceId,
        id: ActionId,
    ) -> Result<StoredAction, RulingRefused> {
        let found = self.store.action_find(id).await?;
        let is_of = |found: &StoredAction| match found {
            StoredAction::Intact(whole) => whole.action.workspace == workspace,
            StoredAction::Damaged(damaged) => damaged.workspace == workspace,
        };
        found.filter(is_of).ok_or(RulingRefused::NotFound)
    }

    /// Returns the view of an action. A damaged one is shown as damaged, because it must not hide the
    /// others.
    async fn view(
        &self,
        approver: &Approver,
        found: StoredAction,
        extent: Extent,
    ) -> Result<ActionView, RulingRefused> {
        let now = self.clock.now();
        let not_permitted = self.permitted(approver, &found).await?.err();
        let found = match found {
            StoredAction::Intact(found) => *found,
            StoredAction::Damaged(damaged) => {
                let view = damaged::view(*damaged, now);
                return Ok(ActionView {
                    not_permitted,
                    ..view
                });
            }
        };
        let action = found.action.at(now);
        let request = match extent {
            Extent::Whole => self.held.shown_whole(&action).await,
            Extent::Head => self.held.shown_head(&action).await,
        };
        let request = match request {
            Ok(request) => Some(request),
            Err(HeldError::Unreadable) => None,
            Err(error) => return Err(error.into()),
        };
        let summary = self.held.summary(&action, found.summary.as_ref()).await?;
        let kept = self.kept.of_action(&action).await?;
        Ok(ActionView {
            action,
            agent_name: found.agent_name,
            service_name: found.service_name,
            label: found.label,
            request,
            summary,
            provenance: Vec::new(),
            not_permitted,
            response_is_damaged: matches!(kept, Kept::Damaged),
            response: kept.readable().map(match extent {
                Extent::Whole => ShownResponse::whole,
                Extent::Head => ShownResponse::head,
            }),
        })
    }

    /// Checks that the request of a pending action can be read: otherwise no human can have seen it.
    async fn check_readable(&self, action: &Action) -> Result<(), RulingRefused> {
        let is_pending = action.state.status() == ActionStatus::Pending;
        match self.held.whole(action).await {
            // An action that is not pending is refused for that.
            Err(HeldError::Unreadable) if !is_pending => Ok(()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
