//! Looking a value of a request up in a history.

use percent_encoding::percent_decode_str;

use super::Seen;
use crate::elsewhere::Elsewhere;
use crate::form;
use crate::place::How;
use crate::{History, Sighting};

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
        let mut sighting = None;
        forms_of(value, &mut |form| {
            if sighting.is_none() {
                sighting = self.seen.find(form, self.now, self.elsewhere);
            }
        });
        sighting
    }

    fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// Ages are counted from the newest exchange.
impl History for Seen {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        self.at(self.newest).sighting(value)
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

    fn find(&self, form: &str, now: u64, elsewhere: Option<&Elsewhere>) -> Option<Sighting> {
        let hash = self.key.hash(form);
        if elsewhere.is_some_and(|elsewhere| elsewhere.was_sent(hash)) {
            return None;
        }
        self.find_here(hash, now)
            .or_else(|| elsewhere?.sighting(hash, now))
    }

    fn find_here(&self, hash: u128, now: u64) -> Option<Sighting> {
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
            let (piece, siblings) = response.packed.piece(place.piece, &*self.seal);
            Some(Sighting {
                kind: how.kind(),
                call: response.packed.call(&*self.seal)?,
                piece,
                siblings,
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
