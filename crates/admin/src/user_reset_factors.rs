//! `gaiterguard user reset-factors`: removes the second factor of a user who has lost it.

use std::process::ExitCode;
use std::sync::Arc;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_domain::user::Email;
use gaiterguard_identity::Accounts;

use crate::offline_database::{self, Missing};

/// Removes the user's one-time codes and recovery codes, and ends all of the user's sessions.
pub fn run(email: &Email) -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let accounts = Accounts::new(database.store.clone(), Arc::new(SystemClock));
        match accounts.reset_factors(email).await? {
            Some(user) => console::say(format_args!(
                "user {} ({}) signs in with the password alone; all of the user's sessions have ended",
                user.id, user.email
            )),
            None => console::say(format_args!("{email} has no second factor")),
        }
        Ok(())
    })
}
