//! The provider's keys (RFC 7517), kept until a token names another one.

use std::time::Duration;

use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::Upstream;
use http::StatusCode;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::error::OidcError;
use crate::exchange;

/// How long keys are used before they are fetched again, so that one that the provider withdraws stops
/// working.
const KEYS_AGE_MAX: Duration = Duration::from_hours(1);

/// How long after a fetch the keys are not fetched again. Anyone can make a token name an unknown key.
const FETCH_PAUSE: Duration = Duration::from_secs(3);

/// The provider's keys.
#[derive(Default)]
pub(crate) struct Keys(Mutex<Option<Fetched>>);

struct Fetched {
    at: Timestamp,
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Keys {
    /// Returns the key with this ID, or the only one if a token names none. Fetches the keys if they are
    /// old or the key is not among them.
    pub(crate) async fn find(
        &self,
        upstream: &Upstream,
        place: &Target,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Jwk, OidcError> {
        let mut kept = self.0.lock().await;
        if let Some(fetched) = &*kept {
            let age = fetched.at.until(now);
            let found = find(&fetched.keys, id);
            match found {
                Some(key) if age < KEYS_AGE_MAX => return Ok(key),
                None if age < FETCH_PAUSE => return Err(unknown_key()),
                _ => {}
            }
        }
        let keys = fetch(upstream, place).await?;
        let found = find(&keys, id);
        *kept = Some(Fetched { at: now, keys });
        found.ok_or_else(unknown_key)
    }
}

fn unknown_key() -> OidcError {
    OidcError::InvalidToken("it is signed with a key that the provider does not publish")
}

fn find(keys: &[Jwk], id: Option<&str>) -> Option<Jwk> {
    let mut matching = keys
        .iter()
        .filter(|key| id.is_none() || key.common.key_id.as_deref() == id);
    let found = matching.next()?;
    // Without an ID, one of several keys would be a guess.
    matching.next().is_none().then(|| found.clone())
}

async fn fetch(upstream: &Upstream, place: &Target) -> Result<Vec<Jwk>, OidcError> {
    let (status, body) = exchange::get(upstream, place, None).await?;
    if status != StatusCode::OK {
        let reason = format!("status {}", status.as_u16());
        return Err(OidcError::Unusable("keys", reason));
    }
    read(&body)
}

/// Reads a key set. Keys of unknown kinds, and those that do not sign, are skipped.
fn read(body: &[u8]) -> Result<Vec<Jwk>, OidcError> {
    let set: KeySet = serde_json::from_slice(body)
        .map_err(|error| OidcError::Unusable("keys", error.to_string()))?;
    let keys = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let signs = |key: &Jwk| {
        let purpose = key.common.public_key_use.as_ref();
        purpose.is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
            && DecodingKey::from_jwk(key).is_ok()
    };
    Ok(keys.filter(signs).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_do_not_sign_are_skipped() {
        let (n, e) = ("sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri", "AQAB");
        let set = json!({"keys": [
            {"kty": "RSA", "kid": "1", "use": "sig", "n": n, "e": e},
            {"kty": "RSA", "kid": "2", "use": "enc", "n": n, "e": e},
            {"kty": "future", "kid": "3"},
            {"kty": "RSA", "kid": "4", "n": n, "e": e},
        ]});
        let keys = read(set.to_string().as_bytes()).unwrap();
        for (id, is_found) in [("1", true), ("2", false), ("3", false), ("4", true)] {
            assert_eq!(find(&keys, Some(id)).is_some(), is_found, "{id}");
        }
        assert!(find(&keys, None).is_none());
        assert!(find(&keys[..1], None).is_some());
        assert!(read(b"{}").is_err());
    }
}
