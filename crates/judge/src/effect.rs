//! The kinds of effect that a request can have.

/// A kind of effect. Ordered by severity, the most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Deletes or cancels something.
    Delete,
    /// Moves money or commits to a payment.
    Pay,
    /// Changes access rights or credentials.
    Access,
    /// Runs code, or changes which code runs.
    Code,
    /// Sends or shows something to others.
    ShareOutside,
    /// Changes something that exists.
    Change,
    /// Creates something.
    Create,
    /// Only reads.
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

    /// Returns the effect with a signal code; `None` if no effect has it.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.code() == code)
    }

    /// Returns the signal code of the effect, which is part of the API.
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

    /// Returns a predicate for a sentence that begins with "It".
    pub(crate) fn phrase(self) -> &'static str {
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

    /// Returns the effect's bit in a set.
    pub(crate) fn bit(self) -> u8 {
        1 << (self as u8)
    }
}
