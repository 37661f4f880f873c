//! The `gaiterguard` binary: command line, wiring, and routes. The gateway crate decides what happens
//! to a request.

mod cli;
mod commands;
mod doors;
mod engine;
mod middleware;
mod openapi;
#[cfg(test)]
mod reference;
mod routes;
mod state;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
