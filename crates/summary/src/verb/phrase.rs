//! The act of a request, and the kind of thing that it is done to.

use crate::path::Target;
use crate::words::{is_in, singular, spaced, words};

/// The act, and the kind of thing that it is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// The verb, with a capital letter: `Refund`, `Send`.
    pub(crate) verb: String,
    /// The thing: `message`; `None` if the verb says it.
    pub(crate) noun: Option<String>,
    /// Whether the last name in the path is the thing, and not only what the thing belongs to.
    pub(crate) takes_name: bool,
    /// Whether nothing selects some of the things, so that it is done to all of them.
    pub(crate) is_for_all: bool,
}

impl Phrase {
    /// Whether the verb and the noun are those of an act that a value names: `password_reset`.
    pub(crate) fn says(&self, act: &str) -> bool {
        let said = self.verb.to_ascii_lowercase();
        let said = said.strip_prefix("bulk ").unwrap_or(&said);
        let act = spaced(act);
        match act.strip_prefix(said).map(str::trim) {
            Some("") => true,
            Some(object) => self.noun.as_deref() == Some(object),
            None => false,
        }
    }

    /// Whether the verb is an act that a value names, in the past or not: `REJECTED`.
    pub(crate) fn says_verdict(&self, act: &str) -> bool {
        let verb = self.verb.to_ascii_lowercase();
        let act = act.to_ascii_lowercase();
        let is_past = act
            .strip_prefix(&verb)
            .is_some_and(|rest| is_in("d ed", rest));
        is_past || self.says(&act)
    }

    /// Whether the verb says that an amount of money changes hands.
    pub(crate) fn moves_money(&self) -> bool {
        moves_money(&self.verb)
    }

    /// Whether a thing changes hands that is not money: a license or a ticket.
    fn is_of_thing(&self) -> bool {
        const MONEY: &str = "account balance budget card credit deposit donation escrow fund invoice ledger loan \
            money order payment payout pot refund sale transaction transfer wallet withdrawal";
        let noun = self.noun.as_deref().map(singular).unwrap_or_default();
        let last = noun.rsplit(' ').next().unwrap_or_default();
        self.takes_name && !last.is_empty() && !is_in(MONEY, last)
    }

    /// Whether the verb says that a thing changes hands and not an amount.
    pub(crate) fn moves_object(&self) -> bool {
        self.verb == "Transfer" && self.is_of_thing()
    }

    /// Whether work is handed to somebody else: a ticket or a call.
    pub(super) fn moves_case(&self) -> bool {
        const CASES: &str = "call case chat conversation incident issue lead ticket task thread";
        let noun = self.noun.as_deref().map(singular).unwrap_or_default();
        self.moves_object() && is_in(CASES, noun.rsplit(' ').next().unwrap_or_default())
    }

    /// Whether the noun says nothing without what it belongs to, such as the settings of a workspace.
    pub(crate) fn is_part(&self) -> bool {
        self.noun
            .as_deref()
            .is_some_and(|noun| is_generic(&singular(noun)))
    }

    /// Whether the verb says only that something changes, as the method does.
    pub(crate) fn is_mild(&self) -> bool {
        is_in(MILD, &self.verb)
    }

    /// Whether a thing that lets somebody or something sign in is made, given or renewed.
    pub(super) fn is_about_access(&self) -> bool {
        const MAKES: &str = "Add Change Create Generate Issue Make Mint Regenerate Register Renew Replace Reset \
            Roll Rotate Set Update Upload";
        is_in(MAKES, &self.verb) && self.gives_access()
    }

    /// Whether the thing that is created lets somebody or something sign in.
    pub(super) fn gives_access(&self) -> bool {
        let noun = self.noun.as_deref().unwrap_or_default();
        is_identity(noun)
    }

