//! The environment that the caller of the command has set.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

/// The variables of this process, which the program would inherit.
#[derive(Debug, Default)]
pub(crate) struct Inherited(HashMap<OsString, OsString>);

impl Inherited {
    /// Returns the environment of this process.
    pub(crate) fn read() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Returns the value of a variable; `None` if it is unset or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// Whether the variable exists, even if it is empty.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(OsStr::new(name))
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Inherited {
    fn from(variables: [(&str, &str); N]) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
