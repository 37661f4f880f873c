//! Proofs that a sign-in or an approval uses up, so that they count once.

use crate::id::{PasskeyId, UserId};
use crate::time::Timestamp;

/// Something that is used up in the transaction that it is presented for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The code of this step, and those of all earlier steps.
    TotpStep(UserId, i64),
    /// The recovery code with this SHA-256.
    RecoveryCode(UserId, [u8; 32]),
    /// A signature of this passkey, which has made so many; zero if it does not count them.
    PasskeyUse(PasskeyId, u32),
    /// The state or the challenge with this SHA-256, which expires at that time.
    Challenge([u8; 32], Timestamp),
}
