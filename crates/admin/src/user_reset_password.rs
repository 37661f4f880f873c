//! `gaiterguard user reset-password`: sets a new password for a user who is locked out or whose
//! password is compromised.

use std::process::ExitCode;
use std::sync::Arc;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_console::secret_line;
use gaiterguard_domain::user::Email;
use gaiterguard_identity::{Accounts, NewPassword};

use crate::offline_database::{self, Missing};

/// Sets a new password and ends all of the user's sessions.
pub fn run(email: &Email) -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let password = NewPassword::parse(secret_line::read("New password")?)?;
        let accounts = Accounts::new(database.store.clone(), Arc::new(SystemClock));
        let user = accounts.reset_password(email, password).await?;
        console::say(format_args!(
            "user {} ({}) has a new password; all of the user's sessions have ended",
            user.id, user.email
        ));
        Ok(())
    })
}
