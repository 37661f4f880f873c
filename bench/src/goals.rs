//! The goals: the gateway's permitted overhead over its yardsticks, checked against one run's figures.

use std::{fmt::Write as _, time::Duration};

use crate::{
    report::{Row, megabytes, microseconds, milliseconds},
    sample::Sample,
    scenario::name,
};

/// The number of connections at which throughput and processor time are compared.
pub const CONNECTIONS: usize = 64;

/// Figures that are not rows of the table.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Instructions that the gateway executes in user mode for a GET decided by rules.
    pub instructions_per_request: Option<f64>,
    /// Calls that reached the upstream while keys were replayed.
    pub upstream_calls_in_replay: Option<u64>,
    /// The median latency of rule-decided requests without and with a saturated model.
    pub saturated_model: Option<(Duration, Duration)>,
    /// The peak memory with many agents and 256 connections, in bytes, and the number of agents.
    pub memory_with_agents: Option<(u64, usize)>,
    /// From the start of the process to its first response, with an existing database.
    pub start_time: Option<Duration>,
    /// The size of the binary in bytes.
    pub binary_size: Option<u64>,
    /// The throughput of one large response.
    pub stream: Option<StreamFigures>,
    /// The throughput of one large request body.
    pub upload: Option<StreamFigures>,
    /// Memory for each held call that waits, in bytes.
    pub memory_per_held_call: Option<u64>,
    /// The figures of the proxy port.
    pub tunnels: Option<TunnelFigures>,
}

/// The figures of the proxy port.
#[derive(Debug, Clone, Copy)]
pub struct TunnelFigures {
    /// Processor time of a GET in a tunnel that is kept.
    pub in_tunnel: Duration,
    /// That of the same GET on `/s/…`.
    pub at_door: Duration,
    /// Tunnels that are opened and closed in a second.
    pub opened_per_second: f64,
    /// The 99th percentile of the latency of a hundred streams on one connection.
    pub streams_alone: Duration,
    /// The same while the client does not read one more response.
    pub streams_beside_stalled: Duration,
    /// Memory for each idle tunnel, in bytes.
    pub memory_per_idle: u64,
}

/// The throughput of one large response or request body.
#[derive(Debug, Clone, Copy)]
pub struct StreamFigures {
    /// Through the gateway, in bytes per second.
    pub gateway_rate: f64,
    /// Through nginx, in bytes per second.
    pub nginx_rate: f64,
    /// The gateway's peak memory at that time.
    pub peak_memory: u64,
}

struct Goal {
    number: &'static str,
    what: &'static str,
    bound: &'static str,
    /// The measured value and whether it meets the goal; `None` if it was not measured.
    result: Option<(String, bool)>,
}

/// All goals as a Markdown table.
pub fn table(rows: &[Row], extras: &Extras) -> String {
    let mut text = String::from("| # | goal | bound | measured | |\n|---|---|---|---|---|\n");
    for Goal {
        number,
        what,
        bound,
        result,
    } in goals(&Figures { rows }, extras)
    {
        let (measured, verdict) = match result {
            None => ("not measured".to_owned(), "–"),
            Some((measured, true)) => (measured, "met"),
            Some((measured, false)) => (measured, "**missed**"),
        };
        let _ = writeln!(
            text,
            "| {number} | {what} | {bound} | {measured} | {verdict} |"
        );
    }
    text
}

/// The rows, by what the goals ask of them.
struct Figures<'a> {
    rows: &'a [Row],
}

