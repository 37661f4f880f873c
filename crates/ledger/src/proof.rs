//! Uses up proofs of a person, in the transaction that they are presented for.

use gaiterguard_database::connection::execute;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::proof::Proof;
use gaiterguard_domain::time::Timestamp;

use crate::writer::transaction::Transaction;

/// Uses up a proof. Returns false if it has become invalid; then nothing may be committed.
pub async fn spend(tx: &mut Transaction, proof: &Proof, at: Timestamp) -> Result<bool, StoreError> {
    let spent = match proof {
        Proof::TotpStep(user, step) => execute!(
            tx,
            "UPDATE totp SET last_step = $2
             WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL",
            user.0,
            *step,
        ),
        Proof::RecoveryCode(user, hash) => execute!(
            tx,
            "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2",
            user.0,
            hash.to_vec(),
        ),
        // A copied passkey has a count that does not grow.
        Proof::PasskeyUse(passkey, count) => execute!(
            tx,
            "UPDATE passkeys SET sign_count = $2, last_used_at = $3
             WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))",
            passkey.0,
            i64::from(*count),
            at.0,
        ),
        Proof::Challenge(digest, expires_at) => {
            execute!(
                tx,
                "DELETE FROM spent_challenges WHERE expires_at <= $1",
                at.0,
            );
            execute!(
                tx,
                "INSERT INTO spent_challenges (digest, expires_at) VALUES ($1, $2)
                 ON CONFLICT (digest) DO NOTHING",
                digest.to_vec(),
                expires_at.0,
            )
        }
    };
    Ok(spent > 0)
}
