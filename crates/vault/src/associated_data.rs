//! What a sealed value is for, so that it cannot be moved to where it does not belong.

/// The purpose that a value is sealed for. It is authenticated with the value and not stored in it:
/// whoever opens the value has to name the same purpose again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedData {
    encoded: Box<[u8]>,
}

impl AssociatedData {
    /// Names a purpose:
    ///
    /// - `workspace_id`: whose it is;
    /// - `kind`: what it is, such as `credential`, `action_request`, `answer`, `document`;
    /// - `subject`: what it belongs to, such as the id of a service or an action;
    /// - `version`: which version of it.
    ///
    /// The encoding is part of the storage format: two 64-bit integers, big-endian, with kind and
    /// subject between them, each after its length in 64 bits. Lengths stand first so that no two
    /// purposes encode alike.
    pub fn new(workspace_id: i64, kind: &str, subject: &str, version: i64) -> Self {
        let mut encoded = Vec::with_capacity(4 * size_of::<u64>() + kind.len() + subject.len());
        encoded.extend_from_slice(&workspace_id.to_be_bytes());
        for text in [kind, subject] {
            encoded.extend_from_slice(&(text.len() as u64).to_be_bytes());
            encoded.extend_from_slice(text.as_bytes());
        }
        encoded.extend_from_slice(&version.to_be_bytes());
        Self {
            encoded: encoded.into_boxed_slice(),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }
}
