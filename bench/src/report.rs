//! The table that a run prints.

use std::{fmt::Write as _, time::Duration};

use crate::sample::{Sample, median_sample};

/// Everything that was measured of one scenario at one number of connections.
#[derive(Debug, Clone)]
pub struct Row {
    /// The scenario's name.
    pub name: &'static str,
    /// Connections, each with one request in flight.
    pub connections: usize,
    /// A sample for each round.
    pub rounds: Vec<Sample>,
    /// The most memory that the measured process had, in bytes, over the whole run.
    pub peak_memory: Option<u64>,
}

impl Row {
    /// The medians over the rounds; `None` if every round failed.
    pub fn median(&self) -> Option<Sample> {
        median_sample(&self.rounds)
    }

    /// The lowest p50 of all rounds. At one connection the scheduler's placement of the processes
    /// decides between two levels that lie far apart; the lower one is the system's own.
    pub fn best_p50(&self) -> Option<Duration> {
        self.rounds.iter().map(|sample| sample.p50).min()
    }
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| system | connections | req/s | p50 ms | p99 ms | CPU µs/req | peak MB | failed |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let Row {
            name, connections, ..
        } = row;
        let Some(sample) = row.median() else {
            let _ = writeln!(text, "| {name} | {connections} | not measured | | | | | |");
            continue;
        };
        let cpu = match (sample.cpu_per_request, sample.database_cpu_per_request) {
            (None, _) => "–".to_owned(),
            (Some(own), None) => format!("{:.1}", microseconds(own)),
            (Some(own), Some(database)) => {
                format!(
                    "{:.1} + {:.1} in PostgreSQL",
                    microseconds(own),
                    microseconds(database)
                )
            }
        };
        let memory = row
            .peak_memory
            .map_or_else(|| "–".to_owned(), |m| format!("{:.0}", megabytes(m)));
        let _ = writeln!(
            text,
            "| {name} | {connections} | {:.0} | {:.3} | {:.2} | {cpu} | {memory} | {} |",
            sample.requests_per_second,
            milliseconds(sample.p50),
            milliseconds(sample.p99),
            sample.failed,
        );
    }
    text
}

/// A duration as a number of microseconds.
pub fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A duration as a number of milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Bytes as a number of megabytes.
pub fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_its_median_and_its_failures() {
        let sample = Sample {
            requests_per_second: 1234.4,
            p50: Duration::from_micros(1500),
            p99: Duration::from_millis(7),
            cpu_per_request: Some(Duration::from_nanos(31_200)),
            database_cpu_per_request: Some(Duration::from_micros(8)),
            failed: 2,
        };
        let row = Row {
            name: "x",
            connections: 64,
            rounds: vec![sample],
            peak_memory: Some(17 * 1024 * 1024),
        };
        let empty = Row {
            name: "y",
            connections: 1,
            rounds: Vec::new(),
            peak_memory: None,
        };
        let text = table(&[row, empty]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| x | 64 | 1234 | 1.500 | 7.00 | 31.2 + 8.0 in PostgreSQL | 17 | 2 |",
                "| y | 1 | not measured | | | | | |",
            ]
        );
    }
}
