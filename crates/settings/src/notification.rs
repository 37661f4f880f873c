//! Settings of notifications.

use clap::Args;
use gaiterguard_environment::{SettingError, Source, read, value};
use secrecy::SecretString;

/// How notifications leave the gateway by email.
#[derive(Debug, Args)]
pub struct NotificationSettings {
    /// Mail server for email channels and invitations, as `smtps://USER:PASSWORD@HOST[:PORT]`, or `smtp://…` for
    /// STARTTLS. Without `?tls=opportunistic`, a server that does not encrypt is refused, unless it is on this machine.
    #[arg(env = "SMTP_URL", hide_env_values = true, value_parser = value::visible_secret)]
    pub smtp_url: Option<SecretString>,
    /// Sender of all mail, as `gate@example.com` or `GaiterGuard <gate@example.com>`. Required with `SMTP_URL`.
    #[arg(env = "MAIL_FROM", value_parser = address)]
    pub mail_from: Option<String>,
}

impl NotificationSettings {
    /// Reads the settings, which are either both set or both not.
    pub(crate) fn read(source: &Source) -> Result<Self, SettingError> {
        let settings: Self = read(source)?;
        match (&settings.smtp_url, &settings.mail_from) {
            (Some(_), None) => Err(SettingError::invalid_secret(
                "MAIL_FROM",
                "set if SMTP_URL is",
            )),
            (None, Some(_)) => Err(SettingError::invalid_secret(
                "SMTP_URL",
                "set if MAIL_FROM is",
            )),
            _ => Ok(settings),
        }
    }
}

/// Accepts what may be an address. The parts of it are checked where mail is sent.
fn address(text: &str) -> Result<String, String> {
    if text.contains('@') && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("an email address such as gate@example.com".to_owned())
    }
}
