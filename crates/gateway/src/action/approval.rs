//! The human's side of held requests: look, decide, and settle what nobody else can.

use gaiterguard_domain::action::{
    Action, ActionEvent, ActionStatus, HumanDecision, NOTE_CHARS_MAX, Resolution,
};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::field::KEY_NOT_STORED;
use gaiterguard_domain::id::{ActionId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::Changed;
use gaiterguard_domain::redact;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_provenance::{ValueSource, read_sources};
use gaiterguard_store::{ActionFilter, InvalidCursor, Page, StoreError, StoredAction};
use thiserror::Error;

use crate::Gateway;
use crate::action::damaged;
use crate::action::held::{ShownAnswer, ShownRequest};
use crate::refusal::Refusal;
use crate::{action, sealed};

/// The human who looks or decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Who.
    pub user: UserId,
    /// In which workspace.
    pub workspace: WorkspaceId,
}

/// An action with everything a human needs to see.
#[derive(Clone, Debug)]
pub struct ActionView {
    /// The action as it stands now.
    pub action: Action,
    /// The agent's name.
    pub agent_name: String,
    /// The service's name.
    pub service_name: String,
    /// The request: all of it for one action, its head in a list. None if what is stored is damaged;
    /// then the action can be ended and not approved.
    pub request: Option<ShownRequest>,
    /// The upstream's answer, where there is one and it is kept; cut in a list as the request is.
    pub answer: Option<ShownAnswer>,
    /// Whether there is an answer that cannot be read.
    pub answer_is_damaged: bool,
    /// Where values of the request had been seen when it was held; none in a list.
    pub provenance: Vec<ValueSource>,
}

/// How much of an action is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What a list shows.
    Head,
}

/// What a human decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The agent may have it executed.
    Approve,
    /// It is refused.
    Deny,
    /// It is taken back.
    Revoke,
    /// The upstream was looked at.
    Resolve(Resolution),
}

/// Why a ruling does not stand.
#[derive(Debug, Error)]
pub enum RulingRefused {
    /// The workspace has no such action.
    #[error("this workspace has no action with this ID")]
    NotFound,
    /// The note is too long, or holds a NUL, which no database text can.
    #[error(
        "must be at most {NOTE_CHARS_MAX} characters long and must not contain a null \
             character"
    )]
    NoteRefused,
    /// The note holds an agent key.
    #[error("{KEY_NOT_STORED}")]
    NoteHoldsKey,
    /// The digest is not that of the stored request.
    #[error("the digest does not match the request; review the request again before you decide")]
    DigestMismatch,
    /// What is stored of the action is damaged, so nobody can have seen what would be sent.
    #[error("the stored request cannot be read, so it cannot be approved; deny it instead")]
    Unreadable,
    /// The action does not stand where such a ruling is possible.
    #[error("the action is {}; nothing was changed", .0.as_str())]
    NotPossible(ActionStatus),
    /// The cursor is none of this list.
    #[error(transparent)]
    Cursor(InvalidCursor),
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable; check the action's status before you try again")]
    Unavailable,
}

impl From<StoreError> for RulingRefused {
    fn from(error: StoreError) -> Self {
        if let StoreError::Cursor(refused) = error {
            return Self::Cursor(refused);
        }
        tracing::error!(%error, "storage failed");
        Self::Unavailable
    }
}

