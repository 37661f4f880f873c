//! `gaiterguard ca print`: prints the certificates that clients of the proxy port must trust.

use std::process::ExitCode;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_domain::time::Clock as _;
use gaiterguard_intercept::trusted_certificates;

use crate::error::CommandError;
use crate::offline_database::{self, Missing};

/// Prints the certificates, in PEM: two, while a rotation is under way.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let stored = database.store.certificate_authorities().await?;
        if stored.is_empty() {
            return Err(CommandError::NoCertificateAuthority);
        }
        let certificates = trusted_certificates(&stored, SystemClock.now());
        console::say(certificates.trim_end());
        Ok(())
    })
}
