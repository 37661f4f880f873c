//! The secrets of a channel, and the form in which they are sealed.

use gaiterguard_domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The secrets of a channel, of whichever kind it is.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelSecrets {
    /// Signs webhooks.
    #[serde(default)]
    pub(crate) signing_key: Option<SecretString>,
    /// The key before the last rotation.
    #[serde(default)]
    pub(crate) previous_key: Option<SecretString>,
    /// When the previous key stops signing.
    #[serde(default)]
    pub(crate) previous_until: Option<Timestamp>,
    /// The token that the receiver demands.
    #[serde(default)]
    pub(crate) token: Option<SecretString>,
    /// Proves that a request is from Slack.
    #[serde(default)]
    pub(crate) signing_secret: Option<SecretString>,
    /// Opens WebSockets of Slack's Socket Mode.
    #[serde(default)]
    pub(crate) app_token: Option<SecretString>,
    /// The subscription of a browser, as JSON.
    #[serde(default)]
    pub(crate) subscription: Option<SecretString>,
}

#[derive(Serialize)]
struct Form<'a> {
    signing_key: Option<&'a str>,
    previous_key: Option<&'a str>,
    previous_until: Option<Timestamp>,
    token: Option<&'a str>,
    signing_secret: Option<&'a str>,
    app_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<&'a str>,
}

impl ChannelSecrets {
    /// Returns the bytes to seal.
    pub(crate) fn to_sealed_form(&self) -> Zeroizing<Vec<u8>> {
        fn exposed(secret: Option<&SecretString>) -> Option<&str> {
            secret.map(ExposeSecret::expose_secret)
        }
        let form = Form {
            signing_key: exposed(self.signing_key.as_ref()),
            previous_key: exposed(self.previous_key.as_ref()),
            previous_until: self.previous_until,
            token: exposed(self.token.as_ref()),
            signing_secret: exposed(self.signing_secret.as_ref()),
            app_token: exposed(self.app_token.as_ref()),
            subscription: exposed(self.subscription.as_ref()),
        };
        // Longer than any form, because a buffer that grows leaves a copy.
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 * 1024));
        serde_json::to_writer(&mut *bytes, &form).expect("writing into memory succeeds");
        bytes
    }

    /// Reads the bytes that [`Self::to_sealed_form`] returned.
    pub(crate) fn from_sealed_form(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Returns the keys that sign a webhook now: two for a while after a rotation.
    pub(crate) fn signing_keys(&self, now: Timestamp) -> impl Iterator<Item = &SecretString> {
        let is_valid = self.previous_until.is_some_and(|until| now < until);
        let previous = self.previous_key.as_ref().filter(|_| is_valid);
        self.signing_key.iter().chain(previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_back_and_the_previous_key_ends() {
        let secrets = ChannelSecrets {
            signing_key: Some("new".into()),
            previous_key: Some("old".into()),
            previous_until: Some(Timestamp(10)),
            ..ChannelSecrets::default()
        };
        let read = ChannelSecrets::from_sealed_form(&secrets.to_sealed_form()).unwrap();
        let keys = |now| {
            let keys = read.signing_keys(Timestamp(now));
            keys.map(|key| key.expose_secret().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(9), ["new", "old"]);
        assert_eq!(keys(10), ["new"]);
        assert!(read.token.is_none());
        assert!(ChannelSecrets::from_sealed_form(b"{}").is_some());
        assert!(ChannelSecrets::from_sealed_form(b"{\"other\":1}").is_none());
    }
}
