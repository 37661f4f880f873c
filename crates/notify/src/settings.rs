//! The settings of each kind of channel: checked when an operator sets it, stored without its secrets.

use std::borrow::Cow;

use gaiterguard_domain::field::{Change, Checked, FieldValue, any_string, refused};
use gaiterguard_domain::target::Target;
use gaiterguard_domain::{all, body};
use lettre::Address;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::kind::ChannelKind;
use crate::nested::{self, Few};
use crate::secrets::ChannelSecrets;

/// The field of the settings.
const SETTINGS: &str = "settings";

/// The server of ntfy that its makers run.
const NTFY_SERVER: &str = "https://ntfy.sh";

/// The most characters of a topic of ntfy.
const TOPIC_CHARS_MAX: usize = 64;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// The most recipients of an email channel.
const RECIPIENTS_MAX: usize = 20;

/// Settings of a channel, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ChannelSettings {
    /// Settings of a webhook.
    Webhook(WebhookSettings),
    /// Settings of ntfy.
    Ntfy(NtfySettings),
    /// Settings of email.
    Email(EmailSettings),
}

/// Settings of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookSettings {
    /// URL that messages are sent to.
    pub url: String,
}

/// Settings of ntfy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NtfySettings {
    /// URL of the server.
    pub server: String,
    /// Topic.
    pub topic: String,
    /// Whether an access token is set.
    pub has_token: bool,
}

/// Settings of email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmailSettings {
    /// Email addresses of the recipients.
    pub to: Vec<String>,
}

body! {
    /// Settings of a webhook.
    pub struct NewWebhookSettings {
        /// URL that messages are sent to. It is subject to the address rules of upstreams.
        url "url": Url as String,
    }
}

body! {
    /// Settings of ntfy.
    pub struct NewNtfySettings {
        /// URL of the server. It is subject to the address rules of upstreams. Defaults to `https://ntfy.sh`.
        server "server": Option<Url> as Option<String>,
        /// Topic. On a public server, everyone who knows its name can read it.
        #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
        topic "topic": Topic as String,
        /// Access token. Never returned. Omitted, the present token stays if the server does; null removes it.
        #[schema(max_length = 4096)]
        token "token": Change<Option<Token>> as Option<String>,
    }
}

body! {
    /// Settings of email. The gateway's `SMTP_URL` and `MAIL_FROM` must be set.
    pub struct NewEmailSettings {
        /// Email addresses of the recipients.
        #[schema(min_items = 1, max_items = 20)]
        to "to": Few<Recipient> as Vec<String>,
    }
}

/// Settings of a channel to create or change, by its kind.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = NewChannelSettings)]
pub enum AnySettings {
    /// Settings of a webhook.
    Webhook(NewWebhookSettings),
    /// Settings of ntfy.
    Ntfy(NewNtfySettings),
    /// Settings of email.
    Email(NewEmailSettings),
}

/// Settings whose kind is not known yet.
#[derive(Clone, Debug)]
pub struct Unread(Map<String, Value>);

impl FieldValue for Unread {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(nested::NOT_AN_OBJECT.into()),
        }
    }
}

/// A URL that messages are sent to.
#[derive(Clone, Debug)]
pub struct Url(String);

impl FieldValue for Url {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        match Target::parse(&text) {
            Ok(_) => Ok(Self(text)),
            Err(refused) => Err(format!("must be an http or https URL: {refused}").into()),
        }
    }
}

/// A topic of ntfy.
#[derive(Clone, Debug)]
pub struct Topic(String);

impl FieldValue for Topic {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        let is_valid = (1..=TOPIC_CHARS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_valid {
            return Err("must have 1 to 64 letters, digits, hyphens, or underscores".into());
        }
        Ok(Self(text))
    }
}

/// A token that a receiver demands in a header.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl FieldValue for Token {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = any_string(value)?;
        let is_valid = (1..=TOKEN_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_valid {
            return Err("must have 1 to 4096 printable ASCII characters without spaces".into());
        }
        Ok(Self(text.into()))
    }
}

/// The address of a recipient.
#[derive(Clone, Debug)]
pub struct Recipient(String);

impl FieldValue for Recipient {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        if text.parse::<Address>().is_err() {
            return Err("must be an email address, such as approver@example.com".into());
        }
        Ok(Self(text))
    }
}

impl ChannelSettings {
    /// Stands for settings that cannot be read because their kind is wrong.
    pub(crate) fn none() -> Self {
        Self::Email(EmailSettings { to: Vec::new() })
    }

    /// Reads stored settings.
    pub(crate) fn stored(kind: ChannelKind, value: Value) -> Option<Self> {
        match kind {
            ChannelKind::Webhook => serde_json::from_value(value).map(Self::Webhook).ok(),
            ChannelKind::Ntfy => serde_json::from_value(value).map(Self::Ntfy).ok(),
            ChannelKind::Email => serde_json::from_value(value).map(Self::Email).ok(),
        }
    }

