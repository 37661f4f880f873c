//! The code that proves that the creator of the first account can read the gateway's log.
//!
//! It is derived from `JWT_SECRET`, so that all replicas and restarts agree on it and nothing is
//! stored. It works only until there is an account.

use std::fmt;

use gaiterguard_vault::token;
use secrecy::{ExposeSecret as _, SecretString};

/// Crockford's Base32: no letter looks like a digit or like another letter.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters the code has, without its hyphens. Sixty bits cannot be guessed over the network,
/// so wrong codes from others never have to lock out the right one.
const CODE_CHARS: usize = 12;

const GROUP_CHARS: usize = 4;

/// The longest input that is compared, in bytes. A code has 14 characters, more with spaces.
const TYPED_BYTES_MAX: usize = 64;

const PURPOSE: &str = "gaiterguard set-up code 1";

/// A setup code. [`Debug`](fmt::Debug) does not show it; [`SetupCode::reveal`] does.
pub struct SetupCode(SecretString);

impl SetupCode {
    /// Derives the code of every gateway with this `JWT_SECRET`.
    pub(crate) fn derive(jwt_secret: &SecretString) -> Self {
        let bits = token::keyed_code(jwt_secret, PURPOSE, "");
        let code: String = bits
            .iter()
            .take(CODE_CHARS)
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect();
        Self(code.into())
    }

    /// Returns the code as it is printed: `XXXX-XXXX-XXXX`.
    pub fn reveal(&self) -> String {
        let code = self.0.expose_secret();
        let groups: Vec<_> = (0..CODE_CHARS)
            .step_by(GROUP_CHARS)
            .map(|start| &code[start..start + GROUP_CHARS])
            .collect();
        groups.join("-")
    }

    /// Returns whether a human typed this code: in upper or lower case, with or without hyphens and
    /// spaces, and with the letters that Crockford's Base32 reads as digits. Takes the same time for
    /// every code of the right length.
    pub(crate) fn is(&self, typed: &SecretString) -> bool {
        let typed = typed.expose_secret();
        if typed.len() > TYPED_BYTES_MAX {
            return false;
        }
        let code: String = typed
            .chars()
            .filter(|character| !matches!(character, '-' | ' '))
            .map(|character| match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        token::constant_time_eq(code.as_bytes(), self.0.expose_secret().as_bytes())
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SetupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(secret: &str) -> SetupCode {
        SetupCode::derive(&secret.into())
    }

    #[test]
    fn replicas_with_one_secret_have_one_code_and_others_another() {
        let one = code("0123456789abcdef0123456789abcdef").reveal();
        assert_eq!(one, code("0123456789abcdef0123456789abcdef").reveal());
        assert_ne!(one, code("0123456789abcdef0123456789abcdeg").reveal());
        assert_eq!(one.len(), 14);
        assert!(one.split('-').all(|group| group.len() == 4));
    }

    #[test]
    fn a_code_is_recognized_however_a_human_spells_it_and_nothing_else_is() {
        let code = SetupCode("01AB23CD45EF".into());
        for typed in [
            "01AB-23CD-45EF",
            "01ab23cd45ef",
            " oiab 23cd-45EF ",
            "oLab-23cd-45ef",
        ] {
            assert!(code.is(&typed.into()), "{typed}");
        }
        let long = "01AB23CD45EF".to_owned() + &" ".repeat(TYPED_BYTES_MAX);
        for typed in [
            "",
            "-",
            "01AB-23CD-45E",
            "01AB-23CD-45EG",
            "01AB-23CD-45EFF",
            &long,
        ] {
            assert!(!code.is(&typed.into()), "{typed}");
        }
        assert!(!format!("{code:?}").contains("01AB"));
    }
}
