//! The values of a headline after its sentence.

use gaiterguard_domain::effect::Effect;

use crate::calls::is_deleted;
use crate::code::is_code_fact;
use crate::fact::{FactKind, NO_EXPIRY, Ranked, Weight};
use crate::headline::{DESTINATION, Headline, is_new_value, is_title};
use crate::items::{self, ItemList};
use crate::line::Line;
use crate::pairs::CONDITION;
use crate::switch::is_trial_name;
use crate::words::is_in;

/// How many other values follow the object after those that decide what happens.
const DETAILS_MAX: usize = 2;

/// How many values follow the object if fewer of them decide what happens.
const DETAILS_ALONE_MAX: usize = 3;

/// How many values that a thing is known by, or that it is set to, come first.
const OWN_MAX: usize = 2;

/// How many values that decide what happens follow the object.
const DECIDING_MAX: usize = 5;

impl Headline<'_> {
    /// Appends the values that decide what happens, and the first others of some kinds: each name once,
    /// and no value that is also in the path.
    pub(crate) fn details(&self, line: &mut Line, kinds: &[FactKind]) {
        self.details_but(line, kinds, None);
    }

    /// Appends values like [`Self::details`], but none with the name of one that is part of the sentence.
    pub(crate) fn details_but(&self, line: &mut Line, kinds: &[FactKind], said: Option<&str>) {
        let mut shown: Vec<(&str, &str)> = Vec::new();
        let pays = self.effect == Effect::Pay;
        let deciding = self.facts.iter().filter(|one| {
            // These are part of the sentence themselves.
            let is_said = match one.fact.kind {
                FactKind::Amount => pays || self.calls.count > 0,
                FactKind::Recipient => {
                    let reaches = matches!(self.effect, Effect::ShareOutside | Effect::Access);
                    pays || reaches || self.calls.count > 0
                }
                FactKind::Account => pays,
                _ => said == Some(&one.fact.name),
            };
            one.weight == Weight::Deciding && !is_said
        });
        let of_kinds = |weight| {
            kinds
                .iter()
                .flat_map(|kind| self.of_kind(*kind))
                .filter(move |one| one.weight == weight && said != Some(&one.fact.name))
        };
        // A new object is known by its title, and a change by the value that it sets.
        let has_own = matches!(self.effect, Effect::Create | Effect::Change);
        let own = self.facts.iter().filter(|one| {
            let is_own = self.effect == Effect::Create && is_title(one) || is_new_value(one);
            is_own && said != Some(&one.fact.name)
        });
        // A header may decide for whom it is done.
        let is_header = |one: &&Ranked| one.fact.location.starts_with("header/");
        let of_headers = deciding.clone().filter(is_header);
        self.appended(line, of_headers, DECIDING_MAX, &mut shown);
        if has_own {
            self.appended(line, own, OWN_MAX, &mut shown);
        }
        self.appended(line, deciding, DECIDING_MAX, &mut shown);
        let room = DETAILS_ALONE_MAX.max(shown.len() + DETAILS_MAX);
        // The first of them is the most dangerous one.
        let room = room
            .saturating_sub(line.room.details_fewer)
            .max(shown.len() + 1);
        self.appended(line, of_kinds(Weight::Plain), room, &mut shown);
        if line.room.details_fewer > 0 {
            return;
        }
        // A value that says how the request is made is named only if there is nothing else, and a switch if there
        // is room: one that is on does more than one that is off.
        if shown.is_empty() {
            // The calls of a batch are named already.
            if !self.calls.is_batch {
                self.appended(line, of_kinds(Weight::Minor), DETAILS_MAX, &mut shown);
            }
        } else if self.first(FactKind::Command).is_none() {
            // A switch that is off is what a change is about.
            let off_max = if is_in("Change Update", &self.phrase.verb) {
                DETAILS_ALONE_MAX
            } else {
                DETAILS_MAX
            };
            for (state, names_max) in [("true", DETAILS_ALONE_MAX), ("false", off_max)] {
                let switches = of_kinds(Weight::Minor)
                    .filter(|one| one.fact.value == state && !is_trial_name(&one.fact.name));
                self.appended(line, switches, names_max, &mut shown);
            }
        }
    }

    /// Appends values until a number of names is shown.
    pub(crate) fn appended<'f>(
        &self,
        line: &mut Line,
        facts: impl Iterator<Item = &'f Ranked>,
        names_max: usize,
        shown: &mut Vec<(&'f str, &'f str)>,
    ) {
        let moves = is_in("Copy Move", &self.phrase.verb);
        for one in facts {
            // Where something is moved to is part of the sentence, and what a file holds is not what is done.
            let is_said = moves && one.fact.location == DESTINATION
                || self.phrase.verb == "Upload" && one.fact.location.starts_with("body/");
            // The other values of an item are in its line.
            if self.is_in_line(one) {
                continue;
            }
            // The sentence has the arguments of a token.
            if self
                .token_call
                .is_some_and(|call| call.says(&one.fact.location))
            {
                continue;
            }
            // A condition is not what is done.
            let is_condition = one.fact.name.contains(CONDITION);
            if is_said || is_condition || self.phrase.says_verdict(&one.fact.value) {
                continue;
            }
            // A filter in the query may have the name of a value in the body.
            let place = one.fact.location.split('/').next().unwrap_or_default();
            let name = (place, &*one.fact.name);
            let is_kind = self
                .kind_of_thing()
                .is_some_and(|kind| kind.fact.location == one.fact.location)
                && line
                    .parts
                    .iter()
                    .any(|part| part.is_value && part.text == one.fact.value);
            let is_known = is_kind
                || self
                    .of_kind(FactKind::Target)
                    .any(|name| name.fact.value == one.fact.value)
                || self.effect == Effect::Pay
                    && one.fact.kind == FactKind::Other
                    && self
                        .of_kind(FactKind::Account)
                        .any(|name| name.fact.value == one.fact.value)
                || self.calls.is_batch
                    && self.calls.named.iter().any(|call| {
                        call.object.as_ref() == Some(&one.fact.value) || call.name == one.fact.value
                    });
            if is_known || shown.contains(&name) {
                continue;
            }
            if shown.len() >= names_max {
                break;
            }
            if self.evaluated.is_some() && is_code_fact(one.fact.kind, &one.fact.name) {
                continue;
            }
            let is_same = self.list_of(one).is_some() && {
                let mut alike = self.facts.iter().filter(|other| other.group == one.group);
                alike.all(|other| other.fact.value == one.fact.value)
            };
            if one.fact.value == NO_EXPIRY && one.covers == 0 {
                line.own(&format!(" · {NO_EXPIRY}"));
            } else if let Some(audience) = one.audience {
                let said = line.parts.iter().any(|part| part.text.contains(audience));
                if !said {
                    line.own(&format!(" · {audience}"));
                }
            } else if one.fact.kind == FactKind::Amount
                && self.total.is_some_and(|total| total.group == one.group)
            {
                line.begin_detail(one);
                self.amounts(line, " ", one);
            } else if is_same {
                // A value that all items have is said once.
                line.detail(one);
            } else if one.total > 1 {
                let of_group = self.facts.iter().filter(|other| other.group == one.group);
                line.detail_list(one, &of_group.collect::<Vec<_>>());
            } else {
                line.detail(one);
            }
            shown.push(name);
        }
    }

    /// Returns the list of several items that a value belongs to.
    pub(crate) fn list_of(&self, one: &Ranked) -> Option<&ItemList> {
        items::list_of(self.items, &one.fact.location)
    }

    /// Whether a value is left to the line of its item: only what decides, and what the items are known by, is in
    /// the headline.
    fn is_in_line(&self, one: &Ranked) -> bool {
        let Some(list) = self.list_of(one).filter(|list| list.count > 1) else {
            return false;
        };
        // The prices of several things are not what is paid.
        let is_paid = self.effect == Effect::Pay || self.total.is_some();
        let decides = one.weight == Weight::Deciding
            || one.fact.kind == FactKind::Amount && is_paid
            || matches!(one.fact.kind, FactKind::Access | FactKind::Recipient)
            || one.fact.name.contains(CONDITION);
        let at = self.items.iter().position(|known| known == list);
        let first = at.and_then(|at| self.known_by[at]);
        let is_patch = one.total == 1 && !is_deleted(&one.fact.name, &one.fact.value);
        !decides && !is_patch && first.is_some_and(|first| first != one.group)
    }
}
