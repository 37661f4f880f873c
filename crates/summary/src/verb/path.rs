//! The verb and the noun that a path has, by the form that it is written in.

use gaiterguard_domain::effect::Effect;
use http::Method;

use super::form::Form;
use super::method::{is_quality, is_relation, plain};
use super::phrase::{MILD, Phrase, is_generic, is_identity};
use crate::acts::{ACT_WRAPPERS, act_of, is_noun, unknown_act};
use crate::compound;
use crate::path::Target;
use crate::words::{
    SEVERAL, act_of_noun, begins_with_verb, capitalized, is_general, is_in, is_verb, noun_of,
    plural, singular, spaced, words,
};

/// Verbs that are not also nouns, so that one before a name is what is done to it: `/approve/job_1`.
const PLAIN_ACTS: &str = "accept activate approve archive assign attach cancel deactivate detach disable \
    enable install invite publish reject restart restore resume revoke suspend terminate unarchive unseal verify";

/// Verbs at the end of the path of a DELETE that are what is done; any other is what is deleted.
const REMOVES: &str = "cancel clear deactivate delete destroy detach disable discard expunge purge reject remove \
    revoke terminate unassign unlink void";

/// The noun for what a place holds.
const ENTRIES: &str = "entries";

/// Plural nouns of what is bought or booked. Below an object, a new one of them is not about that object: in
/// `/patients/p1/orders`, the patient is not ordered.
const ORDERED: &str = "bookings orders purchases reservations trades";

/// The forms of paths, the most specific first. The first one that a path has says what is done.
const FORMS: &[fn(&Path<'_>) -> Option<Phrase>] = &[
    // `/users/u1/lifecycle/deactivate`, `/vehicles/v1/command/remote_start_drive`
    |path| path.wrapped_act(),
    // `/accounts/a1/credit`, `/accounts/a1/activation`, `/loans/quote`
    |path| path.act_as_noun(),
    // `/pulls/7/merge`
    |path| path.verb_at_end(),
    // `/search/jql`
    |path| path.search(),
    // `/revoke-prefix/aws`, `/approve/invoices`
    |path| path.verb_before_name(),
    // `/orders/7/items`
    |path| path.collection(),
    // `/payments/sepa`
    |path| path.way_to_pay(),
];

/// Returns the verb and the noun that a path has.
pub(super) fn of_path(effect: Effect, method: &Method, target: &Target, form: Form) -> Phrase {
    let path = Path::of(effect, method, target, form);
    let found = FORMS.iter().find_map(|form| form(&path));
    found.unwrap_or_else(|| path.named())
}

/// A path, and what is known about its request.
struct Path<'t> {
    effect: Effect,
    method: &'t Method,
    target: &'t Target,
    form: Form,
    /// The words after the last name, without those that say nothing.
    trailing: Vec<&'t String>,
    /// Whether it says that its act is done to several things together.
    is_bulk: bool,
}

impl<'t> Path<'t> {
    fn of(effect: Effect, method: &'t Method, target: &'t Target, form: Form) -> Self {
        let trailing = target.trailing_words().iter();
        let mut trailing: Vec<&String> = trailing.filter(|word| !is_general(word)).collect();
        let is_wrapped = Self::is_wrapped(method, target, &trailing);
        // `/gift-cards/bulk` is about several of what is before it.
        let is_several = |word: &String| SEVERAL.contains(&&*spaced(word));
        let is_bulk = match &*trailing {
            _ if is_wrapped => false,
            [_, .., last] if is_several(last) => trailing.pop().is_some(),
            // `/contacts/batch/archive` archives contacts.
            [_, .., several, _] if is_several(several) => {
                trailing.remove(trailing.len() - 2);
                true
            }
            _ => false,
        };
        Self {
            effect,
            method,
            target,
            form,
            trailing,
            is_bulk,
        }
    }

    fn is_wrapped(method: &Method, target: &Target, trailing: &[&String]) -> bool {
        let [wrapper, _] = trailing else {
            return false;
        };
        *method == Method::POST && !target.names.is_empty() && is_in(ACT_WRAPPERS, wrapper)
    }

