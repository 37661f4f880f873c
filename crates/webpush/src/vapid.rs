//! The sender's key, and the signature that shows it to a push service (RFC 8292).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use zeroize::Zeroizing;

use crate::WebPushError;

/// The key by which push services recognize the sender. Browsers bind their subscriptions to it.
pub struct VapidKey {
    pair: EcdsaKeyPair,
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VapidKey")
    }
}

impl VapidKey {
    /// Generates a private key, as PKCS #8.
    ///
    /// # Errors
    ///
    /// If the system returns no random bytes.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, WebPushError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|document| Zeroizing::new(document.as_ref().to_vec()))
            .map_err(|_| WebPushError::Library)
    }

    /// Reads a private key that [`Self::generate`] returned.
    ///
    /// # Errors
    ///
    /// If the bytes are damaged.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, WebPushError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes)
            .map(|pair| Self { pair })
            .map_err(|_| WebPushError::SenderKey)
    }

    /// Returns the public key in base64url, as browsers take it for a subscription.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    /// Returns the header `Authorization` for a push service. `audience` is the origin of the service, `expires_at`
    /// the time in seconds since 1970, and `contact` a `mailto:` or `https:` URI of the operator.
    ///
    /// # Errors
    ///
    /// If the library fails.
    pub fn authorization(
        &self,
        audience: &str,
        expires_at: i64,
        contact: Option<&str>,
    ) -> Result<String, WebPushError> {
        let mut claims = json!({ "aud": audience, "exp": expires_at });
        if let Some(contact) = contact {
            claims["sub"] = json!(contact);
        }
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "typ": "JWT", "alg": "ES256" });
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|_| WebPushError::Library)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(format!(
            "vapid t={signed}.{signature}, k={}",
            self.public_key()
        ))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_signature_is_that_of_the_key_that_is_sent_with_it() {
        let key = VapidKey::from_pkcs8(&VapidKey::generate().unwrap()).unwrap();
        let contact = Some("mailto:ops@example.com");
        let header = key.authorization("https://push.example", 1_700_000_000, contact);
        let header = header.unwrap();
        let (token, public) = header
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .unwrap();
        assert_eq!(public, key.public_key());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(public))
            .verify(signed.as_bytes(), &decode(signature))
            .unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let json = |text: &str| serde_json::from_slice::<Value>(&decode(text)).unwrap();
        assert_eq!(json(header), json!({"typ": "JWT", "alg": "ES256"}));
        let expected = json!({
            "aud": "https://push.example", "exp": 1_700_000_000, "sub": "mailto:ops@example.com",
        });
        assert_eq!(json(claims), expected);
        let without = key.authorization("https://push.example", 1, None).unwrap();
        assert!(!without.contains("sub"));
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let mut bytes = VapidKey::generate().unwrap();
        bytes.truncate(40);
        assert_eq!(
            VapidKey::from_pkcs8(&bytes).err(),
            Some(WebPushError::SenderKey)
        );
    }
}
