//! Source of the variables: the environment, then `.env` in the working directory. The process
//! environment is read and never written.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::SettingError;

/// The variables at startup.
#[derive(Default)]
pub struct Source {
    environment: HashMap<OsString, OsString>,
    file: HashMap<String, String>,
}

impl Source {
    /// Returns the environment of this process and the `.env` file of `directory`, if there is one.
    pub fn read(directory: &Path) -> Result<Self, SettingError> {
        let environment = Self::from_pairs(std::env::vars_os());
        match std::fs::read_to_string(directory.join(".env")) {
            Ok(text) => environment.with_file(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(environment),
            Err(error) => Err(SettingError::EnvFile(error)),
        }
    }

    /// Returns an environment of these variables.
    pub fn from_pairs<T: Into<OsString>>(variables: impl IntoIterator<Item = (T, T)>) -> Self {
        Self {
            environment: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            file: HashMap::new(),
        }
    }

    /// Adds the text of an `.env` file, which applies to variables that the environment does not
    /// have.
    pub fn with_file(mut self, text: &str) -> Result<Self, SettingError> {
        self.file = parse_file(text)?;
        Ok(self)
    }

    /// Returns the value of a variable without surrounding white space; `None` if it is unset.
    pub(crate) fn get(&self, variable: &str) -> Result<Option<&str>, SettingError> {
        let value = match self.environment.get(OsStr::new(variable)) {
            Some(value) => Some(value.to_str().ok_or_else(|| SettingError::NotUnicode {
                variable: variable.to_owned(),
            })?),
            None => self.file.get(variable).map(String::as_str),
        };
        Ok(value.map(str::trim))
    }
}

fn parse_file(text: &str) -> Result<HashMap<String, String>, SettingError> {
    let mut values = HashMap::new();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = item.map_err(|error| SettingError::EnvFileLine {
            line: line_of(text, &error),
        })?;
        values.insert(name, value);
    }
    Ok(values)
}

/// Returns the line number of `error`, from 1.
fn line_of(text: &str, error: &dotenvy::Error) -> usize {
    let dotenvy::Error::LineParse(bad, _) = error else {
        return 1;
    };
    let bad = bad.lines().next().unwrap_or_default();
    text.lines()
        .position(|line| line.contains(bad))
        .map_or(1, |index| index + 1)
}
