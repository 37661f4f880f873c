//! The settings of each kind of channel: checked when an operator sets it, stored without its secrets.

use std::borrow::Cow;

use gaiterguard_domain::field::{Change, Checked, FieldValue, any_string, refused};
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::redact::MASK;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::{all, body};
use lettre::Address;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::kind::ChannelKind;
use crate::nested::{self, Few};
use crate::secrets::ChannelSecrets;

/// The field of the settings.
const SETTINGS: &str = "settings";

/// The API of Slack.
const SLACK_SERVER: &str = "https://slack.com/api";

/// The server of Telegram.
const TELEGRAM_SERVER: &str = "https://api.telegram.org";

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
    /// Settings of Slack.
    Slack(SlackSettings),
    /// Settings of Telegram.
    Telegram(TelegramSettings),
    /// Settings of a channel for one member.
    Member(MemberSettings),
    /// A browser has no settings; everything that is known of it is secret.
    #[serde(skip)]
    WebPush,
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

/// Settings of Slack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlackSettings {
    /// URL of the API.
    pub server: String,
    /// ID of the channel in Slack.
    pub channel: String,
    /// Whether a signing secret is set, so that Slack can send what people do with buttons.
    #[serde(default)]
    pub has_signing_secret: bool,
    /// Whether an app token is set, so that the gateway fetches what people do with buttons.
    #[serde(default)]
    pub has_app_token: bool,
}

/// Settings of Telegram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TelegramSettings {
    /// URL of the server.
    pub server: String,
    /// ID or name of the chat.
    pub chat_id: String,
    /// Whether people decide with the buttons of messages.
    #[serde(default)]
    pub decisions: bool,
}

/// Settings of a channel for one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberSettings {
    /// ID of the member.
    #[schema(value_type = i64)]
    pub user_id: UserId,
}

body! {
    /// Settings of a channel for one member. Messages go to the member's email address, if the gateway has a mail
    /// server, and to the browsers in which the member turned on push notifications.
    pub struct NewMemberSettings {
        /// ID of the member, who must be allowed to decide on held requests.
        user_id "user_id": UserId as i64,
    }
}

body! {
    /// Settings of Slack.
    pub struct NewSlackSettings {
        /// URL of the API. It is subject to the address rules of upstreams. Defaults to `https://slack.com/api`.
        server "server": Option<Url> as Option<String>,
        /// ID of the channel, such as `C024BE91L`. The bot must be a member of it.
        #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
        channel "channel": Topic as String,
        /// Token of the bot, `xoxb-…`, with the scope `chat:write`. Never returned. If omitted, the current token is
        /// kept, unless the server changes.
        #[schema(max_length = 4096)]
        token "token": Option<Token> as Option<String>,
        /// Signing secret of the app. With it, messages have buttons, and Slack sends what people do with them to
        /// `POST /channels/{id}/slack`. Never returned. If omitted, the current one is kept, unless the server
        /// changes; null removes it.
        #[schema(max_length = 4096)]
        signing_secret "signing_secret": Change<Option<Token>> as Option<String>,
        /// App-level token, `xapp-…`, with the scope `connections:write`. With it, messages have buttons, and the
        /// gateway fetches what people do with them over a WebSocket (Socket Mode), so that Slack need not reach it.
        /// Never returned. If omitted, the current one is kept, unless the server changes; null removes it.
        #[schema(max_length = 4096)]
        app_token "app_token": Change<Option<Token>> as Option<String>,
    }
}

