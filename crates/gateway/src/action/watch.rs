//! Wakes calls that wait for an action to change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gaiterguard_domain::id::ActionId;
use tokio::sync::watch;

type Waiting = HashMap<ActionId, watch::Sender<u64>>;

/// The calls that wait, by action.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActionWatch {
    waiting: Arc<Mutex<Waiting>>,
}

/// A call that waits for an action.
#[derive(Debug)]
pub(crate) struct Listener {
    action: ActionId,
    changes: watch::Receiver<u64>,
    watch: ActionWatch,
}

impl ActionWatch {
    /// Starts to listen for changes of an action.
    pub(crate) fn listen(&self, action: ActionId) -> Listener {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = waiting
            .entry(action)
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe();
        Listener {
            action,
            changes,
            watch: self.clone(),
        }
    }

    /// Wakes the calls that wait for an action.
    pub(crate) fn wake(&self, action: ActionId) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.get(&action) {
            sender.send_modify(|count| *count += 1);
        }
    }

    /// Wakes all calls, after changes may have been missed.
    pub(crate) fn wake_all(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in waiting.values() {
            sender.send_modify(|count| *count += 1);
        }
    }
}

impl Listener {
    /// Returns when the action has been changed since the last call, or since listening began.
    pub(crate) async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The sender is in the map as long as there is a listener.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut waiting = self
            .watch
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Dropped under the lock, so that two listeners cannot each take the other for the last one.
        drop(std::mem::replace(&mut self.changes, watch::channel(0).1));
        let is_last = waiting
            .get(&self.action)
            .is_some_and(|sender| sender.receiver_count() == 0);
        if is_last {
            waiting.remove(&self.action);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_change_between_listening_and_waiting_is_not_missed() {
        let watch = ActionWatch::default();
        let action = ActionId(Uuid::new_v4());
        let mut listener = watch.listen(action);
        watch.wake(action);
        listener.changed().await;
    }

    #[test]
    fn listeners_that_end_at_the_same_time_are_forgotten() {
        let watch = ActionWatch::default();
        for _ in 0..1_000 {
            let action = ActionId(Uuid::new_v4());
            let barrier = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                for listener in [watch.listen(action), watch.listen(action)] {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        drop(listener);
                    });
                }
            });
        }
        assert_eq!(watch.waiting.lock().unwrap().len(), 0);
    }

    #[test]
    fn an_action_without_listeners_is_forgotten() {
        let watch = ActionWatch::default();
        let action = ActionId(Uuid::new_v4());
        let (one, two) = (watch.listen(action), watch.listen(action));
        drop(one);
        assert_eq!(watch.waiting.lock().unwrap().len(), 1);
        drop(two);
        assert_eq!(watch.waiting.lock().unwrap().len(), 0);
    }
}
