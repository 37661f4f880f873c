//! `gaiterguard audit checkpoint`: prints the newest signed checkpoint of the audit log, to be kept elsewhere.

use std::process::ExitCode;

use gaiterguard_console as console;
use gaiterguard_evidence::CheckpointDocument;

use crate::error::CommandError;
use crate::json;
use crate::offline_database::{self, Missing};

/// Prints the checkpoint as JSON.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let newest = database.store.checkpoint_newest().await?;
        let newest = newest.ok_or(CommandError::NoCheckpoint)?;
        console::say(json::pretty(&CheckpointDocument::of(&newest)));
        Ok(())
    })
}
