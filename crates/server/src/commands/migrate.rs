//! `gaiterguard migrate`: runs the database migrations.

use std::process::ExitCode;

use super::workbench::{self, Missing};
use crate::console;

/// Runs the migrations.
pub(crate) fn run() -> ExitCode {
    workbench::run(Missing::Make, async |_| {
        console::say("the database is up to date");
        Ok(())
    })
}
