//! The purpose of a sealed value, which prevents moving the value to another place.

/// The purpose of a sealed value. It is authenticated with the value but not stored in it: opening the
/// value requires the same purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedData {
    encoded: Box<[u8]>,
}

impl AssociatedData {
    /// Encodes a purpose:
    ///
    /// - `workspace_id`: the workspace that owns the value;
    /// - `kind`: the kind of value, such as `credential`, `action_request`, `answer`, `document`;
    /// - `subject`: the object it belongs to, such as the id of a service or an action;
    /// - `version`: its version.
    ///
    /// The encoding is part of the storage format: two 64-bit big-endian integers, with kind and
    /// subject between them, each prefixed with its length as 64 bits. The length prefixes ensure that
    /// different purposes never encode alike.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_the_stored_one() {
        let encoded = hex::encode(AssociatedData::new(7, "credential", "svc_1", 3).as_bytes());
        assert_eq!(
            encoded,
            "0000000000000007\
             000000000000000a63726564656e7469616c\
             00000000000000057376635f31\
             0000000000000003"
        );
    }

    #[test]
    fn text_cannot_move_between_kind_and_subject() {
        assert_ne!(
            AssociatedData::new(1, "ab", "c", 1),
            AssociatedData::new(1, "a", "bc", 1)
        );
        assert_ne!(
            AssociatedData::new(1, "", "a", 1),
            AssociatedData::new(1, "a", "", 1)
        );
    }

    /// Few letters and small numbers, so that equal and nearly equal purposes both come up often.
    fn purpose() -> impl Strategy<Value = (i64, String, String, i64)> {
        (-1..2_i64, "[a\0\u{1}]{0,3}", "[a\0\u{1}]{0,3}", -1..2_i64)
    }

    proptest! {
        #[test]
        fn purposes_encode_alike_only_when_equal(left in purpose(), right in purpose()) {
            let encode = |(workspace_id, kind, subject, version): &(i64, String, String, i64)| {
                AssociatedData::new(*workspace_id, kind, subject, *version)
            };
            prop_assert_eq!(encode(&left) == encode(&right), left == right);
        }
    }
}
