//! Errors in settings, each as one line for the operator.

/// Reasons why the settings are invalid. The message is one line and never contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// A value that the variable does not accept.
    #[error("{variable} must be {expected}, not {given:?}")]
    Invalid {
        variable: String,
        expected: String,
        given: String,
    },
    /// The same for a variable whose value must not be shown.
    #[error("{variable} must be {expected}")]
    InvalidSecret { variable: String, expected: String },
    /// A value that is not UTF-8.
    #[error("{variable} must be UTF-8 text")]
    NotUnicode { variable: String },
    /// The `.env` file cannot be read.
    #[error("the .env file cannot be read: {0}")]
    EnvFile(std::io::Error),
    /// A line of the `.env` file is not an assignment. The line may contain a secret, so it is not
    /// shown.
    #[error("line {line} of the .env file must be NAME=value")]
    EnvFileLine { line: usize },
}

/// The error of a value parser for a list, which names the entry that is invalid instead of the whole value.
#[derive(Debug, thiserror::Error)]
#[error("{expected}")]
pub struct InvalidEntry {
    expected: &'static str,
    pub(crate) entry: String,
}

impl InvalidEntry {
    /// An entry of a value that must be `expected`.
    pub fn new(expected: &'static str, entry: impl Into<String>) -> Self {
        Self {
            expected,
            entry: entry.into(),
        }
    }
}

impl SettingError {
    /// An invalid value that may be shown.
    pub fn invalid(
        variable: impl Into<String>,
        expected: impl Into<String>,
        given: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            variable: variable.into(),
            expected: expected.into(),
            given: given.into(),
        }
    }

    /// An invalid value that must not be shown.
    pub fn invalid_secret(variable: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::InvalidSecret {
            variable: variable.into(),
            expected: expected.into(),
        }
    }
}
