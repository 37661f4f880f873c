//! `gaiterguard vault rotate`: encrypts every data key with a new master secret. Gateways may keep
//! running, and the command can be repeated after an interruption.

use std::process::ExitCode;

use gaiterguard_clock::SystemClock;
use gaiterguard_console as console;
use gaiterguard_console::secret_line;
use gaiterguard_sealing::{OldSecret, RotateError, Rotation};
use gaiterguard_settings::SECRET_LENGTH_MIN;
use gaiterguard_settings::secrets;
use secrecy::{ExposeSecret, SecretString};

use crate::error::CommandError;
use crate::offline_database::{self, Missing, OfflineDatabase};

/// Rotates from the secret in the settings to the one on standard input.
pub fn run() -> ExitCode {
    offline_database::run(Missing::Fail, async |database| {
        let (store, current) = (&database.store, &database.secrets.encryption);
        let salt = &database.settings.secret.encryption_salt;
        let new = new_secret()?;
        let is_kept = match gaiterguard_sealing::rotate(store, current, &new, salt, &SystemClock)
            .await
        {
            Ok(rotation) => {
                let next_step = save(database, &new)?;
                console::say(description(rotation));
                console::say(next_step);
                // An operator who enters the same secret again has kept it.
                rotation.resumed || is_secret_in_file(database)
            }
            // An earlier run was interrupted after it saved the new secret and before it reported
            // that.
            Err(RotateError::SameSecret)
                if gaiterguard_sealing::is_sealed_under(store, &new, salt).await? =>
            {
                console::say(
                    "the settings already contain this secret, and everything is encrypted with it",
                );
                true
            }
            Err(error) => return Err(error.into()),
        };
        if !is_kept {
            console::say(
                "the previous secret still decrypts everything, until a gateway starts with the new one, or \
                 until this command is run again with the new one",
            );
            return Ok(());
        }
        match gaiterguard_sealing::finish(store, &new, salt, &SystemClock).await? {
            OldSecret::OpensNothing => console::say(
                "the previous secret no longer decrypts anything: a gateway cannot start with it",
            ),
            OldSecret::AwaitsGateways => console::say(
                "a running gateway still uses the previous secret, which still decrypts \
                 everything until that gateway follows or stops",
            ),
        }
        Ok(())
    })
}

/// Whether the next start reads the secret from a file, which the command has replaced.
fn is_secret_in_file(database: &OfflineDatabase) -> bool {
    database.settings.secret.encryption.is_none()
}

fn new_secret() -> Result<SecretString, CommandError> {
    let line = secret_line::read("New secret")?;
    // Trimmed like `ENCRYPTION_SECRET` and the secret's file, so that the next start derives the
    // same key.
    let secret = line.expose_secret().trim();
    if secret.chars().count() < SECRET_LENGTH_MIN {
        return Err(CommandError::ShortSecret);
    }
    Ok(SecretString::from(secret))
}

/// Saves the new secret for the next start, if the secret is kept in a file. Returns the next step
/// for the operator.
fn save(database: &OfflineDatabase, new: &SecretString) -> Result<String, CommandError> {
    if !is_secret_in_file(database) {
        return Ok("set ENCRYPTION_SECRET to the new secret before the next start".to_owned());
    }
    let path = secrets::replace_encryption(&database.settings.storage, new)
        .map_err(|error| CommandError::SecretNotKept { error })?;
    Ok(format!(
        "{} contains the new secret for the next start",
        path.display()
    ))
}

fn description(Rotation { rewrapped, resumed }: Rotation) -> String {
    let end = if resumed {
        "; this completes an interrupted rotation"
    } else {
        ""
    };
    format!("data keys re-encrypted: {rewrapped}{end}")
}
