//! The `gaiterguard` binary: command line, wiring, and routes. The gateway crate decides what happens
//! to a request.

mod cli;
mod commands;
mod doors;
mod endpoints;
mod engine;
mod extract;
mod listener_problem;
mod middleware;
mod openapi;
mod problem;
#[cfg(test)]
mod reference;
mod routes;
mod state;
mod stored_response;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
