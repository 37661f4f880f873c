//! From a model's words to a score. The model is never asked for a number: models answer with the
//! same one whatever they are shown.

use super::comparison::{Comparison, Difference, Manipulation, Relation};
use super::description::{
    Address, Audience, Description, Documented, Effect, Extent, Harm, Sensitivity,
};

/// The score of a request that tries to steer whoever judges it.
const MANIPULATION_SCORE: f64 = 0.95;

/// The highest score at which a request may count as harmless.
const HARMLESS_SCORE_MAX: f64 = 0.4;

/// What a model found out about one piece of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) description: Description,
    pub(super) comparison: Comparison,
}

impl Finding {
    /// How risky that makes the request, from 0.0 to 1.0.
    pub(super) fn score(&self) -> f64 {
        if self.is_steering() {
            return MANIPULATION_SCORE;
        }
        self.impact().max(self.departure())
    }

    /// Whether this is clearly the step that the intent asks for, and harmless: the only words
    /// that may release what the built-in assessor would hold.
    pub(super) fn is_clear_and_harmless(&self) -> bool {
        let Self {
            description,
            comparison,
        } = self;
        self.is_asked_for()
            && self.score() <= HARMLESS_SCORE_MAX
            && matches!(description.harm, Harm::Negligible | Harm::Correctable)
            && description.extent == Extent::One
            && matches!(description.audience, Audience::Nobody | Audience::Named)
            && matches!(
                description.sensitivity,
                Sensitivity::Ordinary | Sensitivity::Personal
            )
            && description.documented != Documented::Contradicts
            && comparison.relation != Relation::Unclear
    }

    /// Whether the request does what the intent asks for and no more.
    pub(super) fn is_asked_for(&self) -> bool {
        !self.is_steering()
            && matches!(self.comparison.relation, Relation::Exactly | Relation::Step)
            && self.comparison.differences.is_empty()
    }

    fn is_steering(&self) -> bool {
        self.description.addresses_reviewer == Address::Yes
            || self.comparison.manipulation != Manipulation::None
    }

    /// What the request does by itself, whatever it is for.
    fn impact(&self) -> f64 {
        let description = &self.description;
        let effects = description.effects.iter();
        let effect = effects
            .map(|effect| self.effect_score(*effect))
            .fold(0.0, f64::max);
        let changes = description
            .effects
            .iter()
            .any(|effect| !matches!(effect, Effect::Nothing | Effect::Reads));
        let extent = match description.extent {
            Extent::Many | Extent::Unclear if changes => 0.5,
            Extent::Unbounded if changes => 0.7,
            Extent::One | Extent::Many | Extent::Unbounded | Extent::Unclear => 0.0,
        };
        let audience = match description.audience {
            Audience::Public => 0.4,
            Audience::Unclear if changes => 0.5,
            Audience::Nobody | Audience::Named | Audience::Unclear => 0.0,
        };
        let sensitivity = match (description.sensitivity, description.audience) {
            (Sensitivity::Secret, _) => 0.6,
            (Sensitivity::Personal, Audience::Public) => 0.7,
            (Sensitivity::Unclear, _) => 0.3,
            (Sensitivity::Personal | Sensitivity::Ordinary, _) => 0.0,
        };
        let harm = match description.harm {
            Harm::Negligible | Harm::Correctable => 0.0,
            Harm::Costly if changes => 0.55,
            Harm::Costly => 0.4,
            Harm::Severe => 0.8,
            Harm::Unclear if changes => 0.5,
            Harm::Unclear => 0.3,
        };
        let documented = match description.documented {
            Documented::Contradicts => 0.6,
            Documented::Fits | Documented::NoDocumentation => 0.0,
        };
        [effect, extent, audience, sensitivity, harm, documented]
            .into_iter()
            .fold(0.0, f64::max)
    }

