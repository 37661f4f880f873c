//! Why a condition could not be evaluated on a request.

/// The reason why a condition could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// The byte offset in the condition's text at which it failed.
    pub(crate) at: u32,
}

impl Failure {
    /// The failure of a condition that does not compile.
    pub(crate) const NEVER: Self = Self {
        cause: Cause::NotBoolean,
        at: 0,
    };
}

/// The ways in which a condition cannot be evaluated. `repr(u32)` makes it as wide as the position
/// next to it, so that a failure, and with it each result of an evaluation, is moved in whole
/// words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cause {
    /// It uses a part of the request that was not kept or has not arrived.
    NotKept,
    /// A field is missing.
    Missing,
    /// A field, a query parameter or a header appears more than once, and upstreams differ in which
    /// one they use.
    Repeated,
    /// It uses fields of a body that could not be read as fields.
    Unread,
    /// It can be read in more than one way, and the upstream is free to choose.
    Ambiguous,
    /// A value has a type that the operator or function does not accept.
    Kind,
    /// A text of a form, a query or a header is compared with a number or a Boolean, and is not certainly one.
    Untyped,
    /// A text is not the expected number, instant, duration or Boolean, or is not UTF-8.
    Unreadable,
    /// A whole amount in a text. Whether it is in the currency's smallest unit is unknown.
    Unit,
    /// A number grew too large, or was divided by zero.
    Arithmetic,
    /// It exceeds the work limit of a condition.
    Work,
    /// Its result is not a Boolean.
    NotBoolean,
}

impl Cause {
    /// Returns the failure as a clause for a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::NotKept => "that part of the request was not kept",
            Self::Missing => "that field is missing",
            Self::Repeated => "that field appears more than once",
            Self::Unread => "the body could not be read as fields",
            Self::Ambiguous => "that can be read in more than one way",
            Self::Kind => "that value has the wrong type",
            Self::Untyped => {
                "values of forms, queries and headers are strings: use int(), double() or money(), or compare with a string"
            }
            Self::Unreadable => "that value cannot be read",
            Self::Unit => {
                "money() does not know the unit of that string: int() makes it the smallest unit, and double() \
                 units of the currency"
            }
            Self::Arithmetic => "the calculation has no result",
            Self::Work => "it takes too much work",
            Self::NotBoolean => "it is neither true nor false",
        }
    }
}
