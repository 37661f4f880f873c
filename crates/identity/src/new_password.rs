//! The rules for new passwords.

use std::collections::HashSet;
use std::sync::LazyLock;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

/// The fewest characters of a password: the minimum of NIST SP 800-63B-3.
const PASSWORD_CHARS_MIN: usize = 8;

/// The most characters of a password. Four times the 64 that NIST SP 800-63B-3 asks for; a longer text
/// would only cost hashing time.
const PASSWORD_CHARS_MAX: usize = 256;

static COMMON_PASSWORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("common_passwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect()
});

/// A password that meets the rules for new ones. Existing passwords are not checked against them.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

/// Why a password is refused. The message says what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// It is shorter than `PASSWORD_CHARS_MIN` or longer than `PASSWORD_CHARS_MAX`.
    #[error("must be {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters long")]
    Length,
    /// It is one of the most common passwords.
    #[error("must not be a common password")]
    Common,
}

impl NewPassword {
    /// Checks a password against the rules.
    pub fn parse(password: SecretString) -> Result<Self, PasswordRefused> {
        let text = password.expose_secret();
        let chars = text.chars().take(PASSWORD_CHARS_MAX + 1).count();
        if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
            return Err(PasswordRefused::Length);
        }
        let lower_case = Zeroizing::new(text.to_lowercase());
        if COMMON_PASSWORDS.contains(lower_case.as_str()) {
            return Err(PasswordRefused::Common);
        }
        Ok(Self(password))
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(password: &str) -> Result<(), PasswordRefused> {
        NewPassword::parse(password.into()).map(|_| ())
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        assert_eq!(parse("7 signs"), Err(PasswordRefused::Length));
        assert_eq!(parse("8 signs!"), Ok(()));
        assert_eq!(parse("ßäöüßäö"), Err(PasswordRefused::Length));
        assert_eq!(parse(&"ß".repeat(256)), Ok(()));
        assert_eq!(parse(&"ß".repeat(257)), Err(PasswordRefused::Length));
        assert_eq!(parse(""), Err(PasswordRefused::Length));
    }

    #[test]
    fn common_passwords_are_refused_in_upper_and_lower_case() {
        for common in [
            "password",
            "PassWord1",
            "12345678",
            "QWERTYUIOP",
            "P@ssw0rd",
        ] {
            assert_eq!(parse(common), Err(PasswordRefused::Common), "{common}");
        }
        assert_eq!(parse("correct horse battery"), Ok(()));
    }

    #[test]
    fn every_listed_password_is_lower_case_and_long_enough_to_matter() {
        assert!(COMMON_PASSWORDS.len() >= 3000);
        for common in COMMON_PASSWORDS.iter() {
            assert_eq!(parse(common), Err(PasswordRefused::Common), "{common}");
        }
    }

    #[test]
    fn debug_does_not_show_it() {
        let password = NewPassword::parse("a secret of mine".into()).unwrap();
        assert!(!format!("{password:?}").contains("mine"));
    }
}