    /// What an effect weighs. Money, rights, secrets and showing data to outsiders are for a human
    /// however small they seem; an ordinary change or removal is as bad as its mistake would be.
    fn effect_score(&self, effect: Effect) -> f64 {
        let is_negligible = self.description.harm == Harm::Negligible;
        match effect {
            Effect::Nothing | Effect::Reads => 0.05,
            Effect::Writes if is_negligible => 0.1,
            Effect::Writes => 0.2,
            Effect::Sends if is_negligible => 0.15,
            Effect::Sends => 0.3,
            Effect::Deletes | Effect::Runs if is_negligible => 0.3,
            Effect::Deletes | Effect::Runs => 0.55,
            Effect::Pays | Effect::Shares | Effect::Access | Effect::Unclear => 0.6,
            Effect::Credentials => 0.7,
        }
    }

    /// How far the request departs from the intent.
    fn departure(&self) -> f64 {
        let relation = match self.comparison.relation {
            Relation::Exactly | Relation::Step => 0.0,
            Relation::Further => 0.65,
            Relation::Different => 0.75,
            Relation::Unrelated => 0.8,
            Relation::Contradicts => 0.9,
            Relation::Unclear if self.only_reads() => 0.3,
            Relation::Unclear => 0.55,
        };
        let difference = if self.comparison.differences.is_empty() {
            0.0
        } else {
            0.7
        };
        f64::max(relation, difference)
    }

    fn only_reads(&self) -> bool {
        self.description
            .effects
            .iter()
            .all(|effect| matches!(effect, Effect::Nothing | Effect::Reads))
    }

    /// One sentence for a human, of our own words alone: a model's could be an agent's.
    pub(super) fn sentence(&self) -> String {
        if self.is_steering() {
            return "The language model found text that tries to steer whoever judges the request."
                .to_owned();
        }
        format!(
            "The language model reads this as a request that {}{}, and {}.",
            self.does(),
            self.how_bad(),
            self.stands_to_intent()
        )
    }

    fn does(&self) -> String {
        let mut effects = self.description.effects.clone();
        effects.sort_unstable();
        effects.dedup();
        let phrases: Vec<&str> = effects.into_iter().map(Effect::phrase).collect();
        listed(&phrases)
    }

    fn how_bad(&self) -> &'static str {
        match self.description.harm {
            Harm::Negligible | Harm::Correctable => "",
            Harm::Costly => " at a cost if it is wrong",
            Harm::Severe => " with severe harm if it is wrong",
            Harm::Unclear => " with a harm that it cannot tell",
        }
    }

    fn stands_to_intent(&self) -> String {
        let relation = match self.comparison.relation {
            Relation::Exactly => "exactly what the intent asks for",
            Relation::Step => "a step that the intent needs",
            Relation::Further => "more than the intent asks for",
            Relation::Different => "not what the intent asks for",
            Relation::Unrelated => "no part of what the intent asks for",
            Relation::Contradicts => "against what the intent asks for",
            Relation::Unclear => "cannot tell whether the intent asks for it",
        };
        let mut differences: Vec<Difference> = self.comparison.differences.clone();
        differences.sort_unstable();
        differences.dedup();
        let words: Vec<&str> = differences.into_iter().map(Difference::as_str).collect();
        let is = if self.comparison.relation == Relation::Unclear {
            ""
        } else {
            "as "
        };
        if words.is_empty() {
            format!("{is}{relation}")
        } else {
            format!("{is}{relation}: it differs in {}", listed(&words))
        }
    }
}

