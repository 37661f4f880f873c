//! A queue of clients that wait for one of a few turns. No client can take all the places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::throttle::ClientKey;

/// A queue of clients.
#[derive(Debug)]
pub(crate) struct Queue {
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

/// The queue has no place for this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// A turn, which keeps its place in the queue. Dropping it gives both back.
#[derive(Debug)]
pub(crate) struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: Place,
}

impl Queue {
    /// Creates a queue in which `turns_max` clients have a turn at the same time and `waiting_max` more
    /// wait. Each client has at most `places_per_client_max` of these places.
    pub(crate) fn new(turns_max: usize, waiting_max: usize, places_per_client_max: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns_max)),
            places_max: turns_max + waiting_max,
            places_per_client_max,
            taken: Mutex::default(),
        }
    }

    /// Takes a place, if one is left for this client, and waits for a turn.
    pub(crate) async fn turn(self: &Arc<Self>, client: ClientKey) -> Result<Turn, QueueFull> {
        let place = self.place(client)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| QueueFull)?;
        Ok(Turn {
            _turn: turn,
            _place: place,
        })
    }

    fn place(self: &Arc<Self>, client: ClientKey) -> Result<Place, QueueFull> {
        let mut taken = self.taken();
        let of_client = taken.by_client.get(&client).copied().unwrap_or(0);
        if taken.all >= self.places_max || of_client >= self.places_per_client_max {
            return Err(QueueFull);
        }
        taken.all += 1;
        taken.by_client.insert(client, of_client + 1);
        Ok(Place {
            queue: Arc::clone(self),
            client,
        })
    }

    /// Returns how many places are taken.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.taken().all
    }

    // A panicking holder leaves nothing half done: every change is complete when the lock is released.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Place {
    queue: Arc<Queue>,
    client: ClientKey,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.queue.taken();
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
    async fn no_client_takes_all_places_and_every_place_is_given_back() {
        let client = |last| ClientKey::Stranger(SourceKey::of([192, 0, 2, last].into()));
        let queue = Arc::new(Queue::new(1, 4, 2));
        let turn = queue.turn(client(1)).await.unwrap();
        let first = queue.place(client(1)).unwrap();
        assert!(queue.place(client(1)).is_err(), "a client may have two");
        let second = [
            queue.place(client(2)).unwrap(),
            queue.place(client(2)).unwrap(),
        ];
        let third = queue.place(client(3)).unwrap();
        assert!(queue.place(client(4)).is_err(), "the queue is full");
        assert_eq!(queue.len(), 5);
        drop((turn, first));
        assert!(queue.turn(client(1)).await.is_ok());
        drop((second, third));
        assert_eq!(queue.len(), 0);
        assert!(queue.taken().by_client.is_empty());
    }
}
