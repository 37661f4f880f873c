//! The keys of a browser's subscription.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The length of an uncompressed point of the curve P-256.
pub(crate) const POINT_BYTES: usize = 65;

/// The length of the secret that sender and browser share (RFC 8291, section 3.2).
const AUTH_BYTES: usize = 16;

/// The first byte of an uncompressed point (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Base64url, in which browsers write without padding and some libraries with it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The keys of a browser's subscription: its public key, and the secret that it shares with the sender.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub(crate) public_key: [u8; POINT_BYTES],
    pub(crate) auth: [u8; AUTH_BYTES],
}

impl std::fmt::Debug for Subscriber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Subscriber")
    }
}

impl Subscriber {
    /// Parses the members `p256dh` and `auth` of a subscription, in base64url. Whether the key is a point of the
    /// curve is checked when a message is encrypted.
    ///
    /// # Errors
    ///
    /// The name of the member that is invalid, and what it should be.
    pub fn parse(p256dh: &str, auth: &str) -> Result<Self, (&'static str, &'static str)> {
        let public_key = LENIENT
            .decode(p256dh)
            .ok()
            .and_then(|bytes| <[u8; POINT_BYTES]>::try_from(bytes).ok())
            .filter(|bytes| bytes[0] == UNCOMPRESSED)
            .ok_or(("p256dh", "must be an uncompressed P-256 key in base64url"))?;
        let auth = LENIENT
            .decode(auth)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(("auth", "must be 16 bytes in base64url"))?;
        Ok(Self { public_key, auth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn keys_are_read_with_and_without_padding() {
        let plain = Subscriber::parse(KEY, AUTH).unwrap();
        let padded = Subscriber::parse(&format!("{KEY}="), &format!("{AUTH}==")).unwrap();
        assert!(plain == padded);
        assert_eq!(format!("{plain:?}"), "Subscriber");
    }

    #[test]
    fn a_wrong_member_is_named() {
        let compressed = format!("A{}", &KEY[1..]);
        for (p256dh, auth, named) in [
            ("", AUTH, "p256dh"),
            ("!", AUTH, "p256dh"),
            (&KEY[..80], AUTH, "p256dh"),
            (compressed.as_str(), AUTH, "p256dh"),
            (KEY, "", "auth"),
            (KEY, &AUTH[..20], "auth"),
        ] {
            let refused = Subscriber::parse(p256dh, auth).unwrap_err();
            assert_eq!(refused.0, named);
        }
    }
}
