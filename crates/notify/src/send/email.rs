//! Email: plain text and HTML. The link opens the page on which the action is decided; nothing is decided by opening
//! it.

use std::fmt::Write as _;

use lettre::AsyncTransport as _;
use lettre::message::header::ContentType;
use lettre::message::{MultiPart, SinglePart};

use crate::card::Card;
use crate::context::{Context, Mail};
use crate::message::Message;
use crate::send::outcome::{Accepted, NotAccepted};
use crate::settings::EmailSettings;
use crate::text::{Escape, html, plain, shown};

/// The longest subject, in bytes: what a list of mails shows.
const SUBJECT_BYTES_MAX: usize = 200;

/// The longest name or value of a row, in bytes, escaped.
const VALUE_BYTES_MAX: usize = 1000;

/// The longest text of the agent, in bytes, escaped.
const INTENT_BYTES_MAX: usize = 8000;

/// Sends a card to all recipients of a channel.
pub(super) async fn send(
    context: &Context,
    settings: &EmailSettings,
    message: &Message,
    card: &Card,
) -> Result<Accepted, NotAccepted> {
    let Some(mail) = &context.mail else {
        return Err(NotAccepted::failed(
            "email needs the settings SMTP_URL and MAIL_FROM",
        ));
    };
    let email = email(mail, settings, message, card)
        .map_err(|error| NotAccepted::failed(format!("the email cannot be written: {error}")))?;
    match mail.transport.send(email).await {
        Ok(_) => Ok(Accepted::default()),
        Err(error) => Err(NotAccepted::failed(failure(&error))),
    }
}

/// Returns what went wrong. The text of the server is not repeated beyond its code, because it may repeat what was
/// sent to it.
pub(crate) fn failure(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the mail server responded with {code}");
    }
    if error.is_timeout() {
        return "the mail server did not respond in time".to_owned();
    }
    if error.is_tls() {
        return "the connection to the mail server could not be encrypted".to_owned();
    }
    "the mail server could not be reached".to_owned()
}

fn email(
    mail: &Mail,
    settings: &EmailSettings,
    message: &Message,
    card: &Card,
) -> Result<lettre::Message, lettre::error::Error> {
    let domain = mail.from.email.domain();
    let mut builder = lettre::Message::builder()
        .from(mail.from.clone())
        .message_id(Some(format!("<{}@{domain}>", message.id.simple())))
        .subject(shown(&card.title, SUBJECT_BYTES_MAX, plain));
    for recipient in &settings.to {
        if let Ok(address) = recipient.parse() {
            builder = builder.to(address);
        }
    }
    let part = |kind, body| SinglePart::builder().header(kind).body(body);
    builder.multipart(
        MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, text_of(card)))
            .singlepart(part(ContentType::TEXT_HTML, html_of(card))),
    )
}

fn value(text: &str, escape: Escape) -> String {
    shown(text, VALUE_BYTES_MAX, escape)
}

fn text_of(card: &Card) -> String {
    let mut text = format!("{}\n\n", value(&card.title, plain));
    for (name, cell) in &card.rows {
        let _ = writeln!(text, "{}: {}", value(name, plain), value(cell, plain));
    }
    if let Some(intent) = &card.intent {
        let intent = shown(intent, INTENT_BYTES_MAX, plain);
        let _ = write!(text, "\nThe agent says:\n> {intent}\n");
    }
    if let Some(link) = &card.link {
        let _ = write!(text, "\nOpen: {link}\n");
    }
    text
}

fn html_of(card: &Card) -> String {
    let mut page = String::from(
        "<!doctype html><html><body style=\"font-family:sans-serif;font-size:15px;line-height:1.5\">",
    );
    let _ = write!(
        page,
        "<h1 style=\"font-size:18px\">{}</h1><table>",
        value(&card.title, html)
    );
    for (name, cell) in &card.rows {
        let _ = write!(
            page,
            "<tr><td style=\"padding-right:12px;vertical-align:top;color:#666\">{}</td>\
             <td style=\"overflow-wrap:anywhere\"><bdi>{}</bdi></td></tr>",
            value(name, html),
            value(cell, html)
        );
    }
    page.push_str("</table>");
    if let Some(intent) = &card.intent {
        let _ = write!(
            page,
            "<p>The agent says:</p><blockquote><bdi>{}</bdi></blockquote>",
            shown(intent, INTENT_BYTES_MAX, html)
        );
    }
    if let Some(link) = &card.link {
        let link = value(link, html);
        let _ = write!(page, "<p><a href=\"{link}\">Open in GaiterGuard</a></p>");
    }
    page.push_str("</body></html>");
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Urgency;

    #[test]
    fn text_of_an_agent_is_never_markup() {
        let card = Card {
            title: "Send <script>".to_owned(),
            rows: vec![("a\"b".to_owned(), "<img src=x>\u{202e}".to_owned())],
            intent: Some("</blockquote><a href=\"https[:]//evil\">x</a>".to_owned()),
            link: Some("http://gate.example/app/?action=1&b=\"".to_owned()),
            urgency: Urgency::High,
        };
        let page = html_of(&card);
        assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("</a>x"));
        assert_eq!(page.matches("<a ").count(), 1);
        assert!(page.contains("&lt;img src=x&gt;[U+202E]"));
        assert!(page.contains("action=1&amp;b=&quot;\""));
        let text = text_of(&card);
        assert!(text.contains("a\"b: <img src=x>[U+202E]"), "{text}");
        assert!(text.contains("Open: http://gate.example/app/?action=1"));
    }
}
