//! `gaiterguard vault rotate`: moves every data key under a new master secret, beside gateways that
//! run, and repeatable after a kill.

use std::process::ExitCode;

use gaiterguard_clock::SystemClock;
use gaiterguard_sealing::{OldSecret, RotateError, Rotation};
use secrecy::{ExposeSecret, SecretString};

use super::error::CommandError;
use super::workbench::{self, Missing, Workbench};
use crate::console;
use crate::secret_line;
use crate::secrets;
use crate::settings::SECRET_LENGTH_MIN;

/// Rotates from the secret of the settings to the one on standard input.
pub(crate) fn run() -> ExitCode {
    workbench::run(Missing::Refuse, async |bench| {
        let (store, present) = (&bench.store, &bench.secrets.encryption);
        let salt = &bench.settings.secret.encryption_salt;
        let new = new_secret()?;
        match gaiterguard_sealing::rotate(store, present, &new, salt, &SystemClock).await {
            Ok(rotation) => keep(bench, &new, rotation)?,
            // Repeated after a kill between keeping the new secret and saying so.
            Err(RotateError::SameSecret)
                if gaiterguard_sealing::is_sealed_under(store, &new, salt).await? =>
            {
                console::say("everything is sealed under this secret already");
            }
            Err(error) => return Err(error.into()),
        }
        match gaiterguard_sealing::finish(store, &new, salt, &SystemClock).await? {
            OldSecret::OpensNothing => console::say(
                "the secret before it opens nothing any more: no gateway starts with it",
            ),
            OldSecret::AwaitsGateways => console::say(
                "a gateway that runs has not followed yet: until it has, or has stopped, the secret \
                 before it still opens everything",
            ),
        }
        Ok(())
    })
}

fn new_secret() -> Result<SecretString, CommandError> {
    let line = secret_line::read("New secret")?;
    // White space around it is cut as it is from ENCRYPTION_SECRET and in the secret's file, so
    // that the next start derives the same key from it.
    let secret = line.expose_secret().trim();
    if secret.chars().count() < SECRET_LENGTH_MIN {
        return Err(CommandError::ShortSecret);
    }
    Ok(SecretString::from(secret))
}

/// Makes the next start use the new secret, or says that the operator must.
fn keep(bench: &Workbench, new: &SecretString, rotation: Rotation) -> Result<(), CommandError> {
    let Rotation { rewrapped, resumed } = rotation;
    let begun = if resumed {
        ", which finished a rotation that was begun before"
    } else {
        ""
    };
    let settings = &bench.settings;
    if settings.secret.encryption.is_some() {
        console::say(format_args!("{rewrapped} data keys were moved{begun}"));
        console::say("set ENCRYPTION_SECRET to the new secret before the next start");
        return Ok(());
    }
    let path = secrets::replace_encryption(&settings.storage, new)
        .map_err(|error| CommandError::SecretNotKept { error })?;
    console::say(format_args!("{rewrapped} data keys were moved{begun}"));
    console::say(format_args!(
        "{} holds the new secret for the next start",
        path.display()
    ));
    Ok(())
}
