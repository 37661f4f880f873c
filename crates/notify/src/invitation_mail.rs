//! The email that invites a person to a workspace.

use gaiterguard_domain::time::Timestamp;
use lettre::AsyncTransport as _;
use lettre::message::header::ContentType;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use uuid::Uuid;

use crate::context::Mail;
use crate::notifications::Notifications;
use crate::send::{ATTEMPT_MAX, failure};
use crate::text::{plain, shown};

/// The longest name of an inviter that is shown, in bytes.
const NAME_BYTES_MAX: usize = 300;

/// An invitation to send.
pub struct InvitationMail<'a> {
    /// The address of the person.
    pub to: &'a str,
    /// The email address of the member who invites.
    pub inviter: &'a str,
    /// The role that the invitation gives.
    pub role: &'a str,
    /// The page on which it is accepted, with its token.
    pub link: &'a SecretString,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Notifications {
    /// Sends an invitation by email. Returns `None` if no mail server is set, and otherwise why the server did not take
    /// it, as an error. It is sent once: the person who invites has the link, too.
    pub async fn mail_invitation(
        &self,
        invitation: InvitationMail<'_>,
    ) -> Option<Result<(), String>> {
        let mail = self.mail()?;
        let email = match email(mail, &invitation) {
            Ok(email) => email,
            Err(error) => return Some(Err(format!("the email cannot be written: {error}"))),
        };
        let sending = timeout(ATTEMPT_MAX, mail.transport.send(email));
        Some(match sending.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(format!(
                "the mail server refused the address or the email: {}",
                failure(&error)
            )),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(format!(
                "no response of the mail server within {} seconds",
                ATTEMPT_MAX.as_secs()
            )),
        })
    }
}

fn email(
    mail: &Mail,
    invitation: &InvitationMail<'_>,
) -> Result<lettre::Message, Box<dyn std::error::Error + Send + Sync>> {
    let domain = mail.from.email.domain();
    Ok(lettre::Message::builder()
        .from(mail.from.clone())
        .to(invitation.to.parse()?)
        .message_id(Some(format!("<{}@{domain}>", Uuid::new_v4().simple())))
        .subject("Invitation to GaiterGuard")
        .header(ContentType::TEXT_PLAIN)
        .body(text(invitation))?)
}

fn text(invitation: &InvitationMail<'_>) -> String {
    let inviter = shown(invitation.inviter, NAME_BYTES_MAX, plain);
    let expires_at = invitation.expires_at.to_string();
    let minutes = expires_at
        .get(..16)
        .unwrap_or(&expires_at)
        .replace('T', " ");
    format!(
        "{inviter} invites you to GaiterGuard, with the role {}. GaiterGuard lets people decide what AI agents send out.\n\n\
         Accept the invitation here:\n{}\n\n\
         The link works once, until {minutes} UTC. If you do not know {inviter}, ignore this email.\n",
        invitation.role,
        invitation.link.expose_secret(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_has_the_link_and_says_who_invites_and_until_when() {
        let link = SecretString::from("https://gate.example/app/invitation?token=gi_00");
        let text = text(&InvitationMail {
            to: "new@example.com",
            inviter: "owner@example.com",
            role: "approver",
            link: &link,
            expires_at: Timestamp(1_700_000_000_000),
        });
        assert!(
            text.contains("\nhttps://gate.example/app/invitation?token=gi_00\n"),
            "{text}"
        );
        assert!(
            text.starts_with(
                "owner@example.com invites you to GaiterGuard, with the role approver."
            )
        );
        assert!(text.contains("until 2023-11-14 22:13 UTC"), "{text}");
    }
}
