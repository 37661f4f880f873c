//! Words of paths for grave acts, each with the verb that a person would use.

use gaiterguard_domain::effect::Effect;

use crate::words::singular;

/// Words of paths and operations that name the act itself. A path usually has the noun of a payment
/// (`/refunds`), where a person would use the verb.
const ACTS: &[(Effect, &[(&str, &str)])] = &[
    (
        Effect::Pay,
        &[
            ("refund", "Refund"),
            ("payout", "Pay out"),
            ("transfer", "Transfer"),
            ("withdrawal", "Withdraw"),
            ("withdraw", "Withdraw"),
            ("charge", "Charge"),
            ("capture", "Capture"),
            ("donation", "Donate"),
            ("purchase", "Buy"),
            ("buy", "Buy"),
            ("reservation", "Reserve"),
            ("booking", "Book"),
            ("order", "Order"),
            ("trade", "Trade"),
            ("topup", "Top up"),
            ("tip", "Tip"),
            ("checkout", "Check out"),
            ("transaction", "Transfer"),
            ("payment", "Pay"),
            ("pay", "Pay"),
        ],
    ),
    (
        Effect::Delete,
        &[
            ("cancel", "Cancel"),
            ("cancellation", "Cancel"),
            ("void", "Void"),
            ("revoke", "Revoke"),
            ("archive", "Archive"),
            ("purge", "Purge"),
            ("terminate", "Terminate"),
            ("remove", "Remove"),
            ("reset", "Reset"),
            ("close", "Close"),
            ("disable", "Disable"),
            ("deactivate", "Deactivate"),
            ("uninstall", "Uninstall"),
            ("wipe", "Wipe"),
            ("trash", "Move to trash"),
        ],
    ),
    (
        Effect::ShareOutside,
        &[
            ("invitation", "Invite"),
            ("invite", "Invite"),
            ("share", "Share"),
            ("publish", "Publish"),
            ("forward", "Forward"),
            ("reply", "Reply"),
            ("announce", "Announce"),
            ("call", "Call"),
        ],
    ),
    (Effect::Code, &[("exec", "Run command in")]),
];

/// Returns the verb of a word for an act with this effect.
pub(crate) fn act_of(effect: Effect, word: &str) -> Option<&'static str> {
    let word = singular(&word.to_ascii_lowercase());
    let (_, acts) = ACTS.iter().find(|(known, _)| *known == effect)?;
    acts.iter()
        .find(|(known, _)| *known == word)
        .map(|(_, verb)| *verb)
}
