//! The provider: where a person is sent to sign in, and who has signed in.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::pkce::{CODE_CHALLENGE_METHOD, code_challenge};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::Upstream;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::error::OidcError;
use crate::exchange;
use crate::flow::{Flow, Redirected};
use crate::id_token::{self, Expected};
use crate::keys::Keys;
use crate::metadata::Metadata;
use crate::person::{Person, complete, is_incomplete};
use crate::settings::OidcSettings;

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How long metadata is used before it is fetched again, so that a provider can move its endpoints without a
/// restart of the gateway.
const METADATA_AGE_MAX: Duration = Duration::from_hours(1);

/// How many characters of a provider's own words are repeated. They are quoted in one sentence.
const WORDS_CHARS_MAX: usize = 100;

/// A provider.
pub struct Provider {
    settings: OidcSettings,
    upstream: Upstream,
    metadata: Mutex<Option<(Timestamp, Metadata)>>,
    keys: Keys,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    /// Uses the provider in `settings`, through connections of its own.
    pub fn new(settings: OidcSettings, upstream: Upstream) -> Self {
        Self {
            settings,
            upstream,
            metadata: Mutex::new(None),
            keys: Keys::default(),
        }
    }

    /// Returns the address to which the person goes.
    ///
    /// # Errors
    ///
    /// If the provider's metadata cannot be used.
    pub async fn authorization_url(
        &self,
        flow: &Flow,
        now: Timestamp,
    ) -> Result<String, OidcError> {
        let metadata = self.metadata(now).await?;
        let challenge = code_challenge(flow.verifier.expose_secret());
        let mut address = metadata.authorization_endpoint.to_string();
        for (name, value) in [
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &flow.redirect_uri),
            ("state", flow.state.expose_secret()),
            ("nonce", flow.nonce.expose_secret()),
            ("code_challenge", &challenge),
            ("code_challenge_method", CODE_CHALLENGE_METHOD),
        ] {
            address.push(if address.contains('?') { '&' } else { '?' });
            parameter(&mut address, name, value);
        }
        Ok(address)
    }

    /// Exchanges the code with which the provider sent the person back, and returns who it is.
    ///
    /// # Errors
    ///
    /// If the response or the ID token is not the provider's, or not for this flow.
    pub async fn person(
        &self,
        flow: &Flow,
        redirected: &Redirected,
        now: Timestamp,
    ) -> Result<Person, OidcError> {
        let metadata = self.metadata(now).await?;
        match &redirected.issuer {
            Some(issuer) if *issuer != self.settings.issuer => return Err(OidcError::WrongIssuer),
            None if metadata.names_itself => return Err(OidcError::WrongIssuer),
            _ => {}
        }
        let tokens = self.redeem(&metadata, flow, redirected).await?;
        let header = id_token::header(&tokens.id_token)?;
        let (place, id) = (&metadata.jwks_uri, header.kid.as_deref());
        let key = self.keys.find(&self.upstream, place, id, now).await?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: flow.nonce.expose_secret(),
            now,
        };
        let (subject, mut claims) = id_token::verify(&tokens.id_token, &header, &key, &expected)?;
        let person = Person::of(&subject, &claims, &self.settings);
        let Some((place, token)) = metadata.userinfo_endpoint.zip(tokens.access_token) else {
            return Ok(person);
        };
        if !is_incomplete(&claims, &self.settings) {
            return Ok(person);
        }
        let token = token.expose_secret();
        let (status, body) = exchange::get(&self.upstream, &place, Some(token)).await?;
        let info = serde_json::from_slice::<Value>(&body);
        let (StatusCode::OK, Ok(Value::Object(info))) = (status, info) else {
            let reason = format!("status {}, or not JSON", status.as_u16());
            return Err(OidcError::Unusable("userinfo", reason));
        };
        // Userinfo of another person must not be used (section 5.3.4).
        if info.get("sub").and_then(Value::as_str) != Some(&subject) {
            let reason = "it is that of another person".to_owned();
            return Err(OidcError::Unusable("userinfo", reason));
        }
        complete(&mut claims, info);
        Ok(Person::of(&subject, &claims, &self.settings))
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        redirected: &Redirected,
    ) -> Result<Tokens, OidcError> {
        let OidcSettings {
            client_id,
            client_secret,
            ..
        } = &self.settings;
        let mut form = String::new();
        let mut add = |name, value: &str| {
            if !form.is_empty() {
                form.push('&');
            }
            parameter(&mut form, name, value);
        };
        add("grant_type", "authorization_code");
        add("code", redirected.code.expose_secret());
        add("redirect_uri", &flow.redirect_uri);
        add("code_verifier", flow.verifier.expose_secret());
        let authorization = match client_secret {
            Some(secret) if !metadata.secret_in_form => Some(basic(client_id, secret)),
            Some(secret) => {
                add("client_id", client_id);
                add("client_secret", secret.expose_secret());
                None
            }
            None => {
                add("client_id", client_id);
                None
            }
        };
        let place = &metadata.token_endpoint;
        let (status, body) = exchange::post(&self.upstream, place, authorization, form).await?;
        if status.is_success() {
            let missing = |_| OidcError::InvalidToken("it is missing in the provider's response");
            return serde_json::from_slice(&body).map_err(missing);
        }
        let words = match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => refusal.error.chars().take(WORDS_CHARS_MAX).collect(),
            Err(_) => format!("status {}", status.as_u16()),
        };
        Err(OidcError::CodeRefused(words))
    }

    async fn metadata(&self, now: Timestamp) -> Result<Metadata, OidcError> {
        let mut kept = self.metadata.lock().await;
        if let Some((at, metadata)) = &*kept
            && at.until(now) < METADATA_AGE_MAX
        {
            return Ok(metadata.clone());
        }
        let metadata = Metadata::fetch(&self.upstream, &self.settings).await?;
        *kept = Some((now, metadata.clone()));
        Ok(metadata)
    }
}

fn parameter(text: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{name}={}", utf8_percent_encode(value, ENCODED));
}

/// Encodes ID and secret as a form before they are joined (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &SecretString) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!(
        "{}:{}",
        utf8_percent_encode(client_id, ENCODED),
        utf8_percent_encode(secret.expose_secret(), ENCODED)
    ));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    Zeroizing::new(format!("Basic {}", encoded.as_str()))
}
