//! `gaiterguard ca rotate`: creates another certificate authority for the proxy port. Gateways may keep running.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_domain::time::Clock as _;
use gaiterguard_intercept::rotate;
use gaiterguard_sealing::Sealing;

use crate::error::CommandError;
use crate::offline_database::{self, Missing};

/// How long a new authority is published before it issues certificates. Programs that were started before have
/// that long to fetch it.
const OVERLAP: Duration = Duration::from_hours(24);

/// Creates the authority. With `immediately`, it replaces the present one.
pub fn run(immediately: bool) -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let store = &database.store;
        if store.certificate_authorities().await?.is_empty() {
            return Err(CommandError::NoCertificateAuthority);
        }
        let salt = &database.settings.secret.encryption_salt;
        let secret = &database.secrets.encryption;
        let opening = Sealing::open_or_create(store.clone(), secret, salt, Arc::new(SystemClock));
        let sealing = opening.await?;
        let overlap = if immediately { Duration::ZERO } else { OVERLAP };
        let issues_from = rotate(store, &sealing, SystemClock.now(), overlap).await?;
        console::say(if immediately {
            "the gateways no longer use the previous certificate authority; restart every program with the \
             certificate that GET /ca.pem returns now"
                .to_owned()
        } else {
            format!(
                "GET /ca.pem now returns both certificate authorities; the new one issues certificates from \
                 {issues_from} on, so restart long-running programs before then"
            )
        });
        Ok(())
    })
}
