//! The sentence of a headline for a request that consists of calls, or of the commands of a list.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::effect_of_call;

use super::{DETAILS, Headline};
use crate::calls::{Call, is_about_person, is_bulk_act};
use crate::compound;
use crate::fact::{FactKind, Ranked};
use crate::kind::receives;
use crate::line::{Line, NAMED_MAX, VALUE_CHARS_MAX};
use crate::words::{capitalized, is_in, is_verb, singular, words};

impl Headline<'_> {
    /// Writes a request that consists of calls.
    pub(super) fn all_calls(&self, line: &mut Line) {
        if let (Effect::Pay, [call], Some(amount)) = (
            self.effect,
            &*self.calls.named,
            self.first(FactKind::Amount),
        ) && self.calls.count == 1
            && !self.calls.are_requests()
        {
            self.paying_call(line, &call.name, amount);
            return;
        }
        match (self.effect, &*self.calls.named) {
            _ if self.calls.are_requests() => self.batch(line),
            (Effect::Read, _) => line.own("Read "),
            (_, [call]) if self.calls.count == 1 && called(line, call) => {}
            (_, [_]) => line.own("Run "),
            _ => line.own(&format!("Run {} calls: ", self.calls.count)),
        }
        if self.calls.are_requests() {
            // The lines of several requests have their values.
            if self.calls.count == 1 {
                let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
                self.details(line, &kinds);
            }
            return;
        }
        if line.parts.last().is_none_or(|part| !part.is_value) {
            self.named_calls(line);
        }
        Self::belongs_to(line, &self.names());
        if let Some(amount) = self.first(FactKind::Amount) {
            self.amounts(line, " · ", amount);
        }
        let recipients: Vec<&Ranked> = self.of_kind(FactKind::Recipient).collect();
        let reaches = matches!(
            self.effect,
            Effect::Pay | Effect::Access | Effect::ShareOutside
        );
        if reaches || recipients.iter().any(|one| receives(&one.fact.name)) {
            // A person who is created is not one to whom it is sent.
            let is_person = self
                .calls
                .named
                .iter()
                .all(|call| is_about_person(&call.name));
            line.recipients(if is_person { " " } else { " to " }, &recipients);
            self.details(line, DETAILS);
        } else {
            // Who is deleted gets nothing.
            self.details(line, &[&[FactKind::Recipient], DETAILS].concat());
        }
    }

    /// Appends the first different calls, with how often each appears, and counts the others.
    pub(super) fn named_calls(&self, line: &mut Line) {
        let mut named = 0;
        let mut before = "";
        let mut said = "";
        let mut calls: Vec<_> = self.calls.named.iter().collect();
        // The gravest is first, unless the values that follow would then seem to be those of another one.
        if self.calls.is_ordered && calls.len() <= NAMED_MAX {
            calls.sort_by_key(|call| call.order);
        }
        for (number, call) in calls.into_iter().take(NAMED_MAX).enumerate() {
            if number > 0 {
                line.own(", ");
            }
            if call.times > 1 {
                line.own(&format!("{} × ", call.times));
            }
            // Requests to one collection differ in their ends only: `PUT /tasks/1, 2, 3`.
            let folder = call.name.rfind('/').map_or("", |at| &call.name[..=at]);
            let is_same = number > 0 && folder == before && folder.contains(" /");
            let shown = if is_same {
                &call.name[folder.len()..]
            } else {
                &*call.name
            };
            // An act on several objects is said once: `update on 5, 6`.
            let is_said = number > 0 && call.object.is_some() && call.name == said;
            if !is_said {
                line.text(shown, VALUE_CHARS_MAX);
            }
            before = folder;
            said = &call.name;
            if let Some(object) = &call.object {
                line.own(if is_said { "" } else { " on " });
                line.text(object, VALUE_CHARS_MAX);
            }
            named += call.times;
        }
        if self.calls.count > named {
            line.own(&format!(" and {} more", self.calls.count - named));
        }
    }

    /// Returns the different acts of a long batch, each with how often it appears, those that delete first.
    pub(super) fn mixture(&self) -> Option<Vec<&(String, usize)>> {
        let says_little = self.phrase.is_mild()
            || self.phrase.verb.starts_with("Bulk ")
            || is_in("Batch Mutate Patch Process Run Send", &self.phrase.verb);
        let is_long = self.calls.is_batch && self.calls.count > NAMED_MAX;
        if !is_long || self.calls.are_requests() || self.calls.acts.len() < 2 || !says_little {
            return None;
        }
        let is_act = |(act, _): &(String, usize)| {
            is_verb(act) || is_bulk_act(act) || is_in("patch post put write", act)
        };
        let mut acts: Vec<&(String, usize)> = self.calls.acts.iter().collect();
        acts.sort_by_key(|(act, _)| effect_of_call(act) != Some(Effect::Delete));
        self.calls.acts.iter().all(is_act).then_some(acts)
    }

    /// Writes a long batch by its acts: `Delete c-7, update 11 products`.
    pub(super) fn mixed(&self, line: &mut Line, acts: &[&(String, usize)]) {
        let noun = self
            .phrase
            .noun
            .as_deref()
            .map(singular)
            .unwrap_or_default();
        let own = noun.strip_prefix("bulk ").unwrap_or(&noun);
        let is_general = own.is_empty()
            || is_in(
                "batch bulk change command item mutation operation",
                own.rsplit(' ').next().unwrap_or_default(),
            );
        for (number, (act, count)) in acts.iter().enumerate() {
            let act = if number == 0 {
                capitalized(act)
            } else {
                format!(", {act}")
            };
            line.own(&act);
            let mut calls = self.calls.named.iter();
            let only = calls
                .find(|call| call.name.eq_ignore_ascii_case(act.trim_start_matches(", ")))
                .filter(|_| *count == 1);
            match only.and_then(|call| call.object.as_deref()) {
                Some(object) => {
                    line.own(" ");
                    line.text(object, VALUE_CHARS_MAX);
                }
                None if *count == 1 => line.own(" 1 item"),
                None => line.own(&format!(" {count} items")),
            }
        }
        if !is_general {
            line.own(&format!(" in {own}"));
        }
        Self::belongs_to(line, &self.names());
    }

    /// Returns the verb of the commands of a list if all of them do the same to an object of the path, and what
    /// they are about: `Delete` for a change of DNS records that only deletes.
    pub(super) fn batched(&self) -> Option<(String, Vec<&str>)> {
        let first = self.calls.named.first().filter(|_| self.calls.is_batch)?;
        let verb = first.name.to_ascii_lowercase();
        let is_one = self
            .calls
            .named
            .iter()
            .all(|call| call.name.eq_ignore_ascii_case(&verb));
        let says_little = self.phrase.is_mild() || is_in("Mutate Patch Process", &self.phrase.verb);
        if !is_one || !says_little || !is_verb(&verb) || self.calls.are_requests() {
            return None;
        }
        let objects: Vec<&str> = self
            .calls
            .named
            .iter()
            .filter_map(|call| call.object.as_deref())
            .collect();
        let is_whole = objects.len() == self.calls.count;
        Some((
            capitalized(&verb),
            if is_whole { objects } else { Vec::new() },
        ))
    }
}