    /// Returns a word as the noun of what is changed or made.
    fn noun(&self, word: &str) -> String {
        match *self.method {
            // These methods replace or change a collection as a whole.
            Method::PUT | Method::PATCH | Method::DELETE => spaced(word),
            _ => noun_of(word),
        }
    }

    /// Returns the noun of the last name.
    fn noun_of_name(&self) -> Option<String> {
        let name = self.target.names.last()?;
        let noun = name.noun.as_deref().filter(|noun| !is_general(noun));
        let noun = noun.map(noun_of)?;
        Some(match &name.qualifier {
            Some(qualifier) => format!("{} {noun}", spaced(qualifier)),
            None => noun,
        })
    }

    fn in_bulk(&self, verb: &str) -> String {
        if self.is_bulk && !verb.starts_with("Bulk ") {
            format!("Bulk {}", verb.to_ascii_lowercase())
        } else {
            verb.to_owned()
        }
    }

    fn wrapped_act(&self) -> Option<Phrase> {
        let [_, act] = &*self.trailing else {
            return None;
        };
        if !Self::is_wrapped(self.method, self.target, &self.trailing) {
            return None;
        }
        let (verb, object) =
            verb_in(self.effect, act).unwrap_or_else(|| (capitalized(&spaced(act)), None));
        Some(Phrase {
            verb,
            takes_name: object.is_none(),
            noun: object.or_else(|| self.noun_of_name()),
            is_for_all: false,
        })
    }

    fn act_as_noun(&self) -> Option<Phrase> {
        let (last, before) = self.trailing.split_last()?;
        if *self.method != Method::POST || act_of(self.effect, last).is_some() || is_verb(last) {
            return None;
        }
        let verb = act_of_noun(last).or_else(|| {
            let is_below = before.is_empty() && !begins_with_verb(last) && !is_quality(last);
            unknown_act(last).filter(|_| is_below)
        })?;
        let is_of_name = before.is_empty() && !self.target.names.is_empty();
        let is_of_collection = before.last().is_some_and(|word| singular(word) != **word);
        (is_of_name || is_of_collection).then(|| Phrase {
            verb: of_money(self.effect, capitalized(&verb), self.target),
            noun: before
                .last()
                .map_or_else(|| self.noun_of_name(), |word| Some(noun_of(word))),
            takes_name: before.is_empty(),
            is_for_all: false,
        })
    }

