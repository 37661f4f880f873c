//! Approvals that need a passkey: the challenge that it signs, and the assertion that is kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::Fields;
use crate::field::{FieldValue, one_of};
use crate::id::{ActionId, PasskeyId, UserId};
use crate::proof::Proof;
use crate::request::Digest;

/// A proof that a person must present for an approval, in addition to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum StepUp {
    /// A passkey, used for this approval.
    Passkey,
}

impl StepUp {
    /// Returns the word for this in the rows of rules and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        (word == Self::Passkey.as_str()).then_some(Self::Passkey)
    }
}

impl FieldValue for StepUp {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &[Self::Passkey], Self::as_str)
    }
}

/// Returns the digest of what an approval is for. The challenge that a passkey signs begins with it, so the signature
/// is for this request, as it was held, and for this person.
pub fn binding(action: ActionId, revision: i64, digest: Digest, user: UserId) -> Digest {
    Fields::new("gaiterguard.step_up.v1")
        .text(action.to_string().as_str())
        .number(revision)
        .bytes(digest.0.as_slice())
        .number(user.0)
        .finish()
}

/// The use of a passkey for an approval, with everything that it takes to verify it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAssertion {
    /// The passkey. It may have been removed since.
    pub passkey_id: PasskeyId,
    /// The origin of the dashboard, for which the passkey was made.
    pub origin: String,
    /// The public key at that time, a COSE key.
    #[serde(with = "hex")]
    pub public_key: Vec<u8>,
    /// `clientDataJSON`.
    #[serde(with = "hex")]
    pub client_data_json: Vec<u8>,
    /// `authenticatorData`.
    #[serde(with = "hex")]
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    #[serde(with = "hex")]
    pub signature: Vec<u8>,
}

/// A verified assertion that was presented for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The assertion.
    pub assertion: PasskeyAssertion,
    /// The approval that its challenge is for; see [`binding`].
    pub binding: Digest,
    /// The proofs that it uses up.
    pub uses: [Proof; 2],
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_binding_depends_on_everything_that_is_approved() {
        let of = |id, revision, digest, user| {
            let action = ActionId(Uuid::from_u128(id));
            binding(action, revision, Digest([digest; 32]), UserId(user))
        };
        let one = of(1, 1, 1, 1);
        assert_eq!(one, of(1, 1, 1, 1));
        for other in [
            of(2, 1, 1, 1),
            of(1, 2, 1, 1),
            of(1, 1, 2, 1),
            of(1, 1, 1, 2),
        ] {
            assert_ne!(one, other);
        }
    }
}
