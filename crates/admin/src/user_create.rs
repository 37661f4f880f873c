//! `gaiterguard user create`: creates a user, whether or not registration is open.

use std::process::ExitCode;
use std::sync::Arc;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_console::secret_line;
use gaiterguard_domain::user::Email;
use gaiterguard_identity::{Accounts, NewPassword};

use crate::offline_database::{self, Missing};

/// Creates a user with a new workspace, or in the workspace of `workspace_of`.
pub fn run(email: &Email, workspace_of: Option<&Email>) -> ExitCode {
    offline_database::run(Missing::Create, async |database| {
        let password = NewPassword::parse(secret_line::read("Password")?)?;
        let accounts = Accounts::new(database.store.clone(), Arc::new(SystemClock));
        let user = accounts.create(email, password, workspace_of).await?;
        match workspace_of {
            None => console::say(format_args!("created user {} ({})", user.id, user.email)),
            Some(member) => console::say(format_args!(
                "created user {} ({}) in the workspace of {member}",
                user.id, user.email
            )),
        }
        Ok(())
    })
}
