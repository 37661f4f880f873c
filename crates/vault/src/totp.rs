//! Time-based one-time passwords (RFC 6238) with the parameters that every authenticator app supports:
//! HMAC-SHA-1, six digits, and steps of 30 seconds.

use std::fmt;

use aws_lc_rs::hmac;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::random::{self, NoRandomness};
use crate::token::constant_time_eq;

/// How many bytes a secret has: the length that RFC 4226, section 4, recommends.
const SECRET_BYTES: usize = 20;

/// The step and the number of digits that every authenticator app supports. They are the defaults of the key URI
/// format.
const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;

/// How many steps the clock of a device may be ahead or behind, as RFC 6238, section 5.2, recommends.
const STEPS_OFF_MAX: i64 = 1;

/// The alphabet of Base32 (RFC 4648, section 6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_BITS: usize = 5;

/// The secret that an authenticator app and the gateway share.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// Generates a secret.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] if the operating system returns no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Returns the secret that [`Self::as_bytes`] returned; `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Returns the bytes to seal.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Returns the secret in Base32, as authenticator apps take it.
    pub fn to_base32(&self) -> SecretString {
        base32(self.0.as_slice()).into()
    }

    /// Returns the step whose code this is: the present one or a neighbor, and later than `last_step`, so
    /// that a code works once. `None` for any other text. `now` is in seconds since 1970.
    pub fn step_of(&self, code: &str, now: i64, last_step: i64) -> Option<i64> {
        let present = now.div_euclid(STEP_SECONDS);
        let steps = present - STEPS_OFF_MAX..=present + STEPS_OFF_MAX;
        // All steps are compared, so that the time does not reveal which one matched.
        let matching = steps.filter(|step| {
            constant_time_eq(code.as_bytes(), self.code_at(*step).as_bytes()) && *step > last_step
        });
        matching.max()
    }

    fn code_at(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.0.as_slice());
        let code = hmac::sign(&key, &step.to_be_bytes());
        // The truncation of RFC 4226, section 5.3.
        let code = code.as_ref();
        let offset = usize::from(code[code.len() - 1] & 0x0f);
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&code[offset..offset + 4]);
        let number = (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 10_u32.pow(6);
        format!("{number:0DIGITS$}")
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(<sealed>)")
    }
}

/// How many random bytes a recovery code has. Eighty bits cannot be guessed over the network, nor from a
/// fast hash.
const RECOVERY_CODE_BYTES: usize = 10;

/// How many characters the groups of a recovery code have.
const GROUP_CHARS: usize = 4;

/// Generates a code that replaces a one-time password once: four groups of four characters of lower-case
/// Base32, with hyphens between them.
///
/// # Errors
///
/// [`NoRandomness`] if the operating system returns no random bytes.
pub fn generate_recovery_code() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; RECOVERY_CODE_BYTES]);
    random::fill(bytes.as_mut_slice())?;
    let mut code = Zeroizing::new(String::with_capacity(2 * RECOVERY_CODE_BYTES));
    for (place, character) in base32(bytes.as_slice()).to_lowercase().chars().enumerate() {
        if place > 0 && place % GROUP_CHARS == 0 {
            code.push('-');
        }
        code.push(character);
    }
    Ok(code.as_str().into())
}

/// Encodes bytes whose number of bits is a multiple of five.
fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    (0..bytes.len() * 8)
        .step_by(BASE32_BITS)
        .map(|start| (start..start + BASE32_BITS).fold(0, |value, at| value << 1 | bit(at)))
        .map(|value| char::from(BASE32[value]))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // The last six of the eight digits in appendix B.
        for (now, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().step_of(code, now, i64::MIN), Some(now / 30), "{now}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(
            rfc().to_base32().expose_secret(),
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
    }

    #[test]
    fn a_code_is_valid_one_step_early_or_late_and_works_once() {
        let step = 59 / 30;
        for now in [0, 29, 30, 59, 60, 89] {
            assert_eq!(rfc().step_of("287082", now, 0), Some(step), "{now}");
        }
        for now in [-1, 90] {
            assert_eq!(rfc().step_of("287082", now, -9), None, "{now}");
        }
        assert_eq!(rfc().step_of("287082", 59, step), None);
        assert_eq!(rfc().step_of("287082", 59, step - 1), Some(step));
    }

    #[test]
    fn other_text_is_not_a_code() {
        for text in [
            "",
            "28708",
            "2870820",
            "287083",
            " 287082",
            "２８７０８２",
            "-287082",
        ] {
            assert_eq!(rfc().step_of(text, 59, 0), None, "{text}");
        }
    }

    #[test]
    fn secrets_and_recovery_codes_are_random_and_not_shown() {
        let secret = TotpSecret::generate().unwrap();
        assert_ne!(
            secret.as_bytes(),
            TotpSecret::generate().unwrap().as_bytes()
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret(<sealed>)");
        assert!(TotpSecret::from_bytes(b"short").is_none());
        let codes: HashSet<String> = (0..100)
            .map(|_| generate_recovery_code().unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            let groups: Vec<&str> = code.split('-').collect();
            assert!(
                groups.len() == 4 && groups.iter().all(|group| group.len() == 4),
                "{code}"
            );
        }
    }
}