impl Effect {
    fn phrase(self) -> &'static str {
        match self {
            Self::Nothing => "changes nothing",
            Self::Reads => "reads data",
            Self::Writes => "writes data",
            Self::Sends => "sends a message",
            Self::Pays => "moves or commits money",
            Self::Deletes => "deletes or cancels something",
            Self::Shares => "lets others see data",
            Self::Access => "changes who has access",
            Self::Credentials => "touches credentials",
            Self::Runs => "runs or configures systems",
            Self::Unclear => "does something that it cannot tell",
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::llm::comparison::Applies;
    use crate::llm::word::Word;

    fn harmless() -> Finding {
        Finding {
            description: Description {
                effects: vec![Effect::Writes],
                extent: Extent::One,
                audience: Audience::Nobody,
                sensitivity: Sensitivity::Ordinary,
                harm: Harm::Correctable,
                documented: Documented::NoDocumentation,
                addresses_reviewer: Address::No,
            },
            comparison: Comparison {
                relation: Relation::Exactly,
                differences: vec![],
                manipulation: Manipulation::None,
                rules: vec![],
            },
        }
    }

    fn any_word<W: Word + std::fmt::Debug>() -> impl Strategy<Value = W> {
        prop::sample::select(W::WORDS)
            .prop_map(|(word, _)| serde_json::from_value(serde_json::json!(word)).unwrap())
    }

    fn any_finding() -> impl Strategy<Value = Finding> {
        let description = (
            prop::collection::vec(any_word::<Effect>(), 1..4),
            any_word::<Extent>(),
            any_word::<Audience>(),
            any_word::<Sensitivity>(),
            any_word::<Harm>(),
            any_word::<Documented>(),
            any_word::<Address>(),
        )
            .prop_map(
                |(effects, extent, audience, sensitivity, harm, documented, addresses_reviewer)| {
                    Description {
                        effects,
                        extent,
                        audience,
                        sensitivity,
                        harm,
                        documented,
                        addresses_reviewer,
                    }
                },
            );
        let comparison = (
            any_word::<Relation>(),
            prop::collection::vec(any_word::<Difference>(), 0..3),
            any_word::<Manipulation>(),
            prop::collection::vec(any_word::<Applies>(), 0..3),
        )
            .prop_map(|(relation, differences, manipulation, rules)| Comparison {
                relation,
                differences,
                manipulation,
                rules,
            });
        (description, comparison).prop_map(|(description, comparison)| Finding {
            description,
            comparison,
        })
    }

    proptest! {
        #[test]
        fn every_answer_has_a_score_in_range_and_a_sentence(finding in any_finding()) {
            prop_assert!((0.0..=1.0).contains(&finding.score()));
            prop_assert!(finding.sentence().ends_with('.'));
        }

        #[test]
        fn only_what_is_asked_for_is_released(finding in any_finding()) {
            if finding.is_clear_and_harmless() {
                prop_assert!(finding.is_asked_for() && finding.score() < 0.5);
                let weighty = [Effect::Pays, Effect::Shares, Effect::Access, Effect::Credentials];
                prop_assert!(!finding.description.effects.iter().any(|e| weighty.contains(e)));
            }
            if !finding.is_asked_for() && finding.comparison.relation != Relation::Unclear {
                prop_assert!(finding.score() >= 0.5, "{finding:?}");
            }
        }
    }

    #[test]
    fn a_plain_change_that_was_asked_for_is_harmless() {
        assert!(harmless().is_clear_and_harmless());
        assert_eq!(
            harmless().sentence(),
            "The language model reads this as a request that writes data, and as exactly what the \
             intent asks for."
        );
    }

    #[test]
    fn each_thing_that_is_wrong_is_enough_to_hold() {
        let wrongs: [fn(&mut Finding); 9] = [
            |f| f.description.effects.push(Effect::Pays),
            |f| f.description.effects.push(Effect::Credentials),
            |f| f.description.extent = Extent::Unbounded,
            |f| f.description.harm = Harm::Severe,
            |f| f.description.sensitivity = Sensitivity::Secret,
            |f| f.description.addresses_reviewer = Address::Yes,
            |f| f.comparison.relation = Relation::Unrelated,
            |f| f.comparison.differences.push(Difference::Amount),
            |f| f.comparison.manipulation = Manipulation::Intent,
        ];
        for (index, wrong) in wrongs.into_iter().enumerate() {
            let mut finding = harmless();
            wrong(&mut finding);
            assert!(finding.score() >= 0.5, "{index}: {finding:?}");
            assert!(!finding.is_clear_and_harmless());
        }
    }

    #[test]
    fn a_sentence_names_what_differs() {
        let mut finding = harmless();
        finding.description.effects = vec![Effect::Pays];
        finding.description.harm = Harm::Costly;
        finding.comparison.relation = Relation::Different;
        finding.comparison.differences = vec![Difference::Amount, Difference::Recipient];
        assert_eq!(
            finding.sentence(),
            "The language model reads this as a request that moves or commits money at a cost if \
             it is wrong, and as not what the intent asks for: it differs in recipient and amount."
        );
    }
}
