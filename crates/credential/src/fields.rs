//! The fields of a credential as an operator enters them, before they are checked.

use std::borrow::Cow;

use gaiterguard_domain::body::Body;
use gaiterguard_domain::field::FieldValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// The fields of a credential, in the order given. Which of them are valid depends on the
/// service's type.
#[derive(Clone, Debug, Default)]
pub struct CredentialFields(Vec<(String, Entry)>);

/// The value of a field.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Counts as absent.
    Null,
    /// Text, which may be a secret.
    Text(SecretString),
    /// Names with texts.
    Texts(Vec<(String, SecretString)>),
    /// A value of a type that no credential has.
    Invalid,
}

impl CredentialFields {
    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the fields that have a value. A field with fields of its own has the name of each
    /// behind its own: `extra.audience`.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for (name, entry) in &self.0 {
            match entry {
                Entry::Null => {}
                Entry::Texts(texts) => {
                    keys.extend(texts.iter().map(|(inner, _)| format!("{name}.{inner}")));
                }
                Entry::Text(_) | Entry::Invalid => keys.push(name.clone()),
            }
        }
        keys
    }

    /// Returns the names of all fields.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Returns whether the field is present, even as null.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// Returns whether the field has a value.
    pub(crate) fn has_value(&self, name: &str) -> bool {
        !matches!(self.get(name), None | Some(Entry::Null))
    }

    /// Returns the text of a required field.
    pub(crate) fn text(&self, name: &str) -> Result<&str, &'static str> {
        match self.get(name) {
            None | Some(Entry::Null) => Err("is required"),
            Some(Entry::Invalid | Entry::Texts(_)) => Err("must be a string"),
            Some(Entry::Text(text)) => Ok(text.expose_secret()),
        }
    }

    /// Returns the names and texts of an optional field that has fields of its own.
    pub(crate) fn texts(&self, name: &str) -> Result<&[(String, SecretString)], &'static str> {
        match self.get(name) {
            None | Some(Entry::Null) => Ok(&[]),
            Some(Entry::Texts(texts)) => Ok(texts),
            Some(Entry::Invalid | Entry::Text(_)) => Err("must be an object of strings"),
        }
    }

    fn get(&self, name: &str) -> Option<&Entry> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, entry)| entry)
    }
}

impl From<Map<String, Value>> for CredentialFields {
    fn from(members: Map<String, Value>) -> Self {
        let entries = members.into_iter().map(|(name, value)| {
            let entry = match value {
                Value::Null => Entry::Null,
                Value::String(text) => Entry::Text(text.into()),
                Value::Object(members) => texts(members).map_or(Entry::Invalid, Entry::Texts),
                _ => Entry::Invalid,
            };
            (name, entry)
        });
        Self(entries.collect())
    }
}

/// Returns the members of an object if each is text or null, which counts as absent.
fn texts(members: Map<String, Value>) -> Option<Vec<(String, SecretString)>> {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    present
        .map(|(name, value)| match value {
            Value::String(text) => Some((name, SecretString::from(text))),
            _ => None,
        })
        .collect()
}

impl FieldValue for CredentialFields {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        match value {
            Value::Object(members) => Ok(members.into()),
            _ => Err("must be an object".into()),
        }
    }
}

impl Body for CredentialFields {
    fn take(members: &mut Map<String, Value>) -> Self {
        std::mem::take(members).into()
    }
}
