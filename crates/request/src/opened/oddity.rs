//! Irregularities in the encoding of a request.

/// One thing that is odd, and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What.
    pub kind: OddityKind,
    /// A header name, `query`, or a JSON pointer into the body; empty for the whole body.
    pub evidence: String,
}

/// The kinds of oddity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddityKind {
    /// A part that cannot be opened, and why, as the rest of a sentence.
    Unreadable(String),
    /// Binary content, such as an archive, which cannot be inspected.
    Opaque,
    /// A picture, a sound or the like.
    Media,
    /// A body with a method that usually has no body.
    BodyOnSafeMethod,
    /// A header or parameter by which frameworks take another method than the request's.
    MethodOverride(String),
    /// A header by which servers take another path than the request's.
    PathOverride,
}

impl Oddity {
    pub(super) fn new(kind: OddityKind, evidence: impl Into<String>) -> Self {
        Self {
            kind,
            evidence: evidence.into(),
        }
    }
}