impl Figures<'_> {
    fn row(&self, name: &str, connections: usize) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.name == name && row.connections == connections)
    }

    fn sample(&self, name: &str, connections: usize) -> Option<Sample> {
        self.row(name, connections)?.median()
    }

    fn cpu(&self, name: &str) -> Option<f64> {
        self.sample(name, CONNECTIONS)?
            .cpu_per_request
            .map(microseconds)
    }

    fn cpu_ratio(&self, name: &str, yardstick: &str, bound: f64) -> Option<(String, bool)> {
        let (own, other) = (self.cpu(name)?, self.cpu(yardstick)?);
        let ratio = own / other;
        Some((
            format!("{ratio:.2} × ({own:.1} µs, {other:.1} µs)"),
            ratio <= bound,
        ))
    }

    /// A durable request is two rows: the claim and the completion.
    fn durable(&self, name: &str, raw: &str) -> Option<(String, bool)> {
        let rate = self.sample(name, CONNECTIONS)?.requests_per_second;
        let half = self.sample(raw, CONNECTIONS)?.requests_per_second / 2.0;
        let share = rate / half;
        Some((
            format!("{:.0} % ({rate:.0} of {half:.0} req/s)", share * 100.0),
            share >= 0.6,
        ))
    }

    fn p99(&self, name: &str, bound: Duration) -> Option<(String, bool)> {
        let p99 = self.sample(name, CONNECTIONS)?.p99;
        Some((format!("{:.1} ms", milliseconds(p99)), p99 <= bound))
    }

    fn added_latency(&self) -> Option<(String, bool)> {
        let own = microseconds(self.row(name::GET, 1)?.best_p50()?);
        let other = microseconds(self.row(name::HYPER, 1)?.best_p50()?);
        let added = own - other;
        Some((
            format!("{added:+.0} µs ({own:.0} µs, {other:.0} µs)"),
            added <= 20.0,
        ))
    }
}

fn goals(figures: &Figures<'_>, extras: &Extras) -> Vec<Goal> {
    let goal = |number, what, bound, result| Goal {
        number,
        what,
        bound,
        result,
    };
    vec![
        goal(
            "1",
            "GET decided by rules, CPU",
            "≤ 1.2 × minimal hyper",
            figures.cpu_ratio(name::GET, name::HYPER, 1.2),
        ),
        goal(
            "1",
            "the same",
            "≤ 1.5 × nginx",
            figures.cpu_ratio(name::GET, name::NGINX, 1.5),
        ),
        goal(
            "2",
            "user instructions for such a request",
            "≤ 65 k",
            extras
                .instructions_per_request
                .map(|i| (format!("{:.1} k", i / 1e3), i <= 65e3)),
        ),
        goal(
            "3",
            "POST with a fresh key, SQLite",
            "≥ 60 % of half the raw rate",
            figures.durable(name::POST, name::RAW_SQLITE),
        ),
        goal(
            "3",
            "its p99",
            "≤ 10 ms",
            figures.p99(name::POST, Duration::from_millis(10)),
        ),
        goal(
            "4",
            "POST with a fresh key, PostgreSQL",
            "≥ 60 % of half the raw rate",
            figures.durable(name::POST_POSTGRES, name::RAW_POSTGRES),
        ),
        goal(
            "5",
            "replay of a key, CPU",
            "≤ 1.3 × the GET",
            figures.cpu_ratio(name::REPLAY, name::GET, 1.3),
        ),
        goal(
            "5",
            "upstream calls while replaying",
            "none",
            extras
                .upstream_calls_in_replay
                .map(|calls| (calls.to_string(), calls == 0)),
        ),
        goal(
            "6",
            "p50 at 1 connection, GET, best round",
            "≤ minimal hyper + 20 µs",
            figures.added_latency(),
        ),
        goal(
            "7",
            "p50 of rule-decided requests, model saturated",
            "+ ≤ 1 ms",
            extras.saturated_model.map(|(idle, saturated)| {
                let added = milliseconds(saturated) - milliseconds(idle);
                (format!("{added:+.2} ms"), added <= 1.0)
            }),
        ),
        goal(
            "8",
            "peak memory, 10 k agents, 256 connections",
            "≤ 30 MB",
            extras.memory_with_agents.map(|(bytes, agents)| {
                let enough = megabytes(bytes) <= 30.0 && agents >= 10_000;
                (
                    format!("{:.1} MB with {agents} agents", megabytes(bytes)),
                    enough,
                )
            }),
        ),
        goal(
            "8",
            "start to first response",
            "≤ 50 ms",
            extras.start_time.map(|time| {
                (
                    format!("{:.0} ms", milliseconds(time)),
                    time <= Duration::from_millis(50),
                )
            }),
        ),
        goal(
            "8",
            "binary",
            "≤ 20 MB",
            extras.binary_size.map(|bytes| {
                (
                    format!("{:.1} MB", megabytes(bytes)),
                    megabytes(bytes) <= 20.0,
                )
            }),
        ),
        goal(
            "9",
            "`/s/…` GET, CPU",
            "≤ 1.15 × minimal hyper",
            figures.cpu_ratio(name::DOOR, name::HYPER, 1.15),
        ),
        goal(
            "9",
            "1 GB streams down",
            "≥ 70 % of nginx, ≤ 40 MB",
            extras.stream.map(streamed),
        ),
        goal(
            "9",
            "1 GB streams up",
            "≥ 70 % of nginx, ≤ 40 MB",
            extras.upload.map(streamed),
        ),
        goal(
            "10",
            "one of 5,000 held calls that wait",
            "≤ 20 KB",
            extras.memory_per_held_call.map(|bytes| {
                (
                    format!("{:.1} KB", megabytes(bytes) * 1024.0),
                    bytes <= 20 * 1024,
                )
            }),
        ),
        goal(
            "11",
            "GET in a tunnel that is kept, with TLS to the client, CPU",
            "≤ 1.4 × `/s/…` without TLS to the client",
            extras.tunnels.map(|tunnels| {
                let own = microseconds(tunnels.in_tunnel);
                let other = microseconds(tunnels.at_door);
                let ratio = own / other;
                (
                    format!("{ratio:.2} × ({own:.1} µs, {other:.1} µs)"),
                    ratio <= 1.4,
                )
            }),
        ),
        goal(
            "11",
            "tunnels opened in a second, for a known host",
            "≥ 1,000",
            extras.tunnels.map(|tunnels| {
                let rate = tunnels.opened_per_second;
                (format!("{rate:.0}"), rate >= 1000.0)
            }),
        ),
        goal(
            "11",
            "p99 of 100 streams on one connection, one more response unread",
            "≤ 1.5 × without it",
            extras.tunnels.map(|tunnels| {
                let stalled = milliseconds(tunnels.streams_beside_stalled);
                let alone = milliseconds(tunnels.streams_alone);
                let ratio = stalled / alone;
                (
                    format!("{ratio:.2} × ({stalled:.1} ms, {alone:.1} ms)"),
                    ratio <= 1.5,
                )
            }),
        ),
        goal(
            "11",
            "one of 1,000 idle tunnels",
            "≤ 40 KB",
            extras.tunnels.map(|tunnels| {
                let kilobytes = megabytes(tunnels.memory_per_idle) * 1024.0;
                (format!("{kilobytes:.1} KB"), kilobytes <= 40.0)
            }),
        ),
    ]
}

