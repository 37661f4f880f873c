//! Words of paths for grave acts, each with the verb that a person would use.

use gaiterguard_domain::effect::Effect;

use crate::compound;
use crate::words::{is_in, singular, spaced, words};

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

/// Words before what is done to an object.
pub(crate) const ACT_WRAPPERS: &str = "action actions command commands do lifecycle method methods operation operations \
    perform transition transitions";

/// Returns the verb of a word for an act with this effect.
pub(crate) fn act_of(effect: Effect, word: &str) -> Option<&'static str> {
    let word = singular(&word.to_ascii_lowercase());
    let (_, acts) = ACTS.iter().find(|(known, _)| *known == effect)?;
    acts.iter()
        .find(|(known, _)| *known == word)
        .map(|(_, verb)| *verb)
}

/// Whether the name of a procedure begins with a verb that moves money: `ChargeCard`.
pub(crate) fn pays(procedure: &str) -> bool {
    let own = procedure.rsplit(['.', '/']).next().unwrap_or_default();
    let first = words(own).next().unwrap_or_default();
    !compound::is_noun(own) && act_of(Effect::Pay, &first).is_some()
}

/// Nouns of things that a POST below an object creates or sets.
const NOUNS: &str = "address alert alias archive audio avatar backup balance banner bookmark branch budget build \
    bundle card cart certificate check chat child cluster code comment config contact content cover credential \
    data database device disk document domain draft egress email entry event feedback file folder goal group hook \
    icon image index ingress invoice issue item job key label language layout letter limit link list location logo log \
    mail mailbox map mark media metadata mode name network node note number object offer option page \
    password patch path phone photo picture pin plan policy position post price product profile project quota \
    rate record ref reply role row rule schedule schema scope secret session shadow sms snapshot space state status step \
    summary table tag target task team template text thread thumbnail ticket time title token twin topic user value \
    video view webhook window workflow worksheet zone";

/// Whether a word names something that a request below an object creates or sets, although it may be a verb, too.
pub(crate) fn is_noun(word: &str) -> bool {
    is_in(NOUNS, word)
}

/// Endings of nouns.
const ENDINGS: &[&str] = &[
    "age", "al", "ance", "ence", "er", "ics", "ing", "ion", "ism", "ist", "ity", "ment", "ness",
    "or", "ship", "sis", "ty", "us",
];

/// Words after a verb that are part of it: `check-out`.
const PARTICLES: &str = "away back down in off on out over up";

/// Returns the act of a word that is not known: a short word in the singular below an object, such as
/// `/animals/a1/cull`, is rather what is done than what is created.
pub(crate) fn unknown_act(word: &str) -> Option<String> {
    let plain = spaced(word);
    let all: Vec<String> = words(word).collect();
    let is_noun = |word: &str| {
        is_in(NOUNS, word)
            || singular(word) != word
            || ENDINGS.iter().any(|ending| word.ends_with(ending))
            || !word.bytes().all(|byte| byte.is_ascii_lowercase())
            || word.len() < 4
            // An abbreviation: `rrset`.
            || !word.contains(['a', 'e', 'i', 'o', 'u', 'y'])
            || word.as_bytes().first() == word.as_bytes().get(1)
    };
    match &*all {
        [only] => (!is_noun(only)).then_some(plain),
        [first, particle] => (is_in(PARTICLES, particle) && !is_in(NOUNS, first)).then_some(plain),
        _ => None,
    }
}
