//! Computing a score from the model's words. The model is never asked for a number, because models return
//! the same one whatever they are shown.

use crate::comparison::{Comparison, Difference, Manipulation, Relation};
use crate::description::{
    Address, Audience, Description, Documented, Effect, Environment, Extent, Reversibility, Review,
    Sensitivity,
};

// The scores in this file are ranks, not measurements: each is above or below the default threshold of
// 0.5, and a graver finding has a higher score, so that the worst piece of a request decides.

/// The score of a request that tries to influence its review: above every other score, since nothing else that the
/// model says can be trusted then.
const MANIPULATION_SCORE: f64 = 0.95;

/// The score of a request only because the model says that a person should review it: the lowest that is used for a
/// hold, because the model names no reason.
const REVIEW_SCORE: f64 = 0.6;

/// The finding of a model on one piece of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) description: Description,
    pub(crate) comparison: Comparison,
}

/// The conclusion from a model's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opinion {
    /// The model is sure that a person should review the request.
    Hold(f64),
    /// The model is sure that this is ordinary work that the intent asks for.
    Release(f64),
    /// The model is not sure.
    Unsure,
}

impl Opinion {
    /// Returns how risky the request is, from 0.0 to 1.0. If the model is not sure, it adds nothing.
    pub(crate) fn score(self) -> f64 {
        match self {
            Self::Hold(score) | Self::Release(score) => score,
            Self::Unsure => 0.0,
        }
    }
}

impl Finding {
    /// Returns the conclusion from the model's words.
    pub(crate) fn opinion(&self) -> Opinion {
        if self.tries_to_influence() {
            return Opinion::Hold(MANIPULATION_SCORE);
        }
        let score = self.impact().max(self.departure());
        if score > 0.0 {
            Opinion::Hold(score)
        } else if self.is_asked_for() && self.is_plainly_ordinary() {
            Opinion::Release(self.ordinary_score())
        } else {
            Opinion::Unsure
        }
    }

    /// Returns whether the model is sure that no review is needed.
    pub(crate) fn is_released(&self) -> bool {
        matches!(self.opinion(), Opinion::Release(_))
    }

    /// Returns whether the request does what the intent asks for, and nothing else.
    pub(crate) fn is_asked_for(&self) -> bool {
        let relation = self.comparison.relation;
        !self.tries_to_influence()
            && matches!(
                relation,
                Relation::Exactly | Relation::OtherWords | Relation::Step
            )
            && self.comparison.differences.is_empty()
    }

    fn tries_to_influence(&self) -> bool {
        self.description.addresses_reviewer == Address::Yes
            || self.comparison.manipulation != Manipulation::None
    }

    /// Returns whether the model sees ordinary work and is in no doubt about it.
    fn is_plainly_ordinary(&self) -> bool {
        let description = &self.description;
        description.review == Review::NotNeeded
            && !description.effects.contains(&Effect::Unclear)
            && description.extent != Extent::Unclear
            && description.audience != Audience::Unclear
            && description.sensitivity != Sensitivity::Unclear
            && description.reversibility != Reversibility::Unclear
    }

    /// Returns the score of ordinary work, by its effects.
    fn ordinary_score(&self) -> f64 {
        let effects = self.description.effects.iter();
        let score = effects.map(|effect| match effect {
            Effect::Nothing | Effect::Reads => 0.05,
            Effect::Writes => 0.1,
            Effect::Undoes | Effect::Sends => 0.15,
            _ => 0.25,
        });
        score.fold(0.0, f64::max)
    }

