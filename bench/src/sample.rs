//! Samples and their statistics: percentiles of latencies, medians of rounds.

use std::time::Duration;

/// The result of one round of load on one system.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Expected responses per second.
    pub requests_per_second: f64,
    /// The median latency.
    pub p50: Duration,
    /// The 99th percentile of the latency.
    pub p99: Duration,
    /// User and system time of the measured process per response; `None` if it is not measured.
    pub cpu_per_request: Option<Duration>,
    /// The same for the database server.
    pub database_cpu_per_request: Option<Duration>,
    /// Unexpected responses, and broken connections.
    pub failed: u64,
}

/// The value that `percent` of `sorted` do not exceed (nearest rank); zero for no samples.
pub fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// The middle one of `values`, the mean of the two middle ones if their number is even.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(values[middle - 1], upper))
}

/// The median of each figure over the rounds; failures are added up.
pub fn median_sample(rounds: &[Sample]) -> Option<Sample> {
    let of = |figure: &dyn Fn(&Sample) -> f64| median(rounds.iter().map(figure).collect());
    let of_some = |figure: &dyn Fn(&Sample) -> Option<Duration>| {
        median(
            rounds
                .iter()
                .filter_map(figure)
                .map(|d| d.as_secs_f64())
                .collect(),
        )
        .map(Duration::from_secs_f64)
    };
    Some(Sample {
        requests_per_second: of(&|s| s.requests_per_second)?,
        p50: Duration::from_secs_f64(of(&|s| s.p50.as_secs_f64())?),
        p99: Duration::from_secs_f64(of(&|s| s.p99.as_secs_f64())?),
        cpu_per_request: of_some(&|s| s.cpu_per_request),
        database_cpu_per_request: of_some(&|s| s.database_cpu_per_request),
        failed: rounds.iter().map(|s| s.failed).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), 50);
        assert_eq!(percentile(&hundred, 99), 99);
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn rounds_give_medians_and_the_sum_of_failures() {
        let round = |rate: f64, cpu: Option<u64>, failed| Sample {
            requests_per_second: rate,
            p50: Duration::from_micros(10),
            p99: Duration::from_micros(20),
            cpu_per_request: cpu.map(Duration::from_micros),
            database_cpu_per_request: None,
            failed,
        };
        let rounds = [
            round(100.0, Some(30), 1),
            round(300.0, Some(10), 0),
            round(200.0, None, 2),
        ];
        let middle = median_sample(&rounds).unwrap();
        assert!((middle.requests_per_second - 200.0).abs() < f64::EPSILON);
        assert_eq!(middle.cpu_per_request, Some(Duration::from_micros(20)));
        assert_eq!(middle.database_cpu_per_request, None);
        assert_eq!(middle.failed, 3);
    }
}
