//! Sightings that other replicas recorded.

use std::collections::HashMap;

use crate::hash::Hashed;
use crate::{Sighting, SightingKind};

/// The call of a sighting that another replica recorded. Replicas share hashes only, not calls.
const CALL: &str = "an earlier request";

/// How a value came to be known to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The agent sent it before anyone showed it, so it is not evidence.
    Sent,
    /// A response contained it.
    Shown,
    /// A response had it as the id of an object, which counts even if the agent had sent it.
    ShownAsId,
    /// A request contained it that a human approved.
    Approved,
    /// The agent created what it names.
    Created,
}

/// The sightings that other replicas recorded for the values of one request, by hash.
#[derive(Debug, Default)]
pub struct Elsewhere(HashMap<u128, (Evidence, u64), Hashed>);

impl Elsewhere {
    /// Whether the agent sent a value first.
    pub(crate) fn was_sent(&self, hash: u128) -> bool {
        matches!(self.0.get(&hash), Some((Evidence::Sent, _)))
    }

    /// Returns the sighting of a value, without the piece, which replicas do not share.
    pub(crate) fn sighting(&self, hash: u128, now: u64) -> Option<Sighting> {
        let (evidence, at) = self.0.get(&hash)?;
        let kind = match evidence {
            Evidence::Sent => return None,
            Evidence::Shown | Evidence::ShownAsId => SightingKind::Shown,
            Evidence::Approved => SightingKind::Approved,
            Evidence::Created => SightingKind::Created,
        };
        Some(Sighting {
            kind,
            call: CALL.to_owned(),
            piece: String::new(),
            siblings: Vec::new(),
            age: now.saturating_sub(*at),
        })
    }

    /// Returns whether all of the values are ones that the agent sent.
    pub fn is_empty(&self) -> bool {
        self.0
            .values()
            .all(|(evidence, _)| *evidence == Evidence::Sent)
    }
}

/// Values as a hash, how each is known, and since when, in seconds since 1970.
impl FromIterator<(u128, Evidence, u64)> for Elsewhere {
    fn from_iter<I: IntoIterator<Item = (u128, Evidence, u64)>>(noted: I) -> Self {
        let noted = noted.into_iter();
        Self(
            noted
                .map(|(hash, evidence, at)| (hash, (evidence, at)))
                .collect(),
        )
    }
}
