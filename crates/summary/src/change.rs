//! The sentence of a headline for a request that changes a single value of an object: its state, its name, a
//! switch, or a value that is taken away.

use crate::fact::{FactKind, Ranked, Weight};
use crate::headline::{DETAILS, Headline};
use crate::line::{Line, VALUE_CHARS_MAX};
use crate::pairs::{CONDITION, REMOVED};
use crate::selection::NONE;
use crate::words::{capitalized, is_in, noun_of, participle_of, singular, spaced, words};

/// The longest state that is part of the sentence, in characters.
const STATE_CHARS_MAX: usize = 30;

impl Headline<'_> {
    /// Writes a request that changes a single value; returns whether it is one.
    pub(crate) fn single_change(&self, line: &mut Line) -> bool {
        if let Some(state) = self.state() {
            self.set_state(line, state);
            let kinds = [&[FactKind::Amount, FactKind::Recipient], DETAILS].concat();
            self.details_but(line, &kinds, Some(&state.fact.name));
            return true;
        }
        if let Some(name) = self.new_name() {
            line.own("Rename");
            self.object(line);
            self.context(line);
            line.own(" to ");
            line.value(name, VALUE_CHARS_MAX);
            return true;
        }
        if let Some(one) = self.only_change() {
            return self.switched(line, one);
        }
        false
    }

    /// Returns the only value that the request gives an object.
    fn only_change(&self) -> Option<&Ranked> {
        // Without a body, the query has the change.
        let is_in_query = self.phrase.verb == "Set" && self.phrase.takes_name;
        let place = if is_in_query { "query" } else { "body" };
        if !is_in("Change Update", &self.phrase.verb) && !is_in_query
            || self.phrase.is_for_all
            || self.calls.count > 0
        {
            return None;
        }
        let mut changes = self
            .facts
            .iter()
            .filter(|one| one.fact.location.starts_with(place))
            .filter(|one| !one.fact.name.contains(CONDITION))
            .filter(|one| one.weight != Weight::Minor || is_in("true false", &one.fact.value));
        let only = changes.next().filter(|_| changes.next().is_none())?;
        (only.total == 1 && !only.fact.name.is_empty()).then_some(only)
    }

    /// Writes a request that turns something off, or takes a value away; returns whether it is one.
    fn switched(&self, line: &mut Line, one: &Ranked) -> bool {
        if let Some(audience) = one.audience {
            self.acted(line, "Make");
            line.own(&format!(" {audience}"));
            return true;
        }
        let name = one.short.clone();
        let last = words(&name).last().unwrap_or_default();
        // `PUT /rosters/r1/guards` with no guards.
        if self.phrase.noun.as_deref() == Some(&*name) {
            return false;
        }
        let is_plain = words(&name).all(|word| is_in("is", &word) || word == last);
        let act = participle_of(&last).filter(|_| is_plain);
        match (&*one.fact.value, act) {
            ("false", Some("enable")) => self.acted(line, "Disable"),
            ("false", _) if is_plain && last == "active" => self.acted(line, "Deactivate"),
            ("true", _) if is_plain && last == "active" => self.acted(line, "Activate"),
            ("true", Some(act)) => self.acted(line, &capitalized(act)),
            ("false", _) => self.part(line, "Turn off ", &name),
            (NONE | REMOVED, _) if one.fact.kind != FactKind::Access => {
                self.part(line, "Remove ", &name);
            }
            _ => return false,
        }
        true
    }

    fn acted(&self, line: &mut Line, verb: &str) {
        line.own(verb);
        self.object(line);
        self.context(line);
    }

    fn part(&self, line: &mut Line, lead: &str, name: &str) {
        line.own(lead);
        line.name(name);
        line.own(if self.phrase.takes_name { " of" } else { " in" });
        self.object(line);
        self.context(line);
    }

    /// Returns the only state that the request gives a known object, if that is all that the verb says.
    fn state(&self) -> Option<&Ranked> {
        if !is_in("Change Update", &self.phrase.verb) || self.names().is_empty() {
            return None;
        }
        // A comment or a reply is sent with it, which matters more.
        let is_sent = |one: &Ranked| {
            let mut names = one.fact.name.split('.').flat_map(words);
            one.fact.kind == FactKind::Content
                && names.any(|word| is_in("comment message reply", &word))
        };
        if self.facts.iter().any(is_sent) {
            return None;
        }
        let mut states = self
            .facts
            .iter()
            .filter(|one| one.fact.kind == FactKind::Other && is_in("state status", &one.short));
        let state = states.next().filter(|_| states.next().is_none())?;
        let is_short = state.fact.value.chars().nth(STATE_CHARS_MAX).is_none();
        (is_short && !state.fact.is_cut).then_some(state)
    }

    /// Returns the new name of a known object, if that is all that the request changes.
    fn new_name(&self) -> Option<&Ranked> {
        let is_change = is_in("Change Update", &self.phrase.verb) && self.phrase.takes_name;
        if !is_change || self.names().is_empty() {
            return None;
        }
        let mut changes = self
            .facts
            .iter()
            .filter(|one| one.fact.kind != FactKind::Target && one.weight != Weight::Minor);
        let name = changes.next().filter(|_| changes.next().is_none())?;
        let own = spaced(name.fact.name.rsplit('.').next().unwrap_or_default());
        let is_name = matches!(&*own, "name" | "title" | "display name" | "friendly name");
        (is_name && !name.fact.is_cut && name.total == 1).then_some(name)
    }

    /// Writes a request that sets the state of an object.
    fn set_state(&self, line: &mut Line, state: &Ranked) {
        let name = state.short.clone();
        line.own("Set ");
        line.name(&name);
        line.own(" of");
        let names = self.names();
        let object = names.first();
        // In `/users/u1/status`, the state is that of the user.
        let is_own = !self.phrase.takes_name
            && self.phrase.noun.as_deref().map(singular) == Some(singular(&name));
        match object {
            Some(object) if is_own => {
                line.noun(
                    Some(&noun_of(&object.fact.name))
                        .filter(|noun| !noun.is_empty())
                        .map(|noun| &**noun),
                );
                line.own(" ");
                line.value(object, VALUE_CHARS_MAX);
            }
            _ => self.object(line),
        }
        line.own(" to ");
        line.value(state, VALUE_CHARS_MAX);
        if is_own {
            line.within(names.get(1..).unwrap_or_default());
        } else {
            self.context(line);
        }
    }
}
