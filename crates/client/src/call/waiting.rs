//! Shows on standard error that a human must decide, and for how long the command has been waiting.

use std::io::IsTerminal as _;
use std::time::Duration;

use gaiterguard_console as console;
use tokio::time::{Instant, MissedTickBehavior};

/// Interval of updates on a terminal.
const TICK: Duration = Duration::from_secs(1);

/// The action that is waited for, if any.
pub(super) struct Waiting {
    is_terminal: bool,
    since: Instant,
    action: Option<String>,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            since: Instant::now(),
            action: None,
        }
    }

    /// Records the action, and reports it once.
    pub(super) fn begin(&mut self, action: &str) {
        if self.action.is_none() {
            self.action = Some(action.to_owned());
            if !self.is_terminal {
                console::prompt(format_args!("waiting for a human: action {action}\n"));
            }
        }
    }

    /// Returns whether the request is known to be held.
    pub(super) fn is_begun(&self) -> bool {
        self.action.is_some()
    }

    /// Waits for a future and, on a terminal, shows the time since the start.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut work = std::pin::pin!(work);
        let mut is_shown = false;
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = ticks.tick() => is_shown |= self.show(),
            }
        };
        if is_shown {
            console::prompt("\r\u{1b}[K");
        }
        done
    }

    fn show(&self) -> bool {
        let seconds = self.since.elapsed().as_secs();
        if !self.is_terminal || seconds < 1 {
            return false;
        }
        match &self.action {
            Some(action) => console::prompt(format_args!(
                "\r\u{1b}[Kwaiting for a human: action {action}, for {seconds} s"
            )),
            None => console::prompt(format_args!("\r\u{1b}[Kwaiting, for {seconds} s")),
        }
        true
    }
}
