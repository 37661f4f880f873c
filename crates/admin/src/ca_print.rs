//! `gaiterguard ca print`: prints the certificate that clients of the proxy port must trust.

use std::process::ExitCode;

use gaiterguard_console as console;

use crate::error::CommandError;
use crate::offline_database::{self, Missing};

/// Prints the certificate, in PEM.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let stored = database.store.certificate_authority_get().await?;
        let stored = stored.ok_or(CommandError::NoCertificateAuthority)?;
        console::say(stored.certificate.trim_end());
        Ok(())
    })
}
