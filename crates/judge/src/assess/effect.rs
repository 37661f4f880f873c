//! What a request does to the world.

/// A kind of effect, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Removes something or ends it.
    Delete,
    /// Moves money or commits to paying.
    Pay,
    /// Changes who may do what, or touches credentials.
    Access,
    /// Runs code, or changes what runs.
    Code,
    /// Lets something be seen by, or reach, someone outside.
    ShareOutside,
    /// Changes what is there.
    Change,
    /// Makes something new.
    Create,
    /// Only looks.
    Read,
}

impl Effect {
    /// A stable word for the effect.
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

    /// What the effect is, as the end of a sentence that begins with "It".
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Delete => "deletes or ends something",
            Self::Pay => "moves money or commits to paying",
            Self::Access => "changes who has access, or touches credentials",
            Self::Code => "runs or deploys something",
            Self::ShareOutside => "sends or shares something with others",
            Self::Change => "changes something",
            Self::Create => "makes something new",
            Self::Read => "only reads",
        }
    }

    /// The effect's bit in a set.
    pub(crate) fn bit(self) -> u8 {
        1 << (self as u8)
    }
}
