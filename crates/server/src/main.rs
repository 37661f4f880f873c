//! The `gaiterguard` binary: command line, settings, wiring, listeners, and routes. The gateway
//! crate decides what happens to a request.

mod cli;
mod codes;
mod commands;
mod console;
mod doors;
mod endpoints;
mod engine;
mod extract;
mod lifecycle;
mod listen;
mod logging;
mod middleware;
mod openapi;
mod problem;
#[cfg(test)]
mod reference;
mod routes;
mod secret_line;
mod secrets;
mod settings;
mod state;
mod stored_response;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
