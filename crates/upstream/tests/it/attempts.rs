//! Tests of when and how a request is sent again.

use std::time::{Duration, Instant};

use gaiterguard_upstream::{AmbiguousReason, Attempts, NotSentReason, SendError, SendOptions};
use tokio_util::sync::CancellationToken;

use crate::support::IMMEDIATELY;

/// How an attempt is sent: on a fresh connection where connections are not shared, and apart from the others.
type Sent = (bool, bool);

const FIRST: Sent = (false, false);
const SHARED: Sent = (true, false);
const APART: Sent = (false, true);

/// Returns how each attempt is sent if the attempts before it fail with these errors.
async fn sent(errors: impl IntoIterator<Item = SendError>) -> Vec<Sent> {
    let mut attempts = Attempts::new(true);
    let mut sent = Vec::new();
    let token = CancellationToken::new();
    for error in errors {
        let mut options = SendOptions::default();
        attempts.prepare(&mut options);
        assert!(options.may_repeat);
        sent.push((options.fresh_connection, options.apart));
        if !attempts.follow(&error, &token).await {
            return sent;
        }
    }
    panic!("another attempt would follow {sent:?}");
}

fn broken() -> SendError {
    AmbiguousReason::StaleConnection("closed".into()).into()
}

fn refused() -> SendError {
    NotSentReason::StreamRefused.into()
}

#[tokio::test]
async fn a_refused_read_is_sent_three_times_on_shared_connections_and_once_apart() {
    for reason in [NotSentReason::StreamRefused, NotSentReason::GoneAway] {
        let errors = (0..9).map(|_| reason.clone().into());
        assert_eq!(sent(errors).await, [FIRST, SHARED, SHARED, APART]);
    }
}

#[tokio::test]
async fn a_read_that_may_have_been_processed_is_sent_once_more() {
    assert_eq!(sent([broken(), broken()]).await, [FIRST, SHARED]);
    assert_eq!(sent([broken(), refused()]).await, [FIRST, SHARED]);
    let errors = [refused(), broken(), refused()];
    assert_eq!(sent(errors).await, [FIRST, SHARED, SHARED]);
    let errors = [AmbiguousReason::Http1Required.into(), broken()];
    assert_eq!(sent(errors).await, [FIRST, SHARED]);
}

#[tokio::test]
async fn a_connection_that_closes_before_anything_was_written_is_tried_once_more() {
    let closed = || NotSentReason::ConnectionClosed.into();
    assert_eq!(sent([closed(), closed()]).await, [FIRST, APART]);
}

#[tokio::test]
async fn other_failures_and_other_requests_have_one_attempt() {
    assert_eq!(sent([NotSentReason::ConnectTimedOut.into()]).await, [FIRST]);
    let mut attempts = Attempts::new(false);
    assert!(!attempts.follow(&refused(), &CancellationToken::new()).await);
    assert!(!attempts.may_have_been_sent());
}

#[tokio::test]
async fn the_pauses_grow_and_a_cancellation_ends_them() {
    let token = CancellationToken::new();
    let mut attempts = Attempts::new(true);
    for at_least in [50, 100, 200] {
        let began = Instant::now();
        assert!(attempts.follow(&refused(), &token).await);
        assert!(began.elapsed() >= Duration::from_millis(at_least));
    }
    // A server that ends a connection once does not refuse anything.
    let began = Instant::now();
    let gone = NotSentReason::GoneAway.into();
    assert!(Attempts::new(true).follow(&gone, &token).await);
    assert!(began.elapsed() < IMMEDIATELY);
    token.cancel();
    let mut attempts = Attempts::new(true);
    let began = Instant::now();
    for _ in 0..3 {
        assert!(attempts.follow(&refused(), &token).await);
    }
    assert!(began.elapsed() < Duration::from_millis(350));
}
