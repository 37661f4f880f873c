//! The signals that ask the command to end, which it forwards to the program.

use std::io;

use rustix::process::{Signal, getpgrp};
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc;

const FORWARDED: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// How many signals are remembered while the program starts, which takes a moment. A person or a supervisor sends
/// one or two.
const REMEMBERED_MAX: usize = 16;

/// The signals since [`Signals::listen`]. The process no longer ends because of them.
pub(crate) struct Signals(mpsc::Receiver<Signal>);

impl Signals {
    /// Begins to listen. A signal that is ignored, as under `nohup` or in the background of a script, remains
    /// ignored by this process and by the program.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(REMEMBERED_MAX);
        let ignored = ignored();
        for signal in FORWARDED {
            if ignored & (1 << (signal.as_raw() - 1)) != 0 {
                continue;
            }
            let mut arrivals = unix::signal(SignalKind::from_raw(signal.as_raw()))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while arrivals.recv().await.is_some() {
                    // A program that ignores this many signals will not miss one.
                    let _ = sender.try_send(signal);
                }
            });
        }
        Ok(Self(receiver))
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            // All of them are ignored.
            None => std::future::pending().await,
        }
    }
}

/// Whether the terminal has sent the signal to the program too. A second Ctrl-C would end many programs
/// without their usual questions.
pub(crate) fn program_has_it(signal: Signal) -> bool {
    let is_of_terminal = matches!(signal, Signal::INT | Signal::QUIT);
    is_of_terminal
        && std::fs::File::open("/dev/tty")
            .is_ok_and(|terminal| tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp()))
}

/// Returns the ignored signals as a bit mask, signal 1 in the lowest bit. Only Linux lets a process read it
/// without unsafe code; elsewhere no signal counts as ignored.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default()
}