    /// Whether the noun is that of a record or a limit: it says something about money or a device, and moves nothing.
    pub(crate) fn is_record(&self) -> bool {
        const RECORDS: &str = "bill budget cap claim coupon discount estimate expense forecast goal invoice limit \
            pricelist product quotation quote rate receipt report setpoint statement tariff threshold timesheet";
        self.last_noun_in(RECORDS)
    }

    /// Whether somebody is let into a place: the noun is a right to enter, or what opens a door.
    pub(super) fn opens_place(&self, target: &Target) -> bool {
        const MAKES: &str = "Add Assign Change Create Give Grant Issue Replace Set Update";
        const RIGHTS: &str =
            "access badge clearance credential entry fob grant keycard permit visitor";
        const PLACES: &str =
            "building cardholder door elevator entrance gate lock room site turnstile";
        let is_of_place = target
            .words
            .iter()
            .flat_map(|word| words(word))
            .any(|word| is_in(PLACES, &singular(&word)));
        let noun = self.noun.as_deref().unwrap_or_default();
        let opens_lock = is_in("code passcode pin", noun)
            && target
                .words
                .iter()
                .any(|word| is_in("door doors gate gates lock locks", word));
        let says_right = opens_lock || words(noun).any(|word| is_in(RIGHTS, &singular(&word)));
        is_in(MAKES, &self.verb)
            && (is_of_place && says_right || noun.starts_with("access ") && !noun.ends_with("log"))
    }

    /// Whether the thing lets in anyone who has it, so that it matters when it ends.
    pub(crate) fn can_expire(&self) -> bool {
        const THINGS: &str = "access badge certificate credential grant invitation invite key link pass permit secret share \
            token";
        let noun = self.noun.as_deref().map(singular).unwrap_or_default();
        is_in("Invite Share", &self.verb) || noun.split(' ').any(|word| is_in(THINGS, word))
    }

    fn last_noun_in(&self, list: &str) -> bool {
        let noun = self.noun.as_deref().map(singular).unwrap_or_default();
        is_in(list, noun.rsplit(' ').next().unwrap_or_default())
    }

    /// Whether the thing is a person, so that a recipient in the request is the person itself.
    pub(crate) fn is_person(&self) -> bool {
        let noun = self.noun.as_deref().unwrap_or_default();
        let last = noun.rsplit(' ').next().unwrap_or_default();
        is_in(
            "contact customer employee lead member person user",
            &singular(last),
        )
    }
}

/// Whether a verb says that an amount of money changes hands.
pub(crate) fn moves_money(verb: &str) -> bool {
    const MOVES: &[&str] = &[
        "Capture", "Charge", "Credit", "Debit", "Donate", "Pay", "Pay out", "Refund", "Tip",
        "Top up", "Transfer", "Withdraw",
    ];
    MOVES.contains(&verb)
}

/// Verbs that say no more than the method does. They must not hide a payment or a deletion.
pub(super) const MILD: &str = "Add Create Change Complete Confirm Get Issue List Make Mark Modify Open Place Post \
    Register Save Set Start Submit Update Upsert Write";

/// Things that let somebody or something sign in.
const IDENTITIES: &[&str] = &[
    "access key",
    "access token",
    "api key",
    "api secret",
    "api token",
    "app password",
    "client secret",
    "credential",
    "credentials",
    "deploy key",
    "key pair",
    "refresh token",
    "secret",
    "secret key",
    "service account",
    "signing key",
    "ssh key",
];

/// Whether a noun is that of a thing that lets somebody or something sign in.
pub(super) fn is_identity(noun: &str) -> bool {
    IDENTITIES.iter().any(|identity| noun.ends_with(identity))
}

/// Nouns that say nothing without what they belong to.
const GENERIC: &str = "attribute config configuration content data detail entry field info item list metadata \
    option parameter preference property record setting status state value";

/// Whether a noun says nothing without what it belongs to.
pub(super) fn is_generic(word: &str) -> bool {
    is_in(GENERIC, word.rsplit(' ').next().unwrap_or_default())
}
