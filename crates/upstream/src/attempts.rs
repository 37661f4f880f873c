//! When and how a read is sent again that the upstream refused or lost.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::error::{NotSentReason, SendError};
use crate::outbound::SendOptions;

/// How often a read is sent on connections that it shares, if the upstream refuses it each time.
const SHARED_ATTEMPTS_MAX: u32 = 3;

/// The shortest pause before a refused read is sent again; each further one is twice as long. A server that
/// refuses a burst is given the time of a few responses, and a reader does not notice it.
const PAUSE: Duration = Duration::from_millis(50);

/// The attempts at one request.
///
/// A read that an upstream refused in HTTP/2 shares a connection with the others that it refused, so that a burst of
/// them does not become a burst of connections. The last attempt takes HTTP/1.1, where it is spoken. A read that
/// may have been processed is sent once more.
#[derive(Debug)]
pub struct Attempts {
    may_repeat: bool,
    number: u32,
    is_apart: bool,
    may_have_been_sent: bool,
}

/// The next step after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// Another attempt on a connection that others may share, after a pause.
    Shared(Duration),
    /// The last attempt, apart from the others.
    Apart(Duration),
}

impl Attempts {
    /// Begins with the first attempt. `may_repeat` is whether it does no harm to send the request twice.
    pub fn new(may_repeat: bool) -> Self {
        Self {
            may_repeat,
            number: 1,
            is_apart: false,
            may_have_been_sent: false,
        }
    }

    /// Sets how the request is sent in this attempt.
    pub fn prepare(&self, options: &mut SendOptions) {
        options.may_repeat = self.may_repeat;
        options.apart = self.is_apart;
        options.fresh_connection = self.number > 1 && !self.is_apart;
    }

    /// Returns whether an attempt that failed before the current one may have reached the upstream.
    pub fn may_have_been_sent(&self) -> bool {
        self.may_have_been_sent
    }

    /// Returns whether another attempt follows this error, and waits until it is due. A cancellation ends the wait.
    pub async fn follow(&mut self, error: &SendError, cancellation: &CancellationToken) -> bool {
        let next = self.next(error);
        let pause = match next {
            Next::Nothing => return false,
            Next::Shared(pause) | Next::Apart(pause) => pause,
        };
        self.number += 1;
        self.is_apart = matches!(next, Next::Apart(_));
        self.may_have_been_sent |= error.may_have_been_sent();
        if !pause.is_zero() {
            // Requests that were refused together come back one after the other.
            let random = RandomState::new().hash_one(()) % 1000;
            let random = u32::try_from(random).unwrap_or_default();
            let waiting = sleep(pause + pause * random / 1000);
            cancellation.run_until_cancelled(waiting).await;
        }
        true
    }

    fn next(&self, error: &SendError) -> Next {
        let is_over = !self.may_repeat || self.is_apart || self.may_have_been_sent;
        if is_over || !error.may_succeed_again() {
            return Next::Nothing;
        }
        let pause = PAUSE * (1 << (self.number - 1));
        match error {
            SendError::NotSent(NotSentReason::StreamRefused | NotSentReason::GoneAway)
                if self.number == SHARED_ATTEMPTS_MAX =>
            {
                Next::Apart(pause)
            }
            // Servers end connections now and then, and expect that their clients come back immediately.
            SendError::NotSent(NotSentReason::GoneAway) if self.number == 1 => {
                Next::Shared(Duration::ZERO)
            }
            SendError::NotSent(NotSentReason::StreamRefused | NotSentReason::GoneAway) => {
                Next::Shared(pause)
            }
            SendError::NotSent(_) => Next::Apart(Duration::ZERO),
            _ => Next::Shared(Duration::ZERO),
        }
    }
}