    /// Returns the score of effects that need review whatever the purpose; 0.0 for none.
    fn impact(&self) -> f64 {
        let description = &self.description;
        let is_ordinary = description.review == Review::NotNeeded;
        let effects = description.effects.iter();
        let effect = effects
            .map(|effect| self.effect_score(*effect))
            .fold(0.0, f64::max);
        let extent = match description.extent {
            // No one can undo a change to everything that a filter matches.
            Extent::Unbounded if self.changes() && !self.is_easily_undone() => 0.7,
            Extent::Many if self.changes() && !(is_ordinary && self.is_easily_undone()) => 0.6,
            _ => 0.0,
        };
        let audience = match (description.audience, description.sensitivity) {
            (_, Sensitivity::Secret) => 0.8,
            (Audience::Public | Audience::Outside, Sensitivity::Personal) if self.changes() => 0.7,
            (_, Sensitivity::Confidential) => 0.65,
            _ => 0.0,
        };
        let documented = match description.documented {
            Documented::Contradicts => 0.6,
            Documented::Fits | Documented::NoDocumentation => 0.0,
        };
        let review = match description.review {
            Review::Needed => REVIEW_SCORE,
            Review::NotNeeded | Review::Unsure => 0.0,
        };
        [effect, extent, audience, documented, review]
            .into_iter()
            .fold(0.0, f64::max)
    }

    /// Returns the score of an effect. Money, obligations, rights, secrets and showing data to outsiders
    /// need review however small they seem; other effects are as grave as the model says.
    fn effect_score(&self, effect: Effect) -> f64 {
        let description = &self.description;
        let is_ordinary = description.review == Review::NotNeeded;
        let is_test = description.environment == Environment::Test;
        match effect {
            Effect::Nothing
            | Effect::Reads
            | Effect::Writes
            | Effect::Undoes
            | Effect::Sends
            | Effect::Unclear => 0.0,
            Effect::Credentials => 0.8,
            Effect::Pays | Effect::Commits if is_test && is_ordinary => 0.0,
            Effect::Pays | Effect::Commits | Effect::Access | Effect::Shares => 0.7,
            Effect::Deletes if is_ordinary && description.reversibility != Reversibility::Never => {
                0.0
            }
            Effect::Runs if is_ordinary && description.environment != Environment::Production => {
                0.0
            }
            // A grave effect counts unless the model says that no review is needed.
            Effect::Deletes | Effect::Runs => 0.65,
        }
    }

    fn changes(&self) -> bool {
        !self.only_reads()
    }

    fn is_easily_undone(&self) -> bool {
        self.description.reversibility == Reversibility::Easily
    }

    /// Returns how far the request departs from the intent; 0.0 if that is unclear.
    fn departure(&self) -> f64 {
        let relation = match self.comparison.relation {
            Relation::Exactly | Relation::OtherWords | Relation::Step | Relation::Unclear => 0.0,
            Relation::Further => 0.65,
            Relation::Different => 0.75,
            Relation::Unrelated => 0.8,
            Relation::Contradicts => 0.9,
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

    /// Returns one sentence for a human, from our own words alone: text of a model could be an agent's.
    pub(crate) fn sentence(&self) -> String {
        if self.tries_to_influence() {
            return "The language model found text that tries to influence the review of the request."
                .to_owned();
        }
        format!(
            "The language model reads this as a request that {}{}{}, and {}.",
            self.does(),
            self.how_bad(),
            self.needs(),
            self.relation_to_intent()
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
        match self.description.reversibility {
            Reversibility::Never if self.changes() => " and cannot be undone",
            _ => "",
        }
    }

    fn needs(&self) -> &'static str {
        match self.description.review {
            Review::Needed => ", which a person should review first",
            Review::Unsure => ", which a person may want to review",
            Review::NotNeeded => "",
        }
    }

    fn relation_to_intent(&self) -> String {
        let relation = match self.comparison.relation {
            Relation::Exactly => "exactly what the intent asks for",
            Relation::OtherWords => "what the intent asks for in other words",
            Relation::Step => "a step that the intent needs",
            Relation::Further => "more than the intent asks for",
            Relation::Different => "not what the intent asks for",
            Relation::Unrelated => "not part of what the intent asks for",
            Relation::Contradicts => "against what the intent asks for",
            Relation::Unclear => "cannot determine whether the intent asks for it",
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
            Self::Undoes => "undoes something small",
            Self::Sends => "sends a message",
            Self::Pays => "moves or commits money",
            Self::Commits => "enters into an obligation",
            Self::Deletes => "deletes or cancels something",
            Self::Shares => "lets others see data",
            Self::Access => "changes who has access",
            Self::Credentials => "touches credentials",
            Self::Runs => "runs or configures systems",
            Self::Unclear => "does something that is unclear",
        }
    }
}

/// Formats a list as `a`, `a and b`, or `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
