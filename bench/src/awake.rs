//! Keeps the processors awake. With one connection, waking a sleeping virtual core takes longer than
//! a request, and would be measured as latency.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::BenchResult;

/// The argument with which the bench's own binary only spins.
pub const SPIN_ARGUMENT: &str = "spin";

/// A process that spins on every core, below everything else in priority, until dropped.
#[derive(Debug)]
pub struct Awake {
    child: Child,
}

impl Awake {
    /// Starts it; an error where there is no `chrt` to give it the idle scheduling class.
    pub fn start() -> BenchResult<Self> {
        let child = Command::new("chrt")
            .args(["--idle", "0"])
            .arg(std::env::current_exe()?)
            .arg(SPIN_ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chrt: {error}"))?;
        Ok(Self { child })
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Spins on every core until standard input ends, which it also does when the parent dies.
pub fn spin_until_input_ends() {
    let over = AtomicBool::new(false);
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let mut rest = Vec::new();
        // An unreadable input is as good as one that ended.
        std::io::stdin().read_to_end(&mut rest).ok();
        over.store(true, Ordering::Relaxed);
    });
}
