//! `gaiterguard migrate`: brings the database's tables up to date.

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
