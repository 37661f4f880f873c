//! The bench measures `GaiterGuard` side by side with the plainest things that could stand in its
//! place, in one run on one machine. The machine is noisy, so only ratios within a run count.
//!
//! The gateway is measured from outside, as the binary that users run, over the API that users call;
//! none of its code enters here. [`judgement`] alone calls it, because what it measures takes less
//! time than a socket's noise.

pub mod awake;
pub mod callgrind;
pub mod extras;
pub mod gateway;
pub mod goals;
pub mod http_client;
pub mod judgement;
pub mod ledger;
pub mod load;
pub mod machine;
pub mod nginx;
pub mod postgres;
pub mod process;
pub mod report;
pub mod sample;
pub mod scenario;
pub mod uploading;
pub mod upstream;

/// Any failure that ends a measurement; the bench only ever prints it.
pub type BenchError = Box<dyn std::error::Error + Send + Sync>;
/// What every fallible step of the bench returns.
pub type BenchResult<T> = Result<T, BenchError>;
