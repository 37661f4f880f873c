//! Telling whoever looks on that a human is waited for, and since when.

use std::io::IsTerminal as _;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::console;

/// How often the line on a terminal is written anew.
const TICK: Duration = Duration::from_secs(1);

/// What is waited for, if anything.
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

    /// Notes the action that is waited for, and says so once.
    pub(super) fn begin(&mut self, action: &str) {
        if self.action.is_none() {
            self.action = Some(action.to_owned());
            if !self.is_terminal {
                console::prompt(format_args!("waiting for a human: action {action}\n"));
            }
        }
    }

    /// Whether a human is known to be waited for.
    pub(super) fn is_begun(&self) -> bool {
        self.action.is_some()
    }

    /// Waits for something, and tells on a terminal for how long already.
    pub(super) async fn during<T>(&self, something: impl Future<Output = T>) -> T {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut something = std::pin::pin!(something);
        let mut is_shown = false;
        let done = loop {
            tokio::select! {
                done = &mut something => break done,
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
