//! A press of a button: who pressed it, and the decision that the engine makes of it.

use std::time::Duration;

use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::Press;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::action::{Approver, Extent, Ruled, Ruling, RulingRefused};
use gaiterguard_notify::{Bot, ChannelKind};
use gaiterguard_store::{CardButton, CardDecision, StoreError, StoredAction};

use crate::accounts::Sender;
use crate::chats::Chats;

/// The reply to a press, in words.
pub(crate) enum Reply {
    /// The decision counts.
    Decided(String),
    /// Nothing was decided, and why.
    Refused(String),
}

impl Reply {
    /// Returns the words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Decided(text) | Self::Refused(text) => text,
        }
    }

    fn unavailable(error: &StoreError) -> Self {
        tracing::warn!(%error, "a press of a button cannot be handled");
        Self::Refused(
            "GaiterGuard's storage is unavailable. Check the request before you try again."
                .to_owned(),
        )
    }
}

/// The reply to a button that belongs to no card of this bot.
const UNKNOWN: &str = "Nothing was decided: this button is too old. Decide in GaiterGuard.";

impl Chats {
    /// Decides with a button.
    pub(crate) async fn decide(
        &self,
        bot: &Bot,
        sender: &Sender,
        token_hash: &[u8; 32],
        note: Option<String>,
    ) -> Reply {
        let (button, approver) = match self.approver(bot, sender, token_hash).await {
            Ok(found) => found,
            Err(refused) => return refused,
        };
        let ruling = match button.decision {
            CardDecision::Approve => Ruling::Approve {
                undo: Duration::ZERO,
                break_glass: false,
            },
            CardDecision::Deny => Ruling::Deny,
        };
        // The function of the dashboard. If it asks for more than a press, such as a fresh passkey, which no chat can
        // give, it refuses, and the reply says why.
        let approvals = self.deps.gateway.approvals();
        let digest = Some(button.digest);
        let ruled = approvals.rule(&approver, button.action, ruling, note, digest, None);
        match ruled.await {
            Ok(Ruled::Done(ActionStatus::Denied)) => {
                Reply::Decided("Denied. The request is never sent.".to_owned())
            }
            Ok(Ruled::Done(_)) => {
                Reply::Decided("Approved. The agent may send the request.".to_owned())
            }
            Ok(Ruled::Voted(tally)) => Reply::Decided(format!(
                "Your approval counts: {} of {}.",
                tally.votes.len(),
                tally.needed
            )),
            Err(refused) => self.explain(&button, &refused).await,
        }
    }

    /// Checks that a sender may decide with a button now, before the reason is asked for. The decision itself checks
    /// it again.
    pub(crate) async fn may_decide(
        &self,
        bot: &Bot,
        sender: &Sender,
        token_hash: &[u8; 32],
    ) -> Result<(), Reply> {
        let (button, approver) = self.approver(bot, sender, token_hash).await?;
        let approvals = self.deps.gateway.approvals();
        let view = match approvals.get(&approver, button.action, Extent::Head).await {
            Ok(view) => view,
            Err(refused) => return Err(self.explain(&button, &refused).await),
        };
        if let Some(why) = view.not_permitted {
            return Err(Reply::Refused(format!("Nothing was decided: {why}.")));
        }
        let status = view.action.state.status();
        if status != ActionStatus::Pending {
            let refused = RulingRefused::NotPossible(status);
            return Err(self.explain(&button, &refused).await);
        }
        if button.used_by.is_some() {
            let refused = RulingRefused::ButtonUsed;
            return Err(self.explain(&button, &refused).await);
        }
        Ok(())
    }

