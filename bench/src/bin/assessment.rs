//! Measures how long assessing a request takes, and prints a table with the goals.

use std::io::Write as _;

use gaiterguard_bench::{
    BenchResult,
    assessment::{documents, verdicts},
};

/// The one that the gateway has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> BenchResult<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| | median | goal | |\n|---|---|---|---|")?;
    for figure in verdicts::figures().into_iter().chain(documents::figures()) {
        writeln!(out, "{figure}")?;
    }
    Ok(())
}
