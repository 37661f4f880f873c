//! The public id of a master key.

use std::fmt;
use std::str::FromStr;

const ID_BYTES: usize = 16;

/// The public fingerprint of a master key: 128 bits that identify a secret without revealing anything
/// about it. Displayed and parsed as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MasterKeyId([u8; ID_BYTES]);

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key id is 32 lower-case hexadecimal digits")]
pub struct ParseMasterKeyIdError;

impl MasterKeyId {
    pub(crate) const BYTES: usize = ID_BYTES;

    pub(crate) fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKeyId({self})")
    }
}

impl FromStr for MasterKeyId {
    type Err = ParseMasterKeyIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Accept one spelling only, so that the store can compare ids as text.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ParseMasterKeyIdError);
        }
        let mut bytes = [0; ID_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseMasterKeyIdError)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "24e675f73131efe8d20c7fd14777ab71";

    #[test]
    fn it_is_shown_as_it_is_parsed() {
        let id: MasterKeyId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(format!("{id:?}"), format!("MasterKeyId({TEXT})"));
    }

    #[test]
    fn only_one_spelling_is_parsed() {
        for text in [
            "",
            &TEXT[1..],
            &TEXT[2..],
            &format!("{TEXT}00"),
            &format!(" {TEXT}"),
            &TEXT.to_uppercase(),
            &TEXT.replace('f', "F"),
            &TEXT.replace('f', "g"),
        ] {
            assert_eq!(
                text.parse::<MasterKeyId>(),
                Err(ParseMasterKeyIdError),
                "{text}"
            );
        }
    }
}