body! {
    /// Settings of Telegram.
    pub struct NewTelegramSettings {
        /// URL of the server. It is subject to the address rules of upstreams. Defaults to `https://api.telegram.org`.
        server "server": Option<Url> as Option<String>,
        /// ID of the chat, such as `-1001234567890`, or the name of a public channel, such as `@approvals`.
        #[schema(max_length = 64)]
        chat_id "chat_id": Chat as String,
        /// Token of the bot. Never returned. If omitted, the current token is kept, unless the server changes.
        #[schema(max_length = 4096)]
        token "token": Option<Token> as Option<String>,
        /// Whether people decide with the buttons of messages. The gateway then fetches the bot's updates, so no
        /// other program may fetch them. Defaults to false.
        decisions "decisions": Option<bool> as Option<bool>,
    }
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
        /// Access token. Never returned. If omitted, the current token is kept, unless the server changes; null removes it.
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
    /// Settings of Slack.
    Slack(NewSlackSettings),
    /// Settings of Telegram.
    Telegram(NewTelegramSettings),
    /// Settings of a channel for one member.
    Member(NewMemberSettings),
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

/// The id or the name of a chat.
#[derive(Clone, Debug)]
pub struct Chat(String);

impl FieldValue for Chat {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        let is_name = text.strip_prefix('@').is_some_and(|name| {
            (1..TOPIC_CHARS_MAX).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !is_name && text.parse::<i64>().is_err() {
            return Err("must be the ID of a chat, such as -1001234567890, or @ and a name".into());
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

impl Token {
    /// Whether this can be the token of a bot of Telegram, which becomes a part of a path.
    fn is_of_telegram(&self) -> bool {
        let parts = self.0.expose_secret().split_once(':');
        parts.is_some_and(|(id, secret)| {
            !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_digit())
                && !secret.is_empty()
                && secret
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        })
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
            ChannelKind::Slack => serde_json::from_value(value).map(Self::Slack).ok(),
            ChannelKind::Telegram => serde_json::from_value(value).map(Self::Telegram).ok(),
            ChannelKind::Member => serde_json::from_value(value).map(Self::Member).ok(),
            ChannelKind::WebPush => Some(Self::WebPush),
        }
    }

    /// Returns the URL that messages are sent to, with the name of its field; `None` for email,
    /// for members, and for browsers.
    pub(crate) fn url(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Webhook(webhook) => Some(("settings.url", &webhook.url)),
            Self::Ntfy(ntfy) => Some(("settings.server", &ntfy.server)),
            Self::Slack(slack) => Some(("settings.server", &slack.server)),
            Self::Telegram(telegram) => Some(("settings.server", &telegram.server)),
            Self::Email(_) | Self::Member(_) | Self::WebPush => None,
        }
    }

    /// Returns the settings as they are shown to people who may not change them. The path of a URL and the topic of
    /// ntfy are often all that it takes to send messages there or to read them.
    #[must_use]
    pub fn for_readers(mut self) -> Self {
        let url = match &mut self {
            Self::Webhook(webhook) => &mut webhook.url,
            Self::Ntfy(ntfy) => {
                MASK.clone_into(&mut ntfy.topic);
                &mut ntfy.server
            }
            Self::Slack(slack) => &mut slack.server,
            Self::Telegram(telegram) => &mut telegram.server,
            Self::Email(_) | Self::Member(_) | Self::WebPush => return self,
        };
        *url = Target::parse(url)
            .map_or_else(|_| MASK.to_owned(), |target| target.origin().to_string());
        self
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
            ChannelKind::Slack => nested::read(SETTINGS, value, |new: NewSlackSettings| {
                let NewSlackSettings {
                    server,
                    channel,
                    token,
                    signing_secret,
                    app_token,
                } = new;
                let (server, channel, token, signing_secret, app_token) =
                    all!(server, channel, token, signing_secret, app_token)?;
                let server = server.map_or_else(|| SLACK_SERVER.to_owned(), |url| url.0);
                bot_token(&server, token, present, &mut secrets)?;
                if let Some(secret) = signing_secret.0 {
                    secrets.signing_secret = secret.map(|secret| secret.0);
                }
                if let Some(token) = app_token.0 {
                    secrets.app_token = token.map(|token| token.0);
                }
                Ok(Self::Slack(SlackSettings {
                    server,
                    channel: channel.0,
                    has_signing_secret: secrets.signing_secret.is_some(),
                    has_app_token: secrets.app_token.is_some(),
                }))
            }),
            ChannelKind::Telegram => nested::read(SETTINGS, value, |new: NewTelegramSettings| {
                let NewTelegramSettings {
                    server,
                    chat_id,
                    token,
                    decisions,
                } = new;
                let (server, chat_id, token, decisions) = all!(server, chat_id, token, decisions)?;
                if token.as_ref().is_some_and(|token| !token.is_of_telegram()) {
                    return refused(
                        "token",
                        "must be the token of a bot, such as 110201543:AAHdq…",
                    );
                }
                let server = server.map_or_else(|| TELEGRAM_SERVER.to_owned(), |url| url.0);
                bot_token(&server, token, present, &mut secrets)?;
                Ok(Self::Telegram(TelegramSettings {
                    server,
                    chat_id: chat_id.0,
                    decisions: decisions.unwrap_or_default(),
                }))
            }),
            ChannelKind::Member => nested::read(SETTINGS, value, |new: NewMemberSettings| {
                let user_id = new.user_id?;
                Ok(Self::Member(MemberSettings { user_id }))
            }),
            ChannelKind::WebPush => refused(SETTINGS, "a browser is registered by its member"),
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

/// Sets the token of a bot. A channel of a bot must have one.
fn bot_token(
    server: &str,
    token: Option<Token>,
    present: Option<(&ChannelSettings, &ChannelSecrets)>,
    secrets: &mut ChannelSecrets,
) -> Checked<()> {
    let url = present.and_then(|(settings, _)| settings.url());
    if !url.is_some_and(|(_, url)| is_same_origin(url, server)) {
        secrets.token = None;
        secrets.signing_secret = None;
        secrets.app_token = None;
    }
    if let Some(token) = token {
        secrets.token = Some(token.0);
    }
    if secrets.token.is_none() {
        return refused("token", "is required, also if the server has changed");
    }
    Ok(())
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
            (
                ChannelKind::Slack,
                json!({"channel": "C1"}),
                "settings.token",
            ),
            (
                ChannelKind::Telegram,
                json!({"chat_id": "a b", "token": "1:a"}),
                "settings.chat_id",
            ),
            (
                ChannelKind::Telegram,
                json!({"chat_id": "-100", "token": "1:a/../b"}),
                "settings.token",
            ),
            (ChannelKind::Member, json!({}), "settings.user_id"),
            (
                ChannelKind::Member,
                json!({"user_id": "ann@example.com"}),
                "settings.user_id",
            ),
            (ChannelKind::Email, json!({"to": []}), "settings.to"),
            (ChannelKind::Email, json!({"to": ["a b"]}), "settings.to"),
        ] {
            let errors = read(kind, settings, None).err().unwrap();
            assert_eq!(errors[0].field, field, "{}", errors[0].message);
        }
    }
}
