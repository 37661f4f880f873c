//! `gaiterguard migrate`: runs the database migrations.

use std::process::ExitCode;

use gaiterguard_console as console;

use crate::offline_database::{self, Missing};

/// Runs the migrations.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Create, async |_| {
        console::say("the database is up to date");
        Ok(())
    })
}
