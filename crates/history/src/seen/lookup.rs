//! Looking a value of a request up in a history.

use percent_encoding::percent_decode_str;

use super::Seen;
use crate::elsewhere::Elsewhere;
use crate::form;
use crate::packed::Packed;
use crate::place::How;
use crate::{History, Sighting, SightingKind};

/// The history at one moment.
#[derive(Clone, Copy, Debug)]
pub struct SeenAt<'s> {
    seen: &'s Seen,
    now: u64,
    elsewhere: Option<&'s Elsewhere>,
}

impl<'s> SeenAt<'s> {
    /// The same together with what other processes noted.
    #[must_use]
    pub fn with(self, elsewhere: Option<&'s Elsewhere>) -> Self {
        Self { elsewhere, ..self }
    }
}

impl History for SeenAt<'_> {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        self.first(value, |found| found.sighting(self.seen))
    }

    fn kind(&self, value: &str) -> Option<SightingKind> {
        self.first(value, |found| Some(found.kind()))
    }

    fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

impl SeenAt<'_> {
    /// Looks for each form of a value, and returns the first result.
    fn first<T>(&self, value: &str, result: impl Fn(&Found<'_>) -> Option<T>) -> Option<T> {
        let mut first = None;
        forms_of(value, &mut |form| {
            if first.is_none() {
                let found = self.seen.find(form, self.now, self.elsewhere);
                first = found.and_then(|found| result(&found));
            }
        });
        first
    }
}

/// Where a form of a value was found.
enum Found<'s> {
    /// In an exchange of this process.
    Here {
        how: How,
        piece: u32,
        response: &'s Packed,
        age: u64,
    },
    /// In one of another process.
    Elsewhere(Sighting),
}

impl Found<'_> {
    fn kind(&self) -> SightingKind {
        match self {
            Self::Here { how, .. } => how.kind(),
            Self::Elsewhere(sighting) => sighting.kind,
        }
    }

    /// Opens what was seen around the value.
    fn sighting(&self, seen: &Seen) -> Option<Sighting> {
        match self {
            Self::Here {
                how,
                piece,
                response,
                age,
            } => {
                let (piece, siblings) = response.piece(*piece, &*seen.seal);
                Some(Sighting {
                    kind: how.kind(),
                    call: response.call(&*seen.seal)?,
                    piece,
                    siblings,
                    age: *age,
                })
            }
            Self::Elsewhere(sighting) => Some(sighting.clone()),
        }
    }
}

/// Ages are counted from the newest exchange.
impl History for Seen {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        self.at(self.newest).sighting(value)
    }

    fn kind(&self, value: &str) -> Option<SightingKind> {
        self.at(self.newest).kind(value)
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

impl Seen {
    /// Returns the history as of a time in seconds since 1970.
    pub fn at(&self, now: u64) -> SeenAt<'_> {
        SeenAt {
            seen: self,
            now,
            elsewhere: None,
        }
    }

    fn find(&self, form: &str, now: u64, elsewhere: Option<&Elsewhere>) -> Option<Found<'_>> {
        let hash = self.key.hash(form);
        if elsewhere.is_some_and(|elsewhere| elsewhere.was_sent(hash)) {
            return None;
        }
        self.find_here(hash, now)
            .or_else(|| Some(Found::Elsewhere(elsewhere?.sighting(hash, now)?)))
    }

    fn find_here(&self, hash: u128, now: u64) -> Option<Found<'_>> {
        let places = self.places.get(&hash)?;
        How::ALL.into_iter().find_map(|how| {
            let place = places[how as usize]?;
            let response = self
                .responses
                .get((place.response.checked_sub(self.first)?) as usize)?;
            let age = now.saturating_sub(response.at);
            if age > self.limits.seconds_max {
                return None;
            }
            Some(Found::Here {
                how,
                piece: place.piece,
                response: &response.packed,
                age,
            })
        })
    }
}

/// The forms under which a value of a request is looked for, in order.
fn forms_of(value: &str, found: &mut dyn FnMut(&str)) {
    let value = value.trim();
    form::of_whole(value, found);
    // `#general` and `@bob` are how people write the names that services return.
    let named = value.trim_start_matches(['#', '@']);
    if named.len() < value.len() {
        form::of_whole(named, found);
    }
    if value.contains('%')
        && let Ok(decoded) = percent_decode_str(value).decode_utf8()
    {
        form::of_whole(&decoded, found);
    }
    form::of_inner(value, found);
}
