//! A line of clients who wait for one of a few turns, in which no client takes all the places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::throttle::ClientKey;

/// A line of clients.
#[derive(Debug)]
pub(crate) struct Line {
    turns: Arc<Semaphore>,
    places_max: usize,
    places_per_client_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_client: HashMap<ClientKey, usize>,
}

/// There is no place in the line for this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineFull;

/// A turn, which keeps its place in the line; both are given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: Place,
}

impl Line {
    /// A line in which `turns_max` clients have a turn at once and `waiting_max` more wait, each
    /// client on at most `places_per_client_max` of these places.
    pub(crate) fn new(turns_max: usize, waiting_max: usize, places_per_client_max: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns_max)),
            places_max: turns_max + waiting_max,
            places_per_client_max,
            taken: Mutex::default(),
        }
    }

    /// Takes a place, if there is one left for this client, and waits for a turn.
    pub(crate) async fn turn(self: &Arc<Self>, client: ClientKey) -> Result<Turn, LineFull> {
        let place = self.place(client)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| LineFull)?;
        Ok(Turn {
            _turn: turn,
            _place: place,
        })
    }

    fn place(self: &Arc<Self>, client: ClientKey) -> Result<Place, LineFull> {
        let mut taken = self.taken();
        let of_client = taken.by_client.get(&client).copied().unwrap_or(0);
        if taken.all >= self.places_max || of_client >= self.places_per_client_max {
            return Err(LineFull);
        }
        taken.all += 1;
        taken.by_client.insert(client, of_client + 1);
        Ok(Place {
            line: Arc::clone(self),
            client,
        })
    }

    /// How many places are taken.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.taken().all
    }

    // Every change is complete when the lock is given back.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Place {
    line: Arc<Line>,
    client: ClientKey,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.line.taken();
        taken.all -= 1;
        let of_client = taken.by_client.get(&self.client).copied().unwrap_or(0);
        if of_client > 1 {
            taken.by_client.insert(self.client, of_client - 1);
        } else {
            taken.by_client.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle::SourceKey;

    #[tokio::test]
    async fn no_client_takes_all_places_and_every_place_comes_back() {
        let client = |last| ClientKey::Stranger(SourceKey::of([192, 0, 2, last].into()));
        let line = Arc::new(Line::new(1, 4, 2));
        let turn = line.turn(client(1)).await.unwrap();
        let first = line.place(client(1)).unwrap();
        assert!(line.place(client(1)).is_err(), "two are its part");
        let second = [
            line.place(client(2)).unwrap(),
            line.place(client(2)).unwrap(),
        ];
        let third = line.place(client(3)).unwrap();
        assert!(line.place(client(4)).is_err(), "the line is full");
        assert_eq!(line.len(), 5);
        drop((turn, first));
        assert!(line.turn(client(1)).await.is_ok());
        drop((second, third));
        assert_eq!(line.len(), 0);
        assert!(line.taken().by_client.is_empty());
    }
}
