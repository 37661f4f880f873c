//! The kinds of effect that a request can have.

use serde::{Deserialize, Serialize};

/// A kind of effect. Ordered by severity, the most severe first. The names in JSON are the codes of
/// the assessor's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = OperationEffect, description = "Effect of a request."))]
pub enum Effect {
    /// Deletes or cancels something.
    #[serde(rename = "deletes")]
    Delete,
    /// Moves money or commits to a payment.
    #[serde(rename = "pays")]
    Pay,
    /// Changes access rights or credentials.
    #[serde(rename = "changes_access")]
    Access,
    /// Runs code, or changes which code runs.
    #[serde(rename = "runs_code")]
    Code,
    /// Sends or shows something to others.
    #[serde(rename = "shares_outside")]
    ShareOutside,
    /// Changes something that exists.
    #[serde(rename = "changes")]
    Change,
    /// Creates something.
    #[serde(rename = "creates")]
    Create,
    /// Only reads.
    #[serde(rename = "reads")]
    Read,
}

impl Effect {
    /// Every effect, the most severe first.
    pub const ALL: [Self; 8] = [
        Self::Delete,
        Self::Pay,
        Self::Access,
        Self::Code,
        Self::ShareOutside,
        Self::Change,
        Self::Create,
        Self::Read,
    ];

    /// Returns the effect with a code; `None` if no effect has it.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.code() == code)
    }

    /// Returns the name in JSON, which is also the code of the effect's signal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delete => "deletes",
            Self::Pay => "pays",
            Self::Access => "changes_access",
            Self::Code => "runs_code",
            Self::ShareOutside => "shares_outside",
            Self::Change => "changes",
            Self::Create => "creates",
            Self::Read => "reads",
        }
    }

    /// Returns the word that a human is shown for the effect.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "Deletes",
            Self::Pay => "Pays",
            Self::Access => "Changes access",
            Self::Code => "Runs code",
            Self::ShareOutside => "Sends out",
            Self::Change => "Changes",
            Self::Create => "Creates",
            Self::Read => "Reads",
        }
    }

    /// Returns a predicate for a sentence that begins with "It".
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Delete => "deletes or cancels something",
            Self::Pay => "moves money or commits to a payment",
            Self::Access => "changes access rights or credentials",
            Self::Code => "runs or deploys something",
            Self::ShareOutside => "sends or shares something with others",
            Self::Change => "changes something",
            Self::Create => "creates something",
            Self::Read => "only reads",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_json_is_the_code() {
        for effect in Effect::ALL {
            assert_eq!(serde_json::to_value(effect).unwrap(), effect.code());
            assert_eq!(Effect::from_code(effect.code()), Some(effect));
        }
    }
}
