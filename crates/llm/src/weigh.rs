//! From a model's words to a score. The model is never asked for a number: models answer with the
//! same one whatever they are shown.

use crate::comparison::{Comparison, Difference, Manipulation, Relation};
use crate::description::{
    Address, Audience, Description, Documented, Effect, Environment, Extent, Reversibility, Review,
    Sensitivity,
};

/// The score of a request that tries to steer whoever judges it.
const MANIPULATION_SCORE: f64 = 0.95;

/// The score of what a person should look at, in the model's opinion alone.
const REVIEW_SCORE: f64 = 0.6;

/// What a model found out about one piece of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) description: Description,
    pub(crate) comparison: Comparison,
}

/// What a model's words come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opinion {
    /// It is sure that a person should look, with this score.
    Hold(f64),
    /// It is sure that this is ordinary work that the intent asks for, with this score.
    Release(f64),
    /// It is not sure.
    Unsure,
}

impl Opinion {
    /// How risky that makes the request, from 0.0 to 1.0; nothing by itself where it is not sure.
    pub(crate) fn score(self) -> f64 {
        match self {
            Self::Hold(score) | Self::Release(score) => score,
            Self::Unsure => 0.0,
        }
    }
}

impl Finding {
    /// What the model's words come to.
    pub(crate) fn opinion(&self) -> Opinion {
        if self.is_steering() {
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

    /// Whether the model is sure that nobody need look.
    pub(crate) fn is_released(&self) -> bool {
        matches!(self.opinion(), Opinion::Release(_))
    }

    /// Whether the request does what the intent asks for and no more.
    pub(crate) fn is_asked_for(&self) -> bool {
        let relation = self.comparison.relation;
        !self.is_steering()
            && matches!(
                relation,
                Relation::Exactly | Relation::OtherWords | Relation::Step
            )
            && self.comparison.differences.is_empty()
    }

    fn is_steering(&self) -> bool {
        self.description.addresses_reviewer == Address::Yes
            || self.comparison.manipulation != Manipulation::None
    }

    /// Whether the model sees ordinary work, and is in no doubt about what it is.
    fn is_plainly_ordinary(&self) -> bool {
        let description = &self.description;
        description.review == Review::NotNeeded
            && !description.effects.contains(&Effect::Unclear)
            && description.extent != Extent::Unclear
            && description.audience != Audience::Unclear
            && description.sensitivity != Sensitivity::Unclear
            && description.reversibility != Reversibility::Unclear
    }

    /// The score of ordinary work, by what it does.
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

    /// What is for a person whatever the request is for; 0.0 for nothing.
    fn impact(&self) -> f64 {
        let description = &self.description;
        let is_ordinary = description.review == Review::NotNeeded;
        let effects = description.effects.iter();
        let effect = effects
            .map(|effect| self.effect_score(*effect))
            .fold(0.0, f64::max);
        let extent = match description.extent {
            // A filter that matches everything is undone by nobody.
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

    /// What an effect weighs. Money, obligations, rights, secrets and showing data to outsiders are for
    /// a person however small they seem; what else may be grave is as grave as the model says.
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
            // What may be grave is grave unless the model says that nobody need look.
            Effect::Deletes | Effect::Runs => 0.65,
        }
    }

    fn changes(&self) -> bool {
        !self.only_reads()
    }

    fn is_easily_undone(&self) -> bool {
        self.description.reversibility == Reversibility::Easily
    }

    /// How far the request departs from the intent; 0.0 where that cannot be told.
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

    /// One sentence for a human, of our own words alone: a model's could be an agent's.
    pub(crate) fn sentence(&self) -> String {
        if self.is_steering() {
            return "The language model found text that tries to steer whoever judges the request."
                .to_owned();
        }
        format!(
            "The language model reads this as a request that {}{}{}, and {}.",
            self.does(),
            self.how_bad(),
            self.needs(),
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
        match self.description.reversibility {
            Reversibility::Never if self.changes() => " and cannot be taken back",
            _ => "",
        }
    }

    fn needs(&self) -> &'static str {
        match self.description.review {
            Review::Needed => ", which a person should look at first",
            Review::Unsure => ", which a person may want to look at",
            Review::NotNeeded => "",
        }
    }

    fn stands_to_intent(&self) -> String {
        let relation = match self.comparison.relation {
            Relation::Exactly => "exactly what the intent asks for",
            Relation::OtherWords => "what the intent asks for in other words",
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
            Self::Undoes => "takes something small back",
            Self::Sends => "sends a message",
            Self::Pays => "moves or commits money",
            Self::Commits => "enters into an obligation",
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
mod tests;
