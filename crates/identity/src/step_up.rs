//! Passkeys for approvals: the challenges that they sign, and the checks of what they signed.

use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::step_up::{PasskeyAssertion, Presented, binding};
use gaiterguard_store::{Proof, StoredPasskey};
use gaiterguard_webauthn::{RelyingParty, challenge_of, verify_assertion};

use crate::access_token::Caller;
use crate::error::PasskeyError;
use crate::identity::Identity;
use crate::passkey::PasskeyUse;

impl Identity {
    /// Returns the site of the passkeys, a challenge for the approval of a held request by the caller, and the passkeys
    /// that may sign it. The challenge begins with the digest of what is approved.
    ///
    /// # Errors
    ///
    /// If there are no passkeys here, or the caller has not added one.
    pub async fn approval_challenge(
        &self,
        caller: &Caller,
        action: ActionId,
        revision: i64,
        digest: Digest,
    ) -> Result<(RelyingParty, Vec<u8>, Vec<StoredPasskey>), PasskeyError> {
        // Passkeys approve where people sign in only at the provider, too: the session is from there.
        let site = self.site()?.clone();
        let passkeys = self.store.passkey_list(caller.user).await?;
        if passkeys.is_empty() {
            return Err(PasskeyError::NoneYet);
        }
        let approved = binding(action, revision, digest, caller.user);
        let now = self.clock.now();
        let challenge = self.challenges.issue_for(&approved, caller.user, now)?;
        Ok((site, challenge, passkeys))
    }

    /// Checks the use of a passkey of the caller for an approval. Whether it is for the action that is approved, and
    /// was not used before, is checked by the ledger in the transaction that it counts in.
    ///
    /// # Errors
    ///
    /// If it is not valid, or the passkey is not one of the caller.
    pub async fn approval_passkey(
        &self,
        caller: &Caller,
        presented: PasskeyUse<'_>,
    ) -> Result<Presented, PasskeyError> {
        let site = self.site()?;
        let challenge = challenge_of(presented.assertion.client_data_json)?;
        let now = self.clock.now();
        let accepted = self.challenges.accept_for(&challenge, caller.user, now);
        let (binding, proof) = accepted.ok_or(PasskeyError::Expired)?;
        let found = self
            .store
            .passkey_by_credential(presented.credential_id)
            .await?;
        let passkey = found.filter(|passkey| passkey.user == caller.user);
        let passkey = passkey.ok_or(PasskeyError::Unknown)?;
        let count = verify_assertion(site, &challenge, &passkey.public_key, presented.assertion)?;
        Ok(Presented {
            assertion: PasskeyAssertion {
                passkey_id: passkey.id,
                origin: site.origin.clone(),
                public_key: passkey.public_key,
                client_data_json: presented.assertion.client_data_json.to_vec(),
                authenticator_data: presented.assertion.authenticator_data.to_vec(),
                signature: presented.assertion.signature.to_vec(),
            },
            binding,
            uses: [proof, Proof::PasskeyUse(passkey.id, count.0)],
        })
    }
}
