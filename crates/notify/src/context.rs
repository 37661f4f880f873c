//! The parts that notifications work with.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_store::Store;
use gaiterguard_upstream::Upstream;
use gaiterguard_webpush::VapidKey;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use crate::channel::Channel;
use crate::requests::HeldRequests;
use crate::secrets::ChannelSecrets;

/// How long one step of the exchange with the mail server may take.
const SMTP_TIMEOUT: Duration = Duration::from_secs(15);

/// The mail server, and the sender of all mail.
#[derive(Clone)]
pub struct Mail {
    pub(crate) transport: AsyncSmtpTransport<Tokio1Executor>,
    pub(crate) from: Mailbox,
}

impl Mail {
    /// Prepares mail through the server at this URL, from this address. Connections are opened when they are
    /// needed. Must be called inside a tokio runtime. Without `?tls=…`, `smtp://` uses STARTTLS, unless the server is
    /// on this machine.
    ///
    /// # Errors
    ///
    /// If the URL or the address is invalid, with what it should be.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, &'static str> {
        let from = from.parse().map_err(
            |_| "MAIL_FROM must be an email address, such as GaiterGuard <gate@example.com>",
        )?;
        let url = with_encryption(url.expose_secret());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .map_err(|_| "SMTP_URL must be a URL such as smtps://user:password@mail.example.com")?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        Ok(Self { transport, from })
    }
}

/// Asks for STARTTLS where the URL leaves encryption open and the server is elsewhere.
fn with_encryption(url: &str) -> String {
    let Some(rest) = url.strip_prefix("smtp://") else {
        return url.to_owned();
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
        host.strip_prefix(local)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'))
    });
    if is_local || url.contains("tls=") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}tls=required")
}

/// The parts that notifications work with.
pub(crate) struct Context {
    pub(crate) replica: ReplicaId,
    pub(crate) store: Store,
    pub(crate) sealing: Sealing,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) mail: Option<Mail>,
    pub(crate) requests: Arc<dyn HeldRequests>,
    pub(crate) clock: Arc<dyn Clock>,
    /// `PUBLIC_URL` without a slash at its end.
    pub(crate) public_url: String,
    /// The key by which push services recognize the gateway, once it was needed.
    pub(crate) vapid_key: OnceCell<VapidKey>,
}

impl Context {
    /// Returns the current instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Opens the secrets of a channel.
    pub(crate) async fn secrets(&self, channel: &Channel) -> Result<ChannelSecrets, SealingError> {
        let stored = &channel.stored.secrets;
        let opened = self
            .sealing
            .open(
                channel.workspace(),
                stored.sealed.data_key,
                &stored.sealed.bytes,
                &Purpose::channel(channel.id(), stored.version),
            )
            .await?;
        // A value that opens was sealed here, so it is in this form.
        Ok(ChannelSecrets::from_sealed_form(&opened).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_leaves_this_machine_only_encrypted_unless_the_url_says_otherwise() {
        for (url, expected) in [
            ("smtp://mail.example", "smtp://mail.example?tls=required"),
            (
                "smtp://u:p@mail.example:587",
                "smtp://u:p@mail.example:587?tls=required",
            ),
            (
                "smtp://localhost.evil:25",
                "smtp://localhost.evil:25?tls=required",
            ),
            ("smtp://u@localhost:25", "smtp://u@localhost:25"),
            ("smtp://127.0.0.1", "smtp://127.0.0.1"),
            (
                "smtp://mail.example?tls=opportunistic",
                "smtp://mail.example?tls=opportunistic",
            ),
            ("smtps://mail.example", "smtps://mail.example"),
        ] {
            assert_eq!(with_encryption(url), expected);
        }
    }

    #[tokio::test]
    async fn wrong_settings_of_mail_are_named() {
        let wrong = |url: &str, from: &str| Mail::new(&url.into(), from).err().unwrap();
        assert!(wrong("smtp://localhost", "nobody").starts_with("MAIL_FROM"));
        assert!(wrong("https://localhost", "a@b.example").starts_with("SMTP_URL"));
        assert!(Mail::new(&"smtps://u:p@mail.example".into(), "G <a@b.example>").is_ok());
    }
}
