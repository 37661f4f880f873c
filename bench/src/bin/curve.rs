//! Measures what a read costs as agents, rules, stored and pending requests grow, and prints a table.

use std::{io::Write as _, path::PathBuf, time::Duration};

use clap::Parser;
use gaiterguard_bench::{
    BenchResult,
    curve::{self, Dimension},
    load::Load,
    machine, upstream,
};

/// Measures the cost curve of the gateway on `SQLite`.
#[derive(Parser)]
struct Arguments {
    /// Seconds of load on each point.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Connections, each with one request in flight.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Leave out points with more than this.
    #[arg(long, default_value_t = usize::MAX)]
    most: usize,
    /// The gateway's binary; by default the one next to this binary.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Where data is written. By default the system's temporary folder.
    #[arg(long)]
    directory: Option<PathBuf>,
}

fn main() -> BenchResult<()> {
    let arguments = Arguments::parse();
    let parent = arguments
        .directory
        .clone()
        .unwrap_or_else(std::env::temp_dir);
    let directory = tempfile::Builder::new()
        .prefix("gaiterguard-curve-")
        .tempdir_in(parent)?;
    let own = std::env::current_exe()?;
    let binaries = own.parent().ok_or("the bench's binary is nowhere")?;
    let gateway = arguments
        .gateway
        .unwrap_or_else(|| binaries.join("gaiterguard"));
    let stub = upstream::start_stub(binaries, directory.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let load = Load {
        connections: arguments.connections,
        warm_up: Duration::from_millis(500),
        measure: Duration::from_secs_f64(arguments.seconds),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}.\n", machine::describe(directory.path()))?;
    writeln!(
        out,
        "| what grows | number | req/s | p50 ms | CPU µs/req | against the first | peak MB |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|")?;
    for dimension in Dimension::ALL {
        let mut first = None;
        for &count in dimension.points() {
            if count > arguments.most {
                continue;
            }
            let folder = directory.path().join(format!("{dimension}-{count}"));
            std::fs::create_dir_all(&folder)?;
            let measuring = curve::measure(dimension, count, &gateway, &folder, stub.address, load);
            let point = runtime.block_on(measuring)?;
            std::fs::remove_dir_all(&folder)?;
            let cpu = point
                .sample
                .cpu_per_request
                .unwrap_or_default()
                .as_secs_f64()
                * 1e6;
            let first = *first.get_or_insert(cpu);
            writeln!(
                out,
                "| {dimension} | {count} | {:.0} | {:.2} | {cpu:.1} | {:+.0} % | {} |",
                point.sample.requests_per_second,
                point.sample.p50.as_secs_f64() * 1e3,
                (cpu / first - 1.0) * 100.0,
                point.peak_memory >> 20,
            )?;
        }
    }
    Ok(())
}
