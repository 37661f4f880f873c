//! Measures `GaiterGuard` side by side with the simplest alternatives, in one run on one machine. The
//! machine is noisy, so only ratios within a run are meaningful.
//!
//! The gateway is measured from outside: as the binary that users run, over the API that users call.
//! Only [`assessment`] calls its code directly, because it measures times that are shorter than a
//! socket's noise.

pub mod assessment;
pub mod awake;
pub mod callgrind;
pub mod curve;
pub mod extras;
pub mod gateway;
pub mod goals;
pub mod http_client;
pub mod ledger;
pub mod load;
pub mod machine;
pub mod nginx;
pub mod postgres;
pub mod process;
pub mod report;
pub mod sample;
pub mod scenario;
pub mod tunnels;
pub mod uploading;
pub mod upstream;
pub mod way;

/// Any failure that ends a measurement; the bench only prints it.
pub type BenchError = Box<dyn std::error::Error + Send + Sync>;
/// The result of every fallible step of the bench.
pub type BenchResult<T> = Result<T, BenchError>;
