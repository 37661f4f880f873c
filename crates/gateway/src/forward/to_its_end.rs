//! Running something to its end, whoever goes away meanwhile.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::task::TaskTracker;

type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future that is polled by whoever waits for it, as any other, and goes on as a task of its own
/// if that one goes away. Nothing is spawned while somebody waits.
pub(crate) struct ToItsEnd<T: Send + 'static> {
    /// None once it has ended, or panicked.
    running: Option<Running<T>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> ToItsEnd<T> {
    pub(crate) fn new(
        running: impl Future<Output = T> + Send + 'static,
        tasks: &TaskTracker,
    ) -> Self {
        Self {
            running: Some(Box::pin(running)),
            tasks: tasks.clone(),
        }
    }
}

/// Awaits `running`, and calls `broken_off` if that does not come to its end: if it panics, or is
/// dropped with its runtime.
pub(crate) async fn or_broken_off<T>(
    running: impl Future<Output = T>,
    broken_off: impl FnOnce(),
) -> T {
    let mut unless_ended = OnDrop(Some(broken_off));
    let ended = running.await;
    unless_ended.0 = None;
    ended
}

/// Calls what it holds when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out while it is polled: one that panics must not be polled again.
        let mut running = self.running.take().expect("it is not polled after its end");
        let polled = running.as_mut().poll(context);
        if polled.is_pending() {
            self.running = Some(running);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.tasks.spawn(running);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_goes_on() {
        let tasks = TaskTracker::new();
        let (go, gone) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let running = async move {
            gone.await.unwrap();
            tell.send("ended").unwrap();
        };
        let waiting = ToItsEnd::new(running, &tasks);
        assert!(
            tokio::time::timeout(Duration::from_millis(10), waiting)
                .await
                .is_err()
        );
        go.send(()).unwrap();
        assert_eq!(told.await.unwrap(), "ended");
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn what_ends_in_time_spawns_nothing() {
        let tasks = TaskTracker::new();
        assert_eq!(ToItsEnd::new(async { 7 }, &tasks).await, 7);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn what_panics_is_called_broken_off_and_what_ends_is_not() {
        let tasks = TaskTracker::new();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        for panics in [true, false] {
            let tell = tell.clone();
            let running = async move {
                tokio::task::yield_now().await;
                assert!(!panics, "it panics");
            };
            let broken_off = move || tell.send(panics).unwrap();
            // Nobody waits for it: it goes on as a task.
            drop(ToItsEnd::new(or_broken_off(running, broken_off), &tasks));
        }
        tasks.close();
        tasks.wait().await;
        drop(tell);
        assert_eq!(told.recv().await, Some(true));
        assert_eq!(told.recv().await, None);
    }
}
