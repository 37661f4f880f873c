//! The values of a headline after its sentence.

use gaiterguard_domain::effect::Effect;

use crate::code::is_code_fact;
use crate::fact::{FactKind, Ranked, Weight};
use crate::headline::{DESTINATION, Headline};
use crate::line::Line;
use crate::switch::is_trial_name;
use crate::words::is_in;

/// How many other values follow the object after those that decide what happens.
const DETAILS_MAX: usize = 2;

/// How many values follow the object if fewer of them decide what happens.
const DETAILS_ALONE_MAX: usize = 3;

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
    fn appended<'f>(
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
            if is_said || self.phrase.says(&one.fact.value) {
                continue;
            }
            // A filter in the query may have the name of a value in the body.
            let place = one.fact.location.split('/').next().unwrap_or_default();
            let name = (place, &*one.fact.name);
            let is_known = self
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
            if one.fact.kind == FactKind::Amount
                && self.total.is_some_and(|total| total.group == one.group)
            {
                line.begin_detail(one);
                self.amounts(line, " ", one);
            } else if one.total > 1 {
                let of_group = self.facts.iter().filter(|other| other.group == one.group);
                line.detail_list(one, &of_group.collect::<Vec<_>>());
            } else {
                line.detail(one);
            }
            shown.push(name);
        }
    }
}
