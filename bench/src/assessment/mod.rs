//! The time that assessing a request takes inside the process: documents, rules and the built-in
//! assessor, without a socket or a database.

use std::{
    fmt,
    time::{Duration, Instant},
};

pub mod documents;
pub mod verdicts;

/// A measurement.
pub struct Figure {
    /// Its name.
    pub name: String,
    /// Its median.
    pub median: Duration,
    /// Its goal, if there is one.
    pub goal: Option<Duration>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {:.2?} | ", self.name, self.median)?;
        match self.goal {
            Some(goal) if self.median <= goal => write!(f, "{goal:.0?} | met |"),
            Some(goal) => write!(f, "{goal:.0?} | missed |"),
            None => f.write_str("| |"),
        }
    }
}

/// Returns the median time of a call.
fn median(rounds: usize, mut call: impl FnMut()) -> Duration {
    call();
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}
