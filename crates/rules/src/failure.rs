//! Why a condition could not be evaluated on a request.

/// What kept a condition from being evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// The byte of the condition's text at which it happened.
    pub(crate) at: u32,
}

impl Failure {
    /// That of a condition that is none.
    pub(crate) const NEVER: Self = Self {
        cause: Cause::NotBoolean,
        at: 0,
    };
}

/// The ways in which a condition cannot be evaluated. As wide as the place beside it, so that a failure, and
/// with it each result of an evaluation, is moved in whole words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cause {
    /// It looks at what was not kept of the request, or has not arrived.
    NotKept,
    /// A field is missing.
    Missing,
    /// A field, a query parameter or a header is there more than once, so that it is open which
    /// one the upstream takes.
    Repeated,
    /// It looks into a body that is there and could not be read as fields.
    Unread,
    /// It can be read in more than one way, and the upstream is free to choose.
    Ambiguous,
    /// A value is of a kind that the operator or function does not take.
    Kind,
    /// A text that is no number, instant, time span or truth value, or is no UTF-8.
    Unreadable,
    /// A number grew too large, or was divided by zero.
    Arithmetic,
    /// It takes more work than a condition may.
    Work,
    /// It came out neither true nor false.
    NotBoolean,
}

impl Cause {
    /// What happened, as the end of a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::NotKept => "that part of the request was not kept",
            Self::Missing => "that field is missing",
            Self::Repeated => "that field is there more than once",
            Self::Unread => "the body could not be read as fields",
            Self::Ambiguous => "that can be read in more than one way",
            Self::Kind => "that value is of another kind",
            Self::Unreadable => "that value cannot be read",
            Self::Arithmetic => "the calculation has no result",
            Self::Work => "it takes too much work",
            Self::NotBoolean => "it is neither true nor false",
        }
    }
}