/// Writes a call as the act that its name says, with the verb first: `deleteRoom` and `roomDelete` as `Delete room`;
/// returns whether it says one.
fn called(line: &mut Line, call: &Call) -> bool {
    // `user.create` creates a user. Before any other dot is the name of an interface.
    if let Some((noun, verb)) = call.name.split_once('.')
        && is_verb(verb)
        && noun.bytes().all(|byte| byte.is_ascii_lowercase())
        && call.object.is_none()
    {
        line.own(&capitalized(verb));
        line.own(" ");
        line.text(&singular(noun), VALUE_CHARS_MAX);
        return true;
    }
    if call.name.contains(['/', ' ', '.', ':']) {
        return false;
    }
    let all: Vec<String> = words(&call.name).collect();
    let (verb, rest) = match &*all {
        [first, rest @ ..] if is_verb(first) && !rest.is_empty() => (first, rest),
        [rest @ .., last]
            if is_verb(last) && !rest.is_empty() && !compound::is_noun(&call.name) =>
        {
            (last, rest)
        }
        _ => return false,
    };
    line.own(&capitalized(verb));
    line.own(" ");
    line.text(&rest.join(" "), VALUE_CHARS_MAX);
    if let Some(object) = &call.object {
        line.own(" on ");
        line.text(object, VALUE_CHARS_MAX);
    }
    true
}