    /// Returns a button, and the member who pressed it.
    async fn approver(
        &self,
        bot: &Bot,
        sender: &Sender,
        token_hash: &[u8; 32],
    ) -> Result<(CardButton, Approver), Reply> {
        let store = &self.deps.store;
        let unknown = || Reply::Refused(UNKNOWN.to_owned());
        let unavailable = |error: StoreError| Reply::unavailable(&error);
        let button = store.card_button(token_hash).await.map_err(unavailable)?;
        let button = button.ok_or_else(unknown)?;
        if !self.is_of(bot, &button).await {
            return Err(unknown());
        }
        if let Some(card) = &sender.card {
            let subject = Subject::Action(button.action).to_string();
            let adopted = store.delivery_adopt(button.channel, &subject, card, self.now());
            adopted.await.map_err(unavailable)?;
        }
        let workspace = bot.workspace();
        let found = store.chat_account(workspace, bot.app(), &sender.account);
        let Some(account) = found.await.map_err(unavailable)? else {
            return Err(Reply::Refused(not_linked(bot)));
        };
        let membership = store.member_get(workspace, account.user);
        let Some(membership) = membership.await.map_err(unavailable)? else {
            let text = "Nothing was decided: you are not a member of this workspace.";
            return Err(Reply::Refused(text.to_owned()));
        };
        if let Err(why) = membership.demand(Permission::Decide) {
            return Err(Reply::Refused(format!("Nothing was decided: {why}.")));
        }
        let press = Press {
            token_hash: *token_hash,
            channel: button.channel,
            account: account.id,
        };
        let approver = Approver {
            user: account.user,
            workspace,
            membership,
            press: Some(press),
        };
        Ok((button, approver))
    }

    /// Whether this bot, or the same bot in another channel of the workspace, sent the button's card.
    async fn is_of(&self, bot: &Bot, button: &CardButton) -> bool {
        if button.channel == bot.id() {
            return true;
        }
        let other = self.deps.notifications.bot(button.channel).await;
        let other = other.ok().flatten();
        other.is_some_and(|other| other.workspace() == bot.workspace() && other.app() == bot.app())
    }

    /// Says why nothing was decided, and what has happened to the request instead.
    async fn explain(&self, button: &CardButton, refused: &RulingRefused) -> Reply {
        let happened = match refused {
            RulingRefused::NotPossible(status) => self.happened(button.action, *status).await,
            RulingRefused::ButtonUsed => {
                Some("this button was used already; the message will be updated shortly".to_owned())
            }
            RulingRefused::NotFound => Some("the request no longer exists".to_owned()),
            _ => None,
        };
        let why = happened.unwrap_or_else(|| refused.to_string());
        Reply::Refused(format!("Nothing was decided: {why}."))
    }

    /// Returns how a request has ended, with who decided.
    async fn happened(&self, action: ActionId, status: ActionStatus) -> Option<String> {
        let store = &self.deps.store;
        let Ok(Some(StoredAction::Intact(found))) = store.action_find(action).await else {
            return None;
        };
        let decision = found.action.state.last_decision();
        let mut by = String::new();
        if let Some(decision) = decision
            && let Ok(Some(user)) = store.user_get(decision.by).await
        {
            by = format!(" by {} at {}", user.email.as_str(), decision.at);
        }
        let how = match status {
            ActionStatus::Pending => return None,
            ActionStatus::Approved => "was already approved",
            ActionStatus::Denied => "was already denied",
            ActionStatus::Revoked => "was revoked",
            ActionStatus::Expired => return Some("the request has expired".to_owned()),
            ActionStatus::Executing => "is being sent; it was approved",
            ActionStatus::Executed => "was already sent; it was approved",
            ActionStatus::Indeterminate => "was sent, with an unknown outcome; it was approved",
        };
        Some(format!("the request {how}{by}"))
    }
}

/// Says how an account is linked.
fn not_linked(bot: &Bot) -> String {
    let (chat, command) = match bot.kind() {
        ChannelKind::Slack => ("Slack", "/gaiterguard link CODE"),
        _ => ("Telegram", "/link CODE"),
    };
    format!(
        "Nothing was decided: your {chat} account is not linked to a user of GaiterGuard. Create a code at \
         {}/app/settings, then send: {command}",
        bot.public_url()
    )
}
