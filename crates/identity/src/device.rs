//! Tokens by which a browser proves that someone signed in to an account with it before.
//!
//! They are the device cookies of the OWASP guide "Slow down online guessing attacks with device
//! cookies". A token grants nothing. It gives a browser its own count of wrong passwords, so that
//! others who guess cannot use up the attempts of the account's owner. It is signed with `JWT_SECRET`
//! and names its account only through the signature. So nothing is stored, and a token of another
//! account is treated as missing.

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use gaiterguard_vault::{NoRandomness, token};
use secrecy::{ExposeSecret as _, SecretString};

use crate::account_key::AccountKey;

/// How long a token is valid: long enough for an operator who rarely signs in. Each login renews it.
pub const DEVICE_LIFETIME: Duration = Duration::from_hours(24 * 180);

const PREFIX: &str = "gd_";
const PURPOSE: &str = "gaiterguard device 1";

/// How many hexadecimal digits a device's name has: 128 random bits.
const NAME_DIGITS: usize = 32;

/// The longest token that is parsed, in bytes. Tokens of this gateway are shorter.
const TOKEN_BYTES_MAX: usize = 160;

/// The random name of a device, by which its wrong passwords are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DeviceKey(u128);

#[cfg(test)]
impl DeviceKey {
    pub(crate) fn of(name: u128) -> Self {
        Self(name)
    }
}

/// Issues and checks device tokens.
pub(crate) struct Devices {
    secret: SecretString,
}

impl Devices {
    pub(crate) fn new(jwt_secret: &SecretString) -> Self {
        Self {
            secret: jwt_secret.clone(),
        }
    }

    /// Issues a token for a new device of `account`.
    pub(crate) fn issue(
        &self,
        account: AccountKey,
        now: Timestamp,
    ) -> Result<SecretString, NoRandomness> {
        let random = token::generate_hex()?;
        let name = &random.expose_secret()[..NAME_DIGITS];
        let expires_at = now.after(DEVICE_LIFETIME).0;
        let signature = hex::encode(self.signature(account, name, expires_at));
        Ok(format!("{PREFIX}{name}.{expires_at}.{signature}").into())
    }

    /// Returns the device of a token that was issued for `account` and has not expired.
    pub(crate) fn read(
        &self,
        device_token: &str,
        account: AccountKey,
        now: Timestamp,
    ) -> Option<DeviceKey> {
        if device_token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = device_token.strip_prefix(PREFIX)?.split('.');
        let (name, expires_at, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let signature = hex::decode(signature).ok()?;
        let expires_at = expires_at.parse().ok()?;
        let expected = self.signature(account, name, expires_at);
        let is_signed = parts.next().is_none() && token::constant_time_eq(&signature, &expected);
        (is_signed && now < Timestamp(expires_at))
            .then(|| u128::from_str_radix(name, 16).ok())?
            .map(DeviceKey)
    }

    fn signature(&self, account: AccountKey, name: &str, expires_at: i64) -> [u8; 32] {
        let text = format!("{}.{name}.{expires_at}", account.to_hex());
        token::keyed_code(&self.secret, PURPOSE, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn devices(secret: &str) -> Devices {
        Devices::new(&secret.into())
    }

    #[test]
    fn a_token_names_its_device_only_for_its_account_and_until_it_expires() {
        let ours = devices("0123456789abcdef0123456789abcdef");
        let (ada, bob) = (
            AccountKey::of("ada@example.com"),
            AccountKey::of("bob@example.com"),
        );
        let one = ours.issue(ada, NOW).unwrap();
        let one = one.expose_secret();
        let device = ours.read(one, AccountKey::of(" ADA@example.com"), NOW);
        assert!(device.is_some());
        let other = ours.issue(ada, NOW).unwrap();
        assert!(device != ours.read(other.expose_secret(), ada, NOW));

        assert!(ours.read(one, bob, NOW).is_none());
        let end = NOW.after(DEVICE_LIFETIME);
        assert!(ours.read(one, ada, Timestamp(end.0 - 1)).is_some());
        assert!(ours.read(one, ada, end).is_none());
        let theirs = devices("0123456789abcdef0123456789abcdeg");
        assert!(theirs.read(one, ada, NOW).is_none());
    }

    #[test]
    fn an_invalid_token_names_no_device() {
        let ours = devices("0123456789abcdef0123456789abcdef");
        let ada = AccountKey::of("ada@example.com");
        let token = ours.issue(ada, NOW).unwrap();
        let token = token.expose_secret();
        let longer = format!("{token}.x");
        let later = token.replace(".17", ".27");
        let flipped = token.replace(&token[3..4], if &token[3..4] == "0" { "1" } else { "0" });
        let huge = format!("gd_{}", "0".repeat(10_000));
        for wrong in [
            "",
            "gd_",
            "gd_..",
            "gd_1.2.3",
            &token[3..],
            &token[..token.len() - 2],
            &longer,
            &later,
            &flipped,
            &huge,
        ] {
            assert!(ours.read(wrong, ada, NOW).is_none(), "{wrong}");
        }
    }
}
