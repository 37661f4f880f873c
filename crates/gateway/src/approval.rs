//! The human's side of held requests: look, decide, and settle what nobody else can.

use gaiterguard_domain::answer::KeptAnswer;
use gaiterguard_domain::approval::{
    Action, ActionEvent, ActionStatus, Finding, NOTE_CHARS_MAX, Word,
};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::id::{ActionId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::Changed;
use gaiterguard_domain::request::{CanonicalRequest, Digest};
use gaiterguard_store::{ActionFilter, ActionWithNames, CursorRefused, Page, StoreError};
use thiserror::Error;

use crate::Gateway;
use crate::action;
use crate::refusal::Refusal;
use crate::sealed;

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
    /// The exact request.
    pub request: CanonicalRequest,
    /// The upstream's answer, where there is one and it is kept.
    pub answer: Option<KeptAnswer>,
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
    Resolve(Finding),
}

/// Why a ruling does not stand.
#[derive(Debug, Error)]
pub enum RulingRefused {
    /// The workspace has no such action.
    #[error("there is no such action in this workspace")]
    NotFound,
    /// The note is too long, or holds a NUL, which no database text can.
    #[error("must be at most {NOTE_CHARS_MAX} characters long, without NUL")]
    NoteRefused,
    /// The digest is not that of the stored request.
    #[error("the digest is not that of the request; look at it again before deciding")]
    DigestMismatch,
    /// The action does not stand where such a ruling is possible.
    #[error("the action is {}; nothing was changed", .0.as_str())]
    NotPossible(ActionStatus),
    /// The cursor is none of this list.
    #[error(transparent)]
    Cursor(CursorRefused),
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable; nothing was changed")]
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
        loop {
            let action = self.action_in(approver.workspace, id).await?.action;
            if digest.is_some_and(|digest| digest != action.digest) {
                return Err(RulingRefused::DigestMismatch);
            }
            let word = Word {
                by: approver.user,
                at: self.clock.now(),
                note: note.clone(),
            };
            let event = match &ruling {
                Ruling::Approve => ActionEvent::Approve {
                    word,
                    lifetime: self.settings.approval_lifetime,
                },
                Ruling::Deny => ActionEvent::Deny(word),
                Ruling::Revoke => ActionEvent::Revoke(word),
                Ruling::Resolve(finding) => ActionEvent::Resolve {
                    word,
                    finding: *finding,
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

    /// The actions that wait for a human, oldest first.
    pub async fn pending(&self, approver: Approver) -> Result<Vec<ActionView>, RulingRefused> {
        let now = self.clock.now();
        let mut views = Vec::new();
        for found in self.store.action_pending(approver.workspace, now).await? {
            views.push(self.view(found).await?);
        }
        Ok(views)
    }

    /// Actions, newest first, a page at a time.
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
            items.push(self.view(found).await?);
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
    ) -> Result<ActionView, RulingRefused> {
        let found = self.action_in(approver.workspace, id).await?;
        self.view(found).await
    }

    async fn action_in(
        &self,
        workspace: WorkspaceId,
        id: ActionId,
    ) -> Result<ActionWithNames, RulingRefused> {
        match self.store.action_get(id).await? {
            Some(found) if found.action.workspace == workspace => Ok(found),
            Some(_) | None => Err(RulingRefused::NotFound),
        }
    }

    async fn view(&self, found: ActionWithNames) -> Result<ActionView, RulingRefused> {
        let action = action::seen(found.action, self.clock.now());
        let unavailable = |_: Refusal| RulingRefused::Unavailable;
        let request = self.held_request(&action).await.map_err(unavailable)?;
        let answer = self
            .action_kept_answer(&action)
            .await
            .map_err(unavailable)?;
        Ok(ActionView {
            action,
            agent_name: found.agent_name,
            service_name: found.service_name,
            request,
            answer,
        })
    }

    /// The kept answer of an executed action.
    pub(crate) async fn action_kept_answer(
        &self,
        action: &Action,
    ) -> Result<Option<KeptAnswer>, Refusal> {
        if action.state.status() != ActionStatus::Executed {
            return Ok(None);
        }
        match self.store.action_answer(action.id).await? {
            Some(stored) => {
                let purpose = sealed::action_answer(action.id);
                self.open_answer(action.workspace, &purpose, &stored).await
            }
            None => Ok(None),
        }
    }
}