fn streamed(stream: StreamFigures) -> (String, bool) {
    let share = stream.gateway_rate / stream.nginx_rate;
    let memory = megabytes(stream.peak_memory);
    let measured = format!(
        "{:.0} % ({:.0} of {:.0} MB/s), {memory:.1} MB",
        share * 100.0,
        stream.gateway_rate / 1e6,
        stream.nginx_rate / 1e6,
    );
    (measured, share >= 0.7 && memory <= 40.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, cpu_us: u64, rate: f64) -> Row {
        let sample = Sample {
            requests_per_second: rate,
            cpu_per_request: Some(Duration::from_micros(cpu_us)),
            ..Sample::default()
        };
        Row {
            name,
            connections: CONNECTIONS,
            rounds: vec![sample],
            peak_memory: None,
        }
    }

    #[test]
    fn goals_are_judged_by_ratios_of_the_same_run() {
        let rows = [
            row(name::GET, 36, 1.0),
            row(name::HYPER, 30, 1.0),
            row(name::NGINX, 20, 1.0),
            row(name::POST, 1, 31.0),
            row(name::RAW_SQLITE, 1, 100.0),
        ];
        let text = table(&rows, &Extras::default());
        assert!(text.contains("| 1 | GET decided by rules, CPU | ≤ 1.2 × minimal hyper | 1.20 × (36.0 µs, 30.0 µs) | met |"));
        assert!(text.contains("1.80 × (36.0 µs, 20.0 µs) | **missed** |"));
        assert!(text.contains("62 % (31 of 50 req/s) | met |"));
        assert!(
            text.contains(
                "| 10 | one of 5,000 held calls that wait | ≤ 20 KB | not measured | – |"
            )
        );
    }
}
