//! Runs work to its end even if its caller goes away.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::task::TaskTracker;

/// A future in its box.
pub(crate) type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future that its caller polls like any other, and that continues as a task of its own if the caller
/// drops it. Nothing is spawned as long as the caller waits.
pub(crate) struct DetachedOnDrop<T: Send + 'static> {
    /// `None` once the future has ended or panicked.
    running: Option<Running<T>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> DetachedOnDrop<T> {
    /// Takes a future in its box, so that a large one is built there and not copied.
    pub(crate) fn new(running: Running<T>, tasks: &TaskTracker) -> Self {
        Self {
            running: Some(running),
            tasks: tasks.clone(),
        }
    }
}

/// Awaits `running`, and calls `on_abort` if it does not reach its end: if it panics, or is dropped
/// with its runtime.
pub(crate) async fn or_on_abort<T>(running: Running<T>, on_abort: impl FnOnce()) -> T {
    let mut unless_ended = OnDrop(Some(on_abort));
    let output = running.await;
    unless_ended.0 = None;
    output
}

/// Calls a function when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

impl<T: Send + 'static> Future for DetachedOnDrop<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out while it is polled, because a future that panics must not be polled again.
        let mut running = self.running.take().expect("it is not polled after its end");
        let polled = running.as_mut().poll(context);
        if polled.is_pending() {
            self.running = Some(running);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for DetachedOnDrop<T> {
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
    async fn work_without_a_caller_continues() {
        let tasks = TaskTracker::new();
        let (go, gone) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let running = async move {
            gone.await.unwrap();
            done.send("ended").unwrap();
        };
        let waiting = DetachedOnDrop::new(Box::pin(running), &tasks);
        assert!(
            tokio::time::timeout(Duration::from_millis(10), waiting)
                .await
                .is_err()
        );
        go.send(()).unwrap();
        assert_eq!(is_done.await.unwrap(), "ended");
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn work_that_ends_in_time_spawns_nothing() {
        let tasks = TaskTracker::new();
        assert_eq!(DetachedOnDrop::new(Box::pin(async { 7 }), &tasks).await, 7);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn only_work_that_panics_is_aborted() {
        let tasks = TaskTracker::new();
        let (sender, mut aborted) = tokio::sync::mpsc::unbounded_channel();
        for panics in [true, false] {
            let sender = sender.clone();
            let running = async move {
                tokio::task::yield_now().await;
                assert!(!panics, "it panics");
            };
            let on_abort = move || sender.send(panics).unwrap();
            // Dropped, so it continues as a task.
            let running = Box::pin(or_on_abort(Box::pin(running), on_abort));
            drop(DetachedOnDrop::new(running, &tasks));
        }
        tasks.close();
        tasks.wait().await;
        drop(sender);
        assert_eq!(aborted.recv().await, Some(true));
        assert_eq!(aborted.recv().await, None);
    }
}
