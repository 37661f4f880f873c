//! The places that references lead to, in parts of a document that are otherwise skipped.

use std::collections::HashMap;

use super::limits::DEPTH_MAX;
use crate::pointer;

/// The limit on the places of a document that are kept for references. A bundler writes one for each
/// repeated schema.
const PLACES_MAX: usize = 20_000;

/// The places to keep, by the parts of their pointers.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    top: Place,
    places: usize,
}

/// A place on the way to what is kept.
#[derive(Debug, Default)]
pub(crate) struct Place {
    below: HashMap<String, Self>,
    is_end: bool,
}

impl Wanted {
    /// Adds a place; returns whether it is a new one, within the limits.
    pub(crate) fn add(&mut self, json_pointer: &str) -> bool {
        let parts: Vec<String> = pointer::parts(json_pointer).collect();
        if self.places == PLACES_MAX || parts.len() > DEPTH_MAX {
            return false;
        }
        let mut place = &mut self.top;
        for part in parts {
            place = place.below.entry(part).or_default();
        }
        let is_new = !std::mem::replace(&mut place.is_end, true);
        self.places += usize::from(is_new);
        is_new
    }

    /// Returns the root of the document, if anything is wanted.
    pub(super) fn top(&self) -> Option<&Place> {
        (self.places > 0).then_some(&self.top)
    }
}

impl Place {
    pub(super) fn below(&self, part: &str) -> Option<&Self> {
        self.below.get(part)
    }

    /// Whether a reference leads to this place, rather than to one below it.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }
}
