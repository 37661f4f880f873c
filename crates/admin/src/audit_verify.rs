//! `gaiterguard audit verify`: verifies that no entry of the audit log was changed or removed, and
//! that requests and actions match their entries.

use std::process::ExitCode;

use gaiterguard_console as console;

use crate::offline_database::{self, Missing};

/// Verifies every chain of the audit log, and the rows that its entries cover.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let entries = database.store.audit_verify(|_| {}).await??;
        console::say(format_args!("the audit log is intact: {entries} entries"));
        Ok(())
    })
}