impl Gateway {
    /// Decides on an action. Of several rulings one wins; the others are told what it came to.
    pub async fn rule(
        &self,
        approver: Approver,
        id: ActionId,
        ruling: Ruling,
        note: Option<String>,
        digest: Option<Digest>,
    ) -> Result<ActionStatus, RulingRefused> {
        if note
            .as_ref()
            .is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX || note.contains('\0'))
        {
            return Err(RulingRefused::NoteRefused);
        }
        let holds_key = |note: &String| redact::holds_agent_key(note.as_bytes());
        if note.as_ref().is_some_and(holds_key) {
            return Err(RulingRefused::NoteHoldsKey);
        }
        loop {
            let action = match self.action_in(approver.workspace, id).await? {
                StoredAction::Intact(found) => found.action,
                StoredAction::Damaged(damaged) => {
                    match self
                        .end_damaged(approver, *damaged, &ruling, note.clone())
                        .await?
                    {
                        Some(status) => return Ok(status),
                        None => continue,
                    }
                }
            };
            if digest.is_some_and(|digest| digest != action.digest) {
                return Err(RulingRefused::DigestMismatch);
            }
            let word = HumanDecision {
                by: approver.user,
                at: self.clock.now(),
                note: note.clone(),
            };
            if ruling == Ruling::Approve {
                self.check_readable(&action).await?;
            }
            let event = match &ruling {
                Ruling::Approve => ActionEvent::Approve {
                    decision: word,
                    lifetime: self.settings.approval_lifetime,
                },
                Ruling::Deny => ActionEvent::Deny(word),
                Ruling::Revoke => ActionEvent::Revoke(word),
                Ruling::Resolve(finding) => ActionEvent::Resolve {
                    decision: word,
                    resolution: *finding,
                },
            };
            let actor = Actor::User(approver.user);
            match self.change_action(action, event, actor, None).await {
                Ok((Changed::Done, action)) => return Ok(action.state.status()),
                // Someone else was faster: look again at what it has come to.
                Ok((Changed::RevisionMoved | Changed::AuthorityChanged | Changed::Recalled, _)) => {
                }
                Err(Refusal::ActionNotApproved { status }) => {
                    return Err(RulingRefused::NotPossible(status));
                }
                Err(_) => return Err(RulingRefused::Unavailable),
            }
        }
    }

    /// The actions that wait for a human, oldest first, each by its head.
    pub async fn pending(&self, approver: Approver) -> Result<Vec<ActionView>, RulingRefused> {
        let now = self.clock.now();
        let mut views = Vec::new();
        for found in self.store.action_pending(approver.workspace, now).await? {
            views.push(self.view(found, Extent::Head).await?);
        }
        Ok(views)
    }

    /// Actions, newest first, a page at a time, each by its head.
    pub async fn actions(
        &self,
        approver: Approver,
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
            items.push(self.view(found, Extent::Head).await?);
        }
        Ok(Page {
            items,
            next_cursor: page.next_cursor,
        })
    }

    /// One action.
    pub async fn action(
        &self,
        approver: Approver,
        id: ActionId,
        extent: Extent,
    ) -> Result<ActionView, RulingRefused> {
        let found = self.action_in(approver.workspace, id).await?;
        let mut view = self.view(found, extent).await?;
        if view.request.is_some() {
            view.provenance = read_sources(&self.store, &self.sealing, &view.action).await;
        }
        Ok(view)
    }

    async fn action_in(
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

    /// One that cannot be read is shown as that: it must not hide the others.
    async fn view(&self, found: StoredAction, extent: Extent) -> Result<ActionView, RulingRefused> {
        let found = match found {
            StoredAction::Intact(found) => *found,
            StoredAction::Damaged(damaged) => return Ok(damaged::view(*damaged, self.clock.now())),
        };
        let action = action::seen(found.action, self.clock.now());
        let request = match extent {
            Extent::Whole => self.shown_whole(&action).await,
            Extent::Head => self.shown_head(&action).await,
        };
        let request = match request {
            Ok(request) => Some(request),
            Err(Refusal::ActionUnreadable) => None,
            Err(_) => return Err(RulingRefused::Unavailable),
        };
        let answer = self.action_answer_kept(&action).await;
        let answer = answer.map_err(|_| RulingRefused::Unavailable)?;
        Ok(ActionView {
            action,
            agent_name: found.agent_name,
            service_name: found.service_name,
            request,
            provenance: Vec::new(),
            answer_is_damaged: matches!(answer, Kept::Damaged),
            answer: answer.readable().map(match extent {
                Extent::Whole => ShownAnswer::whole,
                Extent::Head => ShownAnswer::head,
            }),
        })
    }

    /// Nobody can have seen a request that cannot be read.
    async fn check_readable(&self, action: &Action) -> Result<(), RulingRefused> {
        let is_pending = action.state.status() == ActionStatus::Pending;
        match self.held_request(action).await {
            Err(Refusal::ActionUnreadable) if is_pending => Err(RulingRefused::Unreadable),
            // One that is decided already is refused for that.
            Ok(_) | Err(Refusal::ActionUnreadable) => Ok(()),
            Err(_) => Err(RulingRefused::Unavailable),
        }
    }

    /// The kept answer of an executed action, if it can be read.
    pub(crate) async fn action_kept_answer(
        &self,
        action: &Action,
    ) -> Result<Option<KeptResponse>, Refusal> {
        Ok(self.action_answer_kept(action).await?.readable())
    }

    async fn action_answer_kept(&self, action: &Action) -> Result<Kept, Refusal> {
        if action.state.status() != ActionStatus::Executed {
            return Ok(Kept::Nothing);
        }
        let stored = match self.store.action_response(action.id).await {
            Ok(None) => return Ok(Kept::Nothing),
            Ok(Some(stored)) => stored,
            Err(error) if error.is_damage() => {
                tracing::error!(%error, "a stored response is damaged");
                return Ok(Kept::Damaged);
            }
            Err(error) => return Err(error.into()),
        };
        let purpose = sealed::action_answer(action.id);
        let opened = self
            .open_answer(action.workspace, &purpose, &stored)
            .await?;
        Ok(match opened {
            Some(answer) => Kept::Whole(answer),
            None if stored.content.is_some() => Kept::Damaged,
            None => Kept::Nothing,
        })
    }
}

/// What is kept of the answer to an action.
enum Kept {
    Nothing,
    Whole(KeptResponse),
    Damaged,
}

impl Kept {
    fn readable(self) -> Option<KeptResponse> {
        match self {
            Self::Whole(answer) => Some(answer),
            Self::Nothing | Self::Damaged => None,
        }
    }
}
