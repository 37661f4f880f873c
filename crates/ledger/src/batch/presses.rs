//! Uses up the buttons of cards in channels, in the transaction of the decisions that are made with them.

use gaiterguard_database::connection::{execute, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::approvals::Vote;
use gaiterguard_domain::ledger::{ActionChange, Changed};

use crate::writer::transaction::Transaction;

/// Whether the button that a change is made with may still be used: it was not used, is of the state that the change
/// is based on, and the account in the chat is still linked to the human who decides. Presses of one button wait for
/// one another.
pub(super) async fn is_usable(
    tx: &mut Transaction,
    change: &ActionChange,
) -> Result<bool, StoreError> {
    let Some(press) = &change.press else {
        return Ok(true);
    };
    let Some((workspace, user, _)) = &change.member else {
        return Ok(false);
    };
    let lock = tx.dialect().sql(
        "SELECT used_at FROM card_buttons
         WHERE token_hash = $1 AND action_id = $2 AND revision = $3 AND expires_at > $4
           AND EXISTS (SELECT 1 FROM chat_accounts
                       WHERE id = $5 AND workspace_id = $6 AND user_id = $7)",
        "SELECT used_at FROM card_buttons
         WHERE token_hash = $1 AND action_id = $2 AND revision = $3 AND expires_at > $4
           AND EXISTS (SELECT 1 FROM chat_accounts
                       WHERE id = $5 AND workspace_id = $6 AND user_id = $7)
         FOR UPDATE",
    );
    let row = fetch_optional!(
        tx,
        (Option<i64>,),
        lock,
        press.token_hash.as_slice(),
        change.action.to_string(),
        change.revision,
        change.audit.at.0,
        press.account.0,
        workspace.0,
        user.0,
    );
    Ok(row == Some((None,)))
}

/// Uses up the button that a change was made with, if the change was made.
pub(super) async fn use_up(
    tx: &mut Transaction,
    change: &ActionChange,
    changed: &Changed,
) -> Result<(), StoreError> {
    let (Some(press), Some((_, user, _))) = (&change.press, &change.member) else {
        return Ok(());
    };
    match changed {
        Changed::Done => {}
        // A vote that counted already changes nothing, and its card stays as it is.
        Changed::Voted(tally) if tally.votes.iter().any(|vote| is_of(change, vote)) => {}
        _ => return Ok(()),
    }
    execute!(
        tx,
        "UPDATE card_buttons SET used_by = $2, used_at = $3 WHERE token_hash = $1",
        press.token_hash.as_slice(),
        user.0,
        change.audit.at.0,
    );
    Ok(())
}

/// Whether a vote was given with a change.
fn is_of(change: &ActionChange, vote: &Vote) -> bool {
    let approval = change.state.approval();
    approval.is_some_and(|approval| approval.by == vote.by && approval.at == vote.at)
}
