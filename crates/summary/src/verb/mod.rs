//! The verb of a headline, and the noun of what it is about.

mod documented;
mod form;
mod method;

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::Role;
use http::{HeaderMap, Method};

use crate::acts::{ACT_WRAPPERS, act_of, is_noun, unknown_act};
use crate::amount::is_amount;
use crate::kind::{STORES, pays_account};
use crate::member::is_identifier;
use crate::path::Target;
use crate::segments::is_file;
use crate::values::Value;
use crate::words::{
    SEVERAL, act_of_noun, begins_with_verb, capitalized, is_general, is_in, is_verb, noun_of,
    plural, singular, spaced, words,
};
use crate::{audience, compound, header};
use documented::documented;
use method::{is_quality, is_relation, plain};

pub(crate) use form::Form;

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
    fn moves_case(&self) -> bool {
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
    fn is_about_access(&self) -> bool {
        const MAKES: &str = "Add Change Create Generate Issue Make Mint Regenerate Register Renew Replace Reset \
            Roll Rotate Set Update Upload";
        is_in(MAKES, &self.verb) && self.gives_access()
    }

    /// Whether the thing that is created lets somebody or something sign in.
    fn gives_access(&self) -> bool {
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
    fn opens_place(&self, target: &Target) -> bool {
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

/// Verbs of a POST that changes what exists.
const CHANGES: &str = "Accept Approve Assign Change Confirm Decline Deny Edit Enable Lock Mark Merge Modify Move Pause Pin Reassign Reject Rename \
    Reopen Reorder Replace Resize Restore Resume Scale Set Suspend Transition Unassign Unlock Unpin \
    Update Upgrade Upsert";

/// Verbs that are not also nouns, so that one before a name is what is done to it: `/approve/job_1`.
const PLAIN_ACTS: &str = "accept activate approve archive assign attach cancel deactivate detach disable \
    enable install invite publish reject restart restore resume revoke suspend terminate unarchive unseal verify";

/// Verbs at the end of the path of a DELETE that are what is done; any other is what is deleted.
const REMOVES: &str = "cancel clear deactivate delete destroy detach disable discard expunge purge reject remove \
    revoke terminate unassign unlink void";

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

fn is_identity(noun: &str) -> bool {
    IDENTITIES.iter().any(|identity| noun.ends_with(identity))
}

/// The noun for what a place holds.
const ENTRIES: &str = "entries";

/// Nouns that say nothing without what they belong to.
const GENERIC: &str = "attribute config configuration content data detail entry field info item list metadata \
    option parameter preference property record setting status state value";

/// Verbs that a DELETE may carry out: `DELETE /orders/or_1/cancel`.
const REMOVALS: &str = "archive cancel clear close deactivate delete destroy detach disable discard expunge \
    kick leave purge reject release remove reset revoke stop terminate unassign unblock unlink unlock unpin \
    unsubscribe void withdraw";

/// Verbs that say no more than the method does. They must not hide a payment or a deletion.
const MILD: &str = "Add Create Change Complete Confirm Get Issue List Make Mark Modify Open Place Post \
    Register Save Set Start Submit Update Upsert Write";

/// Returns the verb and the noun of a request's headline.
pub(crate) fn of(
    effect: Effect,
    method: &Method,
    operation: Option<&Operation>,
    target: &Target,
    form: Form,
) -> Phrase {
    let mut path = of_path(effect, method, target, form);
    // Nothing selects some of a collection: `DELETE /carts/ct_1/items`.
    path.is_for_all = *method == Method::DELETE
        && form == Form::Empty
        && !path.takes_name
        && target
            .trailing_words()
            .last()
            .is_some_and(|word| singular(word) != *word);
    // A file is uploaded, whether or not there is one already.
    let is_file = target.names.last().is_some_and(|name| is_file(&name.value));
    if *method == Method::PUT && form == Form::Whole && path.takes_name && is_file {
        "Upload".clone_into(&mut path.verb);
    }
    // "Start run", not "Run run".
    if path.noun.as_deref() == Some("run") && path.verb == "Run" {
        "Start".clone_into(&mut path.verb);
    }
    // "Transfer", not "Transfer transfer". A single letter is not a noun.
    path.noun = path
        .noun
        .filter(|noun| noun.chars().nth(1).is_some() && act_of(effect, noun) != Some(&*path.verb));
    let documented = operation
        .and_then(|operation| operation.summary.as_deref())
        .and_then(documented);
    let Some((verb, noun)) = documented else {
        return of_undone(method, target).unwrap_or(path);
    };
    // A document may say "Create a payout", where the path says how money moves.
    let is_mild = is_in(MILD, &verb);
    // A request to `/orders` may order a shipment.
    let is_other = path.noun.is_none()
        && is_in("Book Order Reserve Trade", &path.verb)
        && noun
            .as_deref()
            .and_then(|noun| noun.rsplit(' ').next())
            .is_some_and(|last| act_of(effect, last).is_none());
    if is_mild
        && matches!(effect, Effect::Pay | Effect::Delete)
        && !is_in(MILD, &path.verb)
        && !is_other
    {
        return path;
    }
    // A collection may be named like a verb: `/calls`.
    let is_collection = noun
        .as_ref()
        .zip(target.trailing_words().last())
        .is_some_and(|(noun, word)| {
            let last = |noun: &str| noun.split(' ').next_back().map(singular);
            last(noun) == last(&spaced(word))
        });
    Phrase {
        verb,
        noun: noun.or(path.noun),
        takes_name: path.takes_name && !is_collection,
        ..path
    }
}

/// Says what the headers decide: that nothing may be there yet, or that something is copied.
pub(crate) fn with_headers(phrase: &mut Phrase, method: &Method, headers: &HeaderMap) {
    if *method != Method::PUT {
        return;
    }
    if headers
        .keys()
        .any(|name| header::is_copy_source(name.as_str()))
    {
        "Copy to".clone_into(&mut phrase.verb);
    } else if header::creates_only(headers) {
        "Create".clone_into(&mut phrase.verb);
    }
}

/// Says that a payment is made if the path only names its kind: `POST /bulk-payments/sepa-credit-transfers`.
pub(crate) fn with_payment(phrase: &mut Phrase, method: &Method, values: &[Value]) {
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let act = act_of(Effect::Pay, noun.rsplit(' ').next().unwrap_or_default());
    let is_made = *method == Method::POST && phrase.takes_name && phrase.verb == "Change";
    if let Some(act) = act.filter(|_| is_made && pays_account(values)) {
        act.clone_into(&mut phrase.verb);
        phrase.noun = None;
        phrase.takes_name = false;
    }
}

/// Says that a POST may also change what is there: it has the identifier that the server gave an object of its kind, such
/// as the `ContactID` of a contact.
pub(crate) fn with_identifier(phrase: &mut Phrase, method: &Method, values: &[Value]) {
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let last = noun.rsplit(' ').next().unwrap_or_default();
    let is_creating = *method == Method::POST && is_in("Add Create", &phrase.verb);
    if !is_creating || phrase.takes_name || last.is_empty() {
        return;
    }
    // A name that an agent chooses is not made by the server.
    let is_made = |text: &str| {
        let hyphens = text.bytes().filter(|byte| *byte == b'-').count();
        hyphens == 4 && is_identifier(text) || text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let identifies = |value: &Value| {
        value.location.starts_with("body/")
            && value.names.len() <= 2
            && spaced(value.name()) == format!("{last} id")
            && is_made(&value.text)
    };
    if values.iter().filter(|value| identifies(value)).count() == 1 {
        phrase.verb = format!("{} or update", phrase.verb);
    }
}

/// Says that entries are what is deleted or changed, if only a value names the place that holds them.
pub(crate) fn with_place(phrase: &mut Phrase, values: &[Value]) {
    let names_place = |value: &Value| value.names.len() == 1 && is_in(STORES, value.name());
    if phrase.noun.is_none() && !phrase.takes_name && values.iter().any(names_place) {
        phrase.noun = Some("entry".to_owned());
    }
}

/// Returns the effect of a request in the light of its verb, of the calls within it, and of a switch that
/// destroys. It becomes graver, or names a change that the method alone does not show.
pub(crate) fn refined(
    effect: Effect,
    method: &Method,
    phrase: &Phrase,
    of_calls: Option<Effect>,
    destroys: bool,
) -> Effect {
    if destroys {
        return Effect::Delete;
    }
    let verb = phrase.verb.strip_prefix("Bulk ").map(capitalized);
    let verb = verb.as_deref().unwrap_or(&phrase.verb);
    let own = match effect {
        // A merge brings together what exists. Whether that runs anything is up to others.
        Effect::Code if phrase.verb == "Merge" => Effect::Change,
        Effect::Read | Effect::Change | Effect::Create if verb == "Run command" => Effect::Code,
        Effect::Create if *method == Method::POST && is_in(CHANGES, verb) => Effect::Change,
        Effect::Create if phrase.gives_access() => Effect::Access,
        own => own,
    };
    of_calls.map_or(own, |of_calls| of_calls.min(own))
}

/// Returns the effect of a request by the thing that it is about, where words elsewhere in the path read like another
/// effect: a key of a payment service pays nothing, and a DNS record runs nothing.
pub(crate) fn of_thing(
    effect: Effect,
    method: &Method,
    phrase: &Phrase,
    target: &Target,
    values: &[Value],
) -> Effect {
    let says_other = |role: Role| values.iter().any(|value| value.role == role);
    match effect {
        Effect::Pay | Effect::Code | Effect::Change | Effect::Create
            if phrase.is_about_access() && !values.iter().any(is_amount) =>
        {
            Effect::Access
        }
        Effect::Pay if phrase.moves_case() && !values.iter().any(is_amount) => Effect::Change,
        // A record of money is not money, and new terms pay nothing.
        Effect::Pay | Effect::ShareOutside
            if phrase.is_record() && phrase.is_mild() && !pays_account(values) =>
        {
            let creates =
                *method == Method::POST && is_in("Add Create Register Submit", &phrase.verb);
            if creates {
                Effect::Create
            } else {
                Effect::Change
            }
        }
        Effect::Pay
            if matches!(*method, Method::PUT | Method::PATCH)
                && phrase.is_mild()
                && !values.iter().any(is_amount) =>
        {
            Effect::Change
        }
        Effect::Change | Effect::Create if phrase.opens_place(target) => Effect::Access,
        Effect::Change if values.iter().any(|value| audience::of(value).is_some()) => {
            Effect::Access
        }
        Effect::Code if is_of_dns(phrase, target) && !says_other(Role::Command) => {
            if *method == Method::POST && phrase.verb == "Create" {
                Effect::Create
            } else {
                Effect::Change
            }
        }
        own => own,
    }
}

/// Whether a request is about the records of a domain.
fn is_of_dns(phrase: &Phrase, target: &Target) -> bool {
    const PLACES: &str = "dns domain hosted zone";
    const RECORDS: &str = "dns record recordset rrset zone";
    let noun = phrase.noun.as_deref().map(singular).unwrap_or_default();
    let last = noun.rsplit(' ').next().unwrap_or_default();
    let mut all = target.words.iter().flat_map(|word| words(word));
    all.any(|word| is_in(PLACES, &singular(&word)))
        && (is_in(RECORDS, last)
            || target
                .words
                .iter()
                .any(|word| is_in(RECORDS, &singular(&spaced(word)))))
}

/// Returns the phrase of a DELETE whose path ends with a verb that removes nothing. It ends what the
/// verb began: `DELETE /issues/7/lock` unlocks the issue.
fn of_undone(method: &Method, target: &Target) -> Option<Phrase> {
    let word = target.trailing_words().last()?;
    let is_undone = *method == Method::DELETE && is_verb(word) && !is_in(REMOVALS, word);
    is_undone.then(|| Phrase {
        is_for_all: false,
        verb: "Delete".to_owned(),
        noun: Some(word.clone()),
        takes_name: false,
    })
}

fn of_path(effect: Effect, method: &Method, target: &Target, form: Form) -> Phrase {
    let noun = |word: &str| match *method {
        // These methods replace or change a collection as a whole.
        Method::PUT | Method::PATCH | Method::DELETE => spaced(word),
        _ => noun_of(word),
    };
    let last_name_noun = || {
        let name = target.names.last()?;
        let noun = name.noun.as_deref().map(noun_of)?;
        Some(match &name.qualifier {
            Some(qualifier) => format!("{} {noun}", spaced(qualifier)),
            None => noun,
        })
    };
    let trailing = target.trailing_words().iter();
    let mut trailing: Vec<&String> = trailing.filter(|word| !is_general(word)).collect();
    // `/users/u1/lifecycle/deactivate`, `/vehicles/v1/command/remote_start_drive`.
    if let [wrapper, act] = &*trailing
        && *method == Method::POST
        && !target.names.is_empty()
        && is_in(ACT_WRAPPERS, wrapper)
    {
        let (verb, object) =
            verb_in(effect, act).unwrap_or_else(|| (capitalized(&spaced(act)), None));
        return Phrase {
            verb,
            takes_name: object.is_none(),
            noun: object.or_else(last_name_noun),
            is_for_all: false,
        };
    }
    // `/gift-cards/bulk` is about several of what is before it.
    let is_several = |word: &String| SEVERAL.contains(&&*spaced(word));
    let is_bulk = match &*trailing {
        [_, .., last] if is_several(last) => trailing.pop().is_some(),
        // `/contacts/batch/archive` archives contacts.
        [_, .., several, _] if is_several(several) => {
            trailing.remove(trailing.len() - 2);
            true
        }
        _ => false,
    };
    let bulk = |verb: &str| {
        if is_bulk && !verb.starts_with("Bulk ") {
            format!("Bulk {}", verb.to_ascii_lowercase())
        } else {
            verb.to_owned()
        }
    };
    // `/accounts/a1/credit`, `/accounts/a1/activation`, `/loans/quote`.
    if let Some((last, before)) = trailing.split_last()
        && *method == Method::POST
        && act_of(effect, last).is_none()
        && !is_verb(last)
        && let Some(verb) = act_of_noun(last).or_else(|| {
            let is_below = before.is_empty() && !begins_with_verb(last) && !is_quality(last);
            unknown_act(last).filter(|_| is_below)
        })
        && (before.is_empty() && !target.names.is_empty()
            || before.last().is_some_and(|word| singular(word) != **word))
    {
        return Phrase {
            verb: of_money(effect, capitalized(&verb), target),
            noun: before
                .last()
                .map_or_else(last_name_noun, |word| Some(noun_of(word))),
            takes_name: before.is_empty(),
            is_for_all: false,
        };
    }
    // A verb at the end of a path says what is done, to what is before it: `/pulls/7/merge`.
    if let Some((last, before)) = trailing.split_last()
        // `DELETE /doors/d1/lock` removes the lock.
        && !(*method == Method::DELETE && is_verb(last) && !is_in(REMOVES, last))
        // `PUT /settings/payments` changes what is set for payments.
        && !(matches!(*method, Method::PUT | Method::PATCH)
            && singular(last) != **last
            && !is_verb(last))
        // `PATCH /doors/d1/schedule` changes the schedule.
        && !(*method == Method::PATCH && is_noun(last))
        && let Some((verb, object)) = verb_in(effect, last)
    {
        // In `/accounts/a1/calls`, the call is not that of the account.
        let is_collection =
            effect == Effect::ShareOutside && object.is_none() && singular(last) != **last;
        if is_collection {
            return Phrase {
                verb,
                noun: None,
                takes_name: false,
                is_for_all: false,
            };
        }
        let collection = before
            .last()
            .filter(|_| {
                let is_open = object.as_deref().is_none_or(|object| object == ENTRIES);
                !target.names.is_empty() || is_open
            })
            // The path of a remote call has a word for any of them: `/method/client.delete`, `/action/deleteMany`.
            .filter(|word| !is_in("action call method rpc", word));
        let is_of_collection = collection.is_some() && object.as_deref() == Some(ENTRIES);
        let object = object.filter(|_| !is_of_collection);
        // A search is for several.
        let searches = is_in("Count Export List Query Search", &verb);
        let noun_of = |word: &str| {
            if searches {
                plural(&noun_of(word))
            } else {
                noun_of(word)
            }
        };
        return Phrase {
            verb: bulk(&of_money(effect, verb, target)),
            takes_name: collection.is_none() && object.is_none(),
            noun: object
                .or_else(|| collection.map(|word| noun_of(word)))
                .or_else(last_name_noun),
            is_for_all: false,
        };
    }
    // A search may be followed by its language or by what it looks for: `/search/jql`.
    let asked = trailing.iter().rev().filter(|_| effect == Effect::Read);
    if let Some((verb, _)) = asked.clone().find_map(|word| verb_in(effect, word)) {
        return Phrase {
            verb,
            noun: trailing.last().map(|word| noun(word)),
            takes_name: false,
            is_for_all: false,
        };
    }
    // `/revoke-prefix/aws`, `/approve/invoices`.
    if let [.., act, name] = &*trailing
        && *method == Method::POST
        && !compound::is_noun(act)
        && words(act)
            .next()
            .is_some_and(|first| is_in(PLAIN_ACTS, &first))
    {
        let (verb, object) = verb_in(effect, act).unwrap_or_else(|| (capitalized(act), None));
        let object = object.map_or_else(|| noun_of(name), |object| format!("{object} {name}"));
        return Phrase {
            verb,
            noun: Some(object),
            takes_name: false,
            is_for_all: false,
        };
    }
    if let Some(word) = trailing.last() {
        let verb = match plain(effect, method, Some(word), form) {
            "Create" if trailing.len() == 1 && !target.names.is_empty() && is_relation(word) => {
                "Add"
            }
            verb => verb,
        };
        let verb = verb.to_owned();
        // `/settings/mail` and `/webhook/config` say what they are only together.
        let before = trailing.iter().rev().nth(1).map(|before| &***before);
        let noun = match before {
            Some(before) if is_generic(&singular(word)) => {
                format!("{} {}", noun_of(before), noun(word))
            }
            Some(before) if is_in("config configuration preferences settings", before) => {
                format!("{} {before}", noun(word))
            }
            _ if is_bulk => plural(&noun_of(word)),
            _ => noun(word),
        };
        return Phrase {
            verb: bulk(&of_money(effect, verb, target)),
            noun: Some(noun),
            takes_name: false,
            is_for_all: false,
        };
    }
    let act = target.names.last().and_then(|name| name.noun.as_deref());
    // An agreement that is deleted is ended, and its record stays.
    let is_agreement =
        act.is_some_and(|word| is_in("appointment booking reservation", &noun_of(word)));
    let act = act.filter(|word| is_in(PLAIN_ACTS, word) && *method != Method::DELETE);
    // Something is sent to a place at the root that has only a name: `POST /ops-oncall`.
    let is_place = *method == Method::POST
        && target.names.iter().all(|name| name.noun.is_none())
        && target.names.last().is_some_and(|name| {
            name.value.contains(['-', '_']) && !name.value.bytes().any(|byte| byte.is_ascii_digit())
        });
    let verb = match plain(effect, method, None, form) {
        "Change" if is_place => "Post to",
        "Delete" if is_agreement => "Cancel",
        verb => verb,
    };
    // `POST /payments/sepa` pays in a way that the name says, and changes no payment.
    let says_way = target
        .names
        .last()
        .is_some_and(|name| !name.value.bytes().any(|byte| byte.is_ascii_digit()));
    if *method == Method::POST
        && effect == Effect::Pay
        && says_way
        && let Some(noun) = last_name_noun()
        && let Some(verb) = act_of(effect, &noun)
    {
        return Phrase {
            verb: verb.to_owned(),
            noun: None,
            takes_name: false,
            is_for_all: false,
        };
    }
    Phrase {
        verb: act.map_or_else(|| verb.to_owned(), capitalized),
        noun: last_name_noun().filter(|_| act.is_none()),
        takes_name: true,
        is_for_all: false,
    }
}

fn is_generic(word: &str) -> bool {
    is_in(GENERIC, word.rsplit(' ').next().unwrap_or_default())
}

/// Replaces a verb that says nothing about the payment by the one that the path has: `/transfer/create`.
fn of_money(effect: Effect, verb: String, target: &Target) -> String {
    if effect != Effect::Pay || !is_in(MILD, &verb) || matches!(&*verb, "Change" | "Update") {
        return verb;
    }
    // A key of a payment service is made and not paid.
    if target
        .trailing_words()
        .last()
        .is_some_and(|word| is_identity(&singular(&spaced(word))))
    {
        return verb;
    }
    // In `/reservations/r1/no-show`, nothing is reserved.
    let own = target.trailing_words();
    let own = if own.iter().all(|word| is_general(word)) {
        &target.words
    } else {
        own
    };
    let segments = own
        .iter()
        .rev()
        .filter(|segment| !compound::is_noun(segment));
    let mut words = segments.flat_map(|segment| words(segment));
    let act = words.find_map(|word| act_of(effect, &word));
    act.map_or(verb, str::to_owned)
}

/// Returns the verb that a segment is or begins with, and the rest of it: `cancel`, `setLabels`.
fn verb_in(effect: Effect, segment: &str) -> Option<(String, Option<String>)> {
    if compound::is_noun(segment) {
        return None;
    }
    if let Some(verb) = act_of(effect, segment) {
        return Some((verb.to_owned(), None));
    }
    if is_in("cmd exec shell", segment) {
        return Some(("Run command".to_owned(), None));
    }
    if segment == "eval" {
        return Some(("Evaluate".to_owned(), None));
    }
    // The part before a dot names the group of a procedure: `chat.postMessage`.
    let words = spaced(segment.rsplit('.').next().unwrap_or(segment));
    let several = SEVERAL.iter().find_map(|one| {
        let after = words
            .strip_prefix(one)
            .and_then(|rest| rest.strip_prefix(' '));
        after.or_else(|| words.strip_suffix(one)?.strip_suffix(' '))
    });
    let words = several.unwrap_or(&words);
    let (first, rest) = match words.split_once(' ') {
        // `/campaigns/7/sendNow`.
        Some((first, when)) if is_in("again immediately later now", when) => (first, None),
        Some((first, rest)) => (first, Some(rest.to_owned())),
        None => (words, None),
    };
    if let Some(verb) = act_of(effect, first) {
        return Some((verb.to_owned(), rest));
    }
    if !is_verb(first) {
        return None;
    }
    // `_delete_by_query` is about what a place holds.
    let rest = rest.map(|rest| {
        if rest.starts_with("by ") {
            ENTRIES.to_owned()
        } else {
            rest
        }
    });
    let verb = match several {
        Some(_) => format!("Bulk {first}"),
        None => capitalized(first),
    };
    Some((verb, rest))
}

#[cfg(test)]
mod tests;
