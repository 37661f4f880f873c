//! How and where a value was seen.

use crate::SightingKind;
use crate::elsewhere::Evidence;

/// A value that was noted of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Its hash.
    pub hash: u128,
    /// How it came to be known.
    pub evidence: Evidence,
}

/// The kind of message that values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The response to a request that reads.
    Read,
    /// The response to another request.
    Written,
    /// A request that a human approved.
    Approved,
}

/// How a value was seen, from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// As an id of what the agent created.
    Created,
    /// As an id of an object.
    Own,
    /// As any other value.
    Mentioned,
    /// In a request that was approved.
    Approved,
}

impl How {
    pub(crate) const ALL: [Self; 4] = [Self::Created, Self::Own, Self::Mentioned, Self::Approved];

    pub(crate) fn kind(self) -> SightingKind {
        match self {
            Self::Created => SightingKind::Created,
            Self::Own | Self::Mentioned => SightingKind::Shown,
            Self::Approved => SightingKind::Approved,
        }
    }
}

/// A response by its number, and a piece of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) response: u32,
    pub(crate) piece: u32,
}

/// The last place for each way of being seen.
pub(crate) type Places = [Option<Place>; How::ALL.len()];
