//! `gaiterguard migrate`: runs the database migrations.

use std::process::ExitCode;

use gaiterguard_console as console;

use crate::offline_database::{self, Missing};

/// Runs the migrations.
pub fn run() -> ExitCode {
    // Opening the database with `Missing::Create` migrates it, so nothing is left to do.
    offline_database::run(Missing::Create, async |_| {
        console::say("the database is up to date");
        Ok(())
    })
}
