//! The challenges of passkeys, and the site that they are for.
//!
//! A challenge is signed with `JWT_SECRET` and not stored. It counts once, because a sign-in uses it up.

use std::time::Duration;

use gaiterguard_domain::id::UserId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::Proof;
use gaiterguard_vault::{NoRandomness, token};
use gaiterguard_webauthn::RelyingParty;
use secrecy::{ExposeSecret as _, SecretString};

/// How long a person may take to use a passkey: the timeout that section 15.1 of the specification of passkeys
/// recommends for a verified user.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

/// Separates the signature of a challenge from the signatures of other tokens, which the same key makes.
const PURPOSE: &str = "gaiterguard passkey 1";

/// How many bytes a challenge has of each: random bits, the time when it expires, and a signature.
const RANDOM_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 16;
const CHALLENGE_BYTES: usize = RANDOM_BYTES + EXPIRY_BYTES + SIGNATURE_BYTES;

/// How many bytes the digest has that the challenge of an approval begins with.
const BINDING_BYTES: usize = 32;

/// The site of this gateway's passkeys, and their challenges.
pub(crate) struct Challenges {
    secret: SecretString,
    pub(crate) site: Option<RelyingParty>,
}

impl Challenges {
    pub(crate) fn new(jwt_secret: &SecretString, public_url: &str) -> Self {
        Self {
            secret: jwt_secret.clone(),
            site: RelyingParty::of(public_url),
        }
    }

    /// Issues a challenge for registering a passkey of a user, or for signing in.
    pub(crate) fn issue(
        &self,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<u8>, NoRandomness> {
        let random = token::generate_hex()?;
        let random = hex::decode(random.expose_secret()).unwrap_or_default();
        let expires_at = now.after(CHALLENGE_LIFETIME).0.to_be_bytes();
        let mut challenge = [&random[..RANDOM_BYTES], &expires_at].concat();
        challenge.extend(self.signature(user, &challenge));
        Ok(challenge)
    }

    /// Issues a challenge for an approval: the digest of what is approved, then a challenge for the user that is signed
    /// together with it.
    pub(crate) fn issue_for(
        &self,
        binding: &Digest,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<u8>, NoRandomness> {
        let random = token::generate_hex()?;
        let random = hex::decode(random.expose_secret()).unwrap_or_default();
        let expires_at = now.after(CHALLENGE_LIFETIME).0.to_be_bytes();
        let mut challenge = [&binding.0[..], &random[..RANDOM_BYTES], &expires_at].concat();
        challenge.extend(self.signature(Some(user), &challenge));
        Ok(challenge)
    }

    /// Returns what the challenge of an approval is for, and what it uses up, if it was issued for this user and has
    /// not expired.
    pub(crate) fn accept_for(
        &self,
        challenge: &[u8],
        user: UserId,
        now: Timestamp,
    ) -> Option<(Digest, Proof)> {
        let binding = Digest(challenge.get(..BINDING_BYTES)?.try_into().ok()?);
        let proof = self.accept_signed(challenge, BINDING_BYTES, Some(user), now)?;
        Some((binding, proof))
    }

    /// Returns what a challenge uses up, if it was issued for this and has not expired.
    pub(crate) fn accept(
        &self,
        challenge: &[u8],
        user: Option<UserId>,
        now: Timestamp,
    ) -> Option<Proof> {
        self.accept_signed(challenge, 0, user, now)
    }

    /// Checks a challenge that begins with so many bytes of a binding.
    fn accept_signed(
        &self,
        challenge: &[u8],
        binding_bytes: usize,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Option<Proof> {
        if challenge.len() != binding_bytes + CHALLENGE_BYTES {
            return None;
        }
        let (signed, signature) = challenge.split_at(challenge.len() - SIGNATURE_BYTES);
        let expires_at = signed[signed.len() - EXPIRY_BYTES..].try_into().ok()?;
        let expires_at = Timestamp(i64::from_be_bytes(expires_at));
        let is_ours = token::constant_time_eq(signature, &self.signature(user, signed));
        (is_ours && now < expires_at)
            .then(|| Proof::Challenge(token::sha256(&hex::encode(challenge)), expires_at))
    }

    fn signature(&self, user: Option<UserId>, signed: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let user = user.map_or_else(String::new, |user| user.to_string());
        let text = format!("{user}.{}", hex::encode(signed));
        let code = token::keyed_code(&self.secret, PURPOSE, &text);
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(&code[..SIGNATURE_BYTES]);
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn challenges() -> Challenges {
        let secret = "0123456789abcdef0123456789abcdef".into();
        Challenges::new(&secret, "https://gate.example")
    }

    #[test]
    fn a_challenge_counts_for_its_purpose_until_it_expires() {
        let end = NOW.after(CHALLENGE_LIFETIME);
        for user in [None, Some(UserId(7))] {
            let challenge = challenges().issue(user, NOW).unwrap();
            assert_eq!(challenge.len(), CHALLENGE_BYTES);
            assert_ne!(challenge, challenges().issue(user, NOW).unwrap());
            let accepted = challenges().accept(&challenge, user, Timestamp(end.0 - 1));
            assert!(matches!(accepted, Some(Proof::Challenge(_, at)) if at == end));
            assert_eq!(challenges().accept(&challenge, user, end), None);
            for other in [None, Some(UserId(7)), Some(UserId(8))] {
                let accepted = challenges().accept(&challenge, other, NOW);
                assert_eq!(accepted.is_some(), other == user, "{other:?}");
            }
        }
    }

    #[test]
    fn the_challenge_of_an_approval_counts_for_what_it_begins_with() {
        let binding = Digest([3; 32]);
        let challenge = challenges().issue_for(&binding, UserId(7), NOW).unwrap();
        assert!(challenge.starts_with(&binding.0));
        let accepted = challenges().accept_for(&challenge, UserId(7), NOW).unwrap();
        assert_eq!(accepted.0, binding);
        assert_eq!(challenges().accept_for(&challenge, UserId(8), NOW), None);
        let end = NOW.after(CHALLENGE_LIFETIME);
        assert_eq!(challenges().accept_for(&challenge, UserId(7), end), None);
        for at in 0..challenge.len() {
            let mut changed = challenge.clone();
            changed[at] ^= 1;
            assert_eq!(
                challenges().accept_for(&changed, UserId(7), NOW),
                None,
                "{at}"
            );
        }
        // Neither kind of challenge is accepted for the other.
        assert_eq!(challenges().accept(&challenge, Some(UserId(7)), NOW), None);
        assert_eq!(
            challenges().accept(&challenge[32..], Some(UserId(7)), NOW),
            None
        );
        let plain = challenges().issue(Some(UserId(7)), NOW).unwrap();
        assert_eq!(challenges().accept_for(&plain, UserId(7), NOW), None);
    }

    #[test]
    fn a_challenge_that_was_made_up_or_changed_is_refused() {
        let challenge = challenges().issue(None, NOW).unwrap();
        for at in 0..challenge.len() {
            let mut changed = challenge.clone();
            changed[at] ^= 1;
            assert_eq!(challenges().accept(&changed, None, NOW), None, "{at}");
        }
        for made_up in [&[][..], &challenge[1..], &[0; CHALLENGE_BYTES], &[0; 1000]] {
            assert_eq!(challenges().accept(made_up, None, NOW), None);
        }
    }
}