    /// Reads a verb at the end, which says what is done to what is before it.
    fn verb_at_end(&self) -> Option<Phrase> {
        let (last, before) = self.trailing.split_last()?;
        let method = self.method;
        // `DELETE /doors/d1/lock` removes the lock.
        let is_removed = *method == Method::DELETE && is_verb(last) && !is_in(REMOVES, last);
        // `PUT /settings/payments` changes what is set for payments.
        let is_set = matches!(*method, Method::PUT | Method::PATCH)
            && singular(last) != **last
            && !is_verb(last);
        // `PATCH /doors/d1/schedule` changes the schedule.
        let is_changed = *method == Method::PATCH && is_noun(last);
        if is_removed || is_set || is_changed {
            return None;
        }
        let (verb, object) = verb_in(self.effect, last)?;
        // In `/accounts/a1/calls`, the call is not that of the account, and in `/patients/p1/orders`, the patient is not
        // ordered.
        let is_of_its_own = object.is_none()
            && (self.effect == Effect::ShareOutside && singular(last) != **last
                || !self.target.names.is_empty() && is_in(ORDERED, last));
        if is_of_its_own {
            return Some(Phrase {
                verb,
                noun: None,
                takes_name: false,
                is_for_all: false,
            });
        }
        let collection = before
            .last()
            .filter(|_| {
                let is_open = object.as_deref().is_none_or(|object| object == ENTRIES);
                !self.target.names.is_empty() || is_open
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
        Some(Phrase {
            verb: self.in_bulk(&of_money(self.effect, verb, self.target)),
            takes_name: collection.is_none() && object.is_none(),
            noun: object
                .or_else(|| collection.map(|word| noun_of(word)))
                .or_else(|| self.noun_of_name()),
            is_for_all: false,
        })
    }

    /// Reads a search, which may be followed by its language or by what it looks for.
    fn search(&self) -> Option<Phrase> {
        if self.effect != Effect::Read {
            return None;
        }
        let mut asked = self.trailing.iter().rev();
        let (verb, _) = asked.find_map(|word| verb_in(self.effect, word))?;
        Some(Phrase {
            verb,
            noun: self.trailing.last().map(|word| self.noun(word)),
            takes_name: false,
            is_for_all: false,
        })
    }

    fn verb_before_name(&self) -> Option<Phrase> {
        let [.., act, name] = &*self.trailing else {
            return None;
        };
        let is_act = *self.method == Method::POST
            && !compound::is_noun(act)
            && words(act)
                .next()
                .is_some_and(|first| is_in(PLAIN_ACTS, &first));
        if !is_act {
            return None;
        }
        let (verb, object) = verb_in(self.effect, act).unwrap_or_else(|| (capitalized(act), None));
        let object = object.map_or_else(|| noun_of(name), |object| format!("{object} {name}"));
        Some(Phrase {
            verb,
            noun: Some(object),
            takes_name: false,
            is_for_all: false,
        })
    }

    fn collection(&self) -> Option<Phrase> {
        let word = self.trailing.last()?;
        let verb = match plain(self.effect, self.method, Some(word), self.form) {
            "Create"
                if self.trailing.len() == 1
                    && !self.target.names.is_empty()
                    && is_relation(word) =>
            {
                "Add"
            }
            verb => verb,
        };
        let verb = verb.to_owned();
        // `/settings/mail` and `/webhook/config` say what they are only together.
        let before = self.trailing.iter().rev().nth(1).map(|before| &***before);
        let noun = match before {
            Some(before) if is_generic(&singular(word)) => {
                format!("{} {}", noun_of(before), self.noun(word))
            }
            Some(before) if is_in("config configuration preferences settings", before) => {
                format!("{} {before}", self.noun(word))
            }
            _ if self.is_bulk => plural(&noun_of(word)),
            _ => self.noun(word),
        };
        Some(Phrase {
            verb: self.in_bulk(&of_money(self.effect, verb, self.target)),
            noun: Some(noun),
            takes_name: false,
            is_for_all: false,
        })
    }

    /// Reads a payment in a way that the name says, which changes no payment.
    fn way_to_pay(&self) -> Option<Phrase> {
        let name = self.target.names.last()?;
        let says_way = !name.value.bytes().any(|byte| byte.is_ascii_digit());
        if *self.method != Method::POST || self.effect != Effect::Pay || !says_way {
            return None;
        }
        let verb = act_of(self.effect, &self.noun_of_name()?)?;
        Some(Phrase {
            verb: verb.to_owned(),
            noun: None,
            takes_name: false,
            is_for_all: false,
        })
    }

    /// Reads a path that ends with the name of what is changed.
    fn named(&self) -> Phrase {
        let names = &self.target.names;
        let act = names.last().and_then(|name| name.noun.as_deref());
        // An agreement that is deleted is ended, and its record stays.
        let is_agreement =
            act.is_some_and(|word| is_in("appointment booking reservation", &noun_of(word)));
        let act = act.filter(|word| is_in(PLAIN_ACTS, word) && *self.method != Method::DELETE);
        // Something is sent to a place at the root that has only a name: `POST /ops-oncall`.
        let is_place = *self.method == Method::POST
            && names.iter().all(|name| name.noun.is_none())
            && names.last().is_some_and(|name| {
                name.value.contains(['-', '_'])
                    && !name.value.bytes().any(|byte| byte.is_ascii_digit())
            });
        let verb = match plain(self.effect, self.method, None, self.form) {
            "Change" if is_place => "Post to",
            "Delete" if is_agreement => "Cancel",
            verb => verb,
        };
        Phrase {
            verb: act.map_or_else(|| verb.to_owned(), capitalized),
            noun: self.noun_of_name().filter(|_| act.is_none()),
            takes_name: true,
            is_for_all: false,
        }
    }
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
