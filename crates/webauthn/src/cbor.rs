//! The CBOR (RFC 8949) of authenticators.

use ciborium::Value;

use crate::error::WebauthnError;

/// How deep values may be nested. Those of authenticators are four deep (CTAP 2.1, section 8).
const DEPTH_MAX: usize = 8;

/// Parses the first value, and returns the bytes after it.
pub(crate) fn first(bytes: &[u8]) -> Result<(Value, &[u8]), WebauthnError> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX);
    let value = value.map_err(|_| WebauthnError::Malformed("it is not valid CBOR"))?;
    Ok((value, rest))
}

/// Parses the only value.
pub(crate) fn only(bytes: &[u8]) -> Result<Value, WebauthnError> {
    match first(bytes)? {
        (value, []) => Ok(value),
        _ => Err(WebauthnError::Malformed("bytes follow the CBOR")),
    }
}

/// The entries of a map in which no key is repeated.
pub(crate) struct Map(Vec<(Value, Value)>);

impl Map {
    pub(crate) fn of(value: Value) -> Result<Self, WebauthnError> {
        let malformed = || WebauthnError::Malformed("it is not a CBOR map with unique keys");
        let entries = value.into_map().map_err(|_| malformed())?;
        let is_repeated = |at: usize| entries[..at].iter().any(|(key, _)| *key == entries[at].0);
        if (0..entries.len()).any(is_repeated) {
            return Err(malformed());
        }
        Ok(Self(entries))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, key: impl Into<Value>) -> Option<&Value> {
        let key = key.into();
        let mut entries = self.0.iter();
        entries.find(|(one, _)| *one == key).map(|(_, value)| value)
    }

    /// Returns an integer.
    pub(crate) fn integer(&self, key: impl Into<Value>) -> Option<i64> {
        i64::try_from(self.get(key)?.as_integer()?).ok()
    }

    /// Returns a byte string.
    pub(crate) fn bytes(&self, key: impl Into<Value>) -> Option<&[u8]> {
        self.get(key)?.as_bytes().map(Vec::as_slice)
    }
}
