//! The subscription of a browser at its push service.

use std::borrow::Cow;
use std::fmt;

use gaiterguard_domain::field::{Checked, FieldError, FieldValue, refused};
use gaiterguard_domain::target::{Origin, Scheme, Target};
use gaiterguard_domain::{all, body};
use gaiterguard_webpush::Subscriber;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nested::{self, NOT_AN_OBJECT};

/// The longest endpoint, in bytes. Those of the known push services have at most a few hundred.
const ENDPOINT_BYTES_MAX: usize = 2048;

/// The subscription of a browser. The endpoint is as secret as a key: anyone who knows it can send to the browser.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) endpoint: String,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
}

impl Subscription {
    /// Returns the origin of the push service.
    pub(crate) fn origin(&self) -> Option<Origin> {
        let target = Target::parse(&self.endpoint).ok()?;
        Some(target.origin().clone())
    }

    /// Returns the keys of the browser.
    pub(crate) fn subscriber(&self) -> Option<Subscriber> {
        Subscriber::parse(&self.p256dh, &self.auth).ok()
    }
}

/// The URL at which a push service takes messages for a browser.
#[derive(Clone)]
pub struct Endpoint(pub(crate) String);

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Endpoint")
    }
}

impl FieldValue for Endpoint {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        if text.len() > ENDPOINT_BYTES_MAX {
            return Err(format!("must be at most {ENDPOINT_BYTES_MAX} bytes long").into());
        }
        match Target::parse(&text) {
            Ok(target) if target.origin().scheme == Scheme::Https => Ok(Self(text)),
            Ok(_) => Err("must be an https URL".into()),
            Err(refused) => Err(format!("must be an https URL: {refused}").into()),
        }
    }
}

body! {
    /// Keys of a browser's subscription, as `PushSubscription.toJSON()` returns them.
    pub struct NewPushKeys {
        /// Public key of the browser: an uncompressed point of the curve P-256, in base64url.
        #[schema(max_length = 128)]
        p256dh "p256dh": String as String,
        /// Secret that the browser shares with senders: 16 bytes, in base64url.
        #[schema(max_length = 64)]
        auth "auth": String as String,
    }
}

/// The keys of a browser, in base64url.
#[derive(Clone)]
pub struct PushKeys {
    pub(crate) p256dh: String,
    pub(crate) auth: String,
}

impl fmt::Debug for PushKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PushKeys")
    }
}

impl FieldValue for PushKeys {
    fn parse(_: Value) -> Result<Self, Cow<'static, str>> {
        Err(NOT_AN_OBJECT.into())
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        nested::read(name, value, |body: NewPushKeys| {
            let NewPushKeys { p256dh, auth } = body;
            let (p256dh, auth) = all!(p256dh, auth)?;
            let is_usable = Subscriber::parse(&p256dh, &auth)
                .map_err(|(field, message)| vec![FieldError::new(field, message)])
                .map(|subscriber| gaiterguard_webpush::encrypt(&subscriber, b"").is_ok())?;
            if !is_usable {
                return refused("p256dh", "must be a point of the curve P-256");
            }
            Ok(Self { p256dh, auth })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn endpoints_are_https_urls_without_tricks() {
        let parse = |text: &str| Endpoint::parse(json!(text)).map(|endpoint| endpoint.0);
        let good = "https://fcm.googleapis.com/fcm/send/a:b-c?d=e";
        assert_eq!(parse(good).as_deref(), Ok(good));
        let long = format!("https://push.example/{}", "a".repeat(ENDPOINT_BYTES_MAX));
        for bad in [
            "http://push.example/a",
            "ftp://push.example/a",
            "https://u:p@push.example/a",
            "https://push.example/../a",
            "push.example",
            "",
            long.as_str(),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_named() {
        let fields = |keys: Value| match PushKeys::read("keys", Some(keys)) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        };
        let none: [&str; 0] = [];
        assert_eq!(fields(json!({"p256dh": P256DH, "auth": AUTH})), none);
        let off_curve = P256DH.replace("iw4", "iw0");
        for (keys, field) in [
            (json!({"p256dh": P256DH}), "keys.auth"),
            (json!({"p256dh": "x", "auth": AUTH}), "keys.p256dh"),
            (json!({"p256dh": off_curve, "auth": AUTH}), "keys.p256dh"),
            (json!({"p256dh": P256DH, "auth": "x"}), "keys.auth"),
            (json!({"p256dh": P256DH, "auth": AUTH, "x": 1}), "keys.x"),
            (json!([]), "keys"),
        ] {
            assert_eq!(fields(keys), [field]);
        }
    }
}
