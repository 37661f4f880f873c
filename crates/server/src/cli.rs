//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;

/// An intercepting API gateway for AI agents.
#[derive(Debug, Parser)]
#[command(name = "gaiterguard", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run migrations, then the gateway (the default).
    Serve,
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => commands::serve::run(),
        }
    }
}
