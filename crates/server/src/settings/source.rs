//! Source of the settings: the environment, then `.env` in the working directory. The process
//! environment is read and never written.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use super::SettingError;

/// The variables at startup.
#[derive(Default)]
pub(crate) struct Source {
    environment: HashMap<OsString, OsString>,
    file: HashMap<String, String>,
    /// The variables that were asked for, for the test of the example file.
    #[cfg(test)]
    asked: std::cell::RefCell<std::collections::BTreeSet<&'static str>>,
}

impl Source {
    /// Returns the environment of this process and the `.env` file of `directory`, if there is one.
    pub(crate) fn read(directory: &Path) -> Result<Self, SettingError> {
        let file = match std::fs::read_to_string(directory.join(".env")) {
            Ok(text) => parse_file(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HashMap::new(),
            Err(error) => return Err(SettingError::EnvFile(error)),
        };
        Ok(Self {
            environment: std::env::vars_os().collect(),
            file,
            #[cfg(test)]
            asked: std::cell::RefCell::default(),
        })
    }

    /// Returns the value of a variable without surrounding white space; `None` if it is unset or
    /// empty.
    pub(crate) fn get(&self, variable: &'static str) -> Result<Option<&str>, SettingError> {
        Ok(self
            .get_or_empty(variable)?
            .filter(|value| !value.is_empty()))
    }

    /// Returns the same, but distinguishes an empty value from an unset one.
    pub(crate) fn get_or_empty(
        &self,
        variable: &'static str,
    ) -> Result<Option<&str>, SettingError> {
        #[cfg(test)]
        self.asked.borrow_mut().insert(variable);
        let value = match self.environment.get(std::ffi::OsStr::new(variable)) {
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

#[cfg(test)]
impl Source {
    /// Creates variables as if they were in the environment.
    pub(crate) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self {
            environment: pairs
                .iter()
                .map(|(name, value)| (OsString::from(name), OsString::from(value)))
                .collect(),
            ..Self::default()
        }
    }

    /// Returns the variables that were read.
    pub(crate) fn asked(&self) -> std::collections::BTreeSet<&'static str> {
        self.asked.borrow().clone()
    }

    /// Creates the same, with the text of an `.env` file as the second source.
    pub(crate) fn with_file(mut self, text: &str) -> Result<Self, SettingError> {
        self.file = parse_file(text)?;
        Ok(self)
    }
}
