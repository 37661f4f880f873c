//! What is wrong with a setting, as the one line the operator reads.

/// Why the settings do not allow a start. Its text is one line and never holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingError {
    /// A value that is not what the variable takes.
    #[error("{variable} must be {expected}, not {given:?}")]
    Invalid {
        variable: &'static str,
        expected: String,
        given: String,
    },
    /// The same for a variable whose value is not to be shown.
    #[error("{variable} must be {expected}")]
    InvalidSecret {
        variable: &'static str,
        expected: String,
    },
    /// A value that is not UTF-8.
    #[error("{variable} must be UTF-8 text")]
    NotUnicode { variable: String },
    /// The `.env` file cannot be read.
    #[error("the .env file cannot be read: {0}")]
    EnvFile(std::io::Error),
    /// A line of the `.env` file is no assignment. The line may hold a secret and is not shown.
    #[error("line {line} of the .env file must be NAME=value")]
    EnvFileLine { line: usize },
}

impl SettingError {
    /// A value that may be shown.
    pub(crate) fn invalid(
        variable: &'static str,
        expected: impl Into<String>,
        given: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            variable,
            expected: expected.into(),
            given: given.into(),
        }
    }

    /// A value that may not be shown.
    pub(crate) fn invalid_secret(variable: &'static str, expected: impl Into<String>) -> Self {
        Self::InvalidSecret {
            variable,
            expected: expected.into(),
        }
    }
}