    /// Returns the URL that messages are sent to, with the name of its field; `None` for email.
    pub(crate) fn url(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Webhook(webhook) => Some(("settings.url", &webhook.url)),
            Self::Ntfy(ntfy) => Some(("settings.server", &ntfy.server)),
            Self::Email(_) => None,
        }
    }

    /// Reads settings of a channel of this kind. Secrets that `unread` does not name are those of `present`, unless
    /// they would be sent to another origin.
    pub(crate) fn read(
        kind: ChannelKind,
        unread: Option<Unread>,
        present: Option<(&Self, &ChannelSecrets)>,
    ) -> Checked<(Self, ChannelSecrets)> {
        let secrets = present.map(|(_, secrets)| secrets.clone());
        let Some(Unread(members)) = unread else {
            return match present.map(|(settings, _)| settings.clone()).zip(secrets) {
                Some(present) => Ok(present),
                None => refused(SETTINGS, "is required"),
            };
        };
        let value = Some(Value::Object(members));
        let mut secrets = secrets.unwrap_or_default();
        let settings = match kind {
            ChannelKind::Webhook => nested::read(SETTINGS, value, |new: NewWebhookSettings| {
                Ok(Self::Webhook(WebhookSettings { url: new.url?.0 }))
            }),
            ChannelKind::Ntfy => nested::read(SETTINGS, value, |new: NewNtfySettings| {
                let present = present.map(|(settings, _)| settings);
                ntfy(new, present, &mut secrets).map(Self::Ntfy)
            }),
            ChannelKind::Email => nested::read(SETTINGS, value, |new: NewEmailSettings| {
                email(new).map(Self::Email)
            }),
        }?;
        Ok((settings, secrets))
    }
}

fn ntfy(
    new: NewNtfySettings,
    present: Option<&ChannelSettings>,
    secrets: &mut ChannelSecrets,
) -> Checked<NtfySettings> {
    let NewNtfySettings {
        server,
        topic,
        token,
    } = new;
    let (server, topic, token) = all!(server, topic, token)?;
    let server = server.map_or_else(|| NTFY_SERVER.to_owned(), |url| url.0);
    let is_same_origin = present
        .and_then(ChannelSettings::url)
        .is_some_and(|(_, url)| is_same_origin(url, &server));
    if !is_same_origin {
        secrets.token = None;
    }
    if let Some(token) = token.0 {
        secrets.token = token.map(|token| token.0);
    }
    Ok(NtfySettings {
        server,
        topic: topic.0,
        has_token: secrets.token.is_some(),
    })
}

fn email(new: NewEmailSettings) -> Checked<EmailSettings> {
    let to = new.to?.0;
    if !(1..=RECIPIENTS_MAX).contains(&to.len()) {
        return refused("to", "must have 1 to 20 addresses");
    }
    Ok(EmailSettings {
        to: to.into_iter().map(|recipient| recipient.0).collect(),
    })
}

fn is_same_origin(one: &str, other: &str) -> bool {
    match (Target::parse(one), Target::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn read(
        kind: ChannelKind,
        settings: Value,
        present: Option<&(ChannelSettings, ChannelSecrets)>,
    ) -> Checked<(ChannelSettings, ChannelSecrets)> {
        let unread = Unread::parse(settings).unwrap();
        let present = present.map(|(settings, secrets)| (settings, secrets));
        ChannelSettings::read(kind, Some(unread), present)
    }

    #[test]
    fn a_token_is_kept_for_the_same_origin_only() {
        let first = json!({"server": "https://a.example", "topic": "t", "token": "tk_1"});
        let first = read(ChannelKind::Ntfy, first, None).unwrap();
        let token = |settings: Value| {
            let (shown, secrets) = read(ChannelKind::Ntfy, settings, Some(&first)).unwrap();
            let ChannelSettings::Ntfy(shown) = shown else {
                panic!("{shown:?}");
            };
            assert_eq!(shown.has_token, secrets.token.is_some());
            secrets.token.map(|token| token.expose_secret().to_owned())
        };
        let kept = json!({"server": "https://a.example/below", "topic": "u"});
        assert_eq!(token(kept).as_deref(), Some("tk_1"));
        for dropped in [
            json!({"server": "https://b.example", "topic": "t"}),
            json!({"server": "http://a.example", "topic": "t"}),
            json!({"server": "https://a.example", "topic": "t", "token": null}),
            json!({"topic": "t"}),
        ] {
            assert_eq!(token(dropped), None);
        }
        let other = json!({"topic": "t", "token": "tk_2"});
        assert_eq!(token(other).as_deref(), Some("tk_2"));
    }

    #[test]
    fn wrong_settings_name_their_fields() {
        for (kind, settings, field) in [
            (ChannelKind::Webhook, json!({}), "settings.url"),
            (
                ChannelKind::Webhook,
                json!({"url": "ftp://a.example/"}),
                "settings.url",
            ),
            (
                ChannelKind::Webhook,
                json!({"url": "https://u:p@a.example/"}),
                "settings.url",
            ),
            (
                ChannelKind::Webhook,
                json!({"url": "https://a.example", "x": 1}),
                "settings.x",
            ),
            (ChannelKind::Ntfy, json!({"topic": "a/b"}), "settings.topic"),
            (
                ChannelKind::Ntfy,
                json!({"topic": "a", "token": "a b"}),
                "settings.token",
            ),
            (ChannelKind::Email, json!({"to": []}), "settings.to"),
            (ChannelKind::Email, json!({"to": ["a b"]}), "settings.to"),
        ] {
            let errors = read(kind, settings, None).err().unwrap();
            assert_eq!(errors[0].field, field, "{}", errors[0].message);
        }
    }
}
