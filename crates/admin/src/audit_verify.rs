//! `gaiterguard audit verify`: verifies that no entry of the audit log was changed or removed, and
//! that requests and actions match their entries.

use std::path::Path;
use std::process::ExitCode;

use gaiterguard_console as console;
use gaiterguard_evidence::{CheckpointDocument, verify};

use crate::document_file;
use crate::offline_database::{self, Missing};

/// Verifies every chain of the audit log, the rows that its entries cover, and every checkpoint. With the file of a
/// checkpoint that was kept, the log must also contain everything that it names.
pub fn run(checkpoint: Option<&Path>) -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let kept = match checkpoint {
            Some(path) => Some(document_file::read(path, CheckpointDocument::parse)?.signed()?),
            None => None,
        };
        let entries = verify(&database.store, kept.as_ref(), |_| {}).await??;
        console::say(format_args!("the audit log is intact: {entries} entries"));
        if let Some(kept) = kept {
            let checkpoint = kept.checkpoint;
            console::say(format_args!(
                "it contains everything that checkpoint {} of {} names",
                checkpoint.number, checkpoint.at
            ));
        }
        Ok(())
    })
}
