//! `gaiterguard audit key`: prints the public key that verifies checkpoints and proofs.

use std::process::ExitCode;

use gaiterguard_console as console;

use crate::offline_database::{self, Missing};

/// Prints the key in hexadecimal, once the vault has confirmed it.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let checkpoints = database.checkpoints().await?;
        console::say(checkpoints.public_key().await?);
        Ok(())
    })
}
