//! `gaiterguard migrate`: runs the database migrations.

use std::process::ExitCode;

use super::offline_database::{self, Missing};
use gaiterguard_console as console;

/// Runs the migrations.
pub(crate) fn run() -> ExitCode {
    offline_database::run(Missing::Create, async |_| {
        console::say("the database is up to date");
        Ok(())
    })
}
