//! The use of a credential: section 7.2.

use aws_lc_rs::digest::{SHA256, digest};

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::error::WebauthnError;
use crate::public_key::PublicKey;
use crate::relying_party::RelyingParty;

/// The response of an authenticator that has used a credential.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// `clientDataJSON`.
    pub client_data_json: &'a [u8],
    /// `authenticatorData`.
    pub authenticator_data: &'a [u8],
    /// `signature`.
    pub signature: &'a [u8],
}

/// How many signatures a credential has made; zero if it does not count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignCount(pub u32);

/// Checks the response of an authenticator that has used the credential with this public key (a COSE key).
/// The caller compares the count of signatures with the last one.
///
/// # Errors
///
/// If it was not used for this site and this challenge, after a person was verified.
pub fn verify_assertion(
    site: &RelyingParty,
    challenge: &[u8],
    public_key: &[u8],
    assertion: Assertion<'_>,
) -> Result<SignCount, WebauthnError> {
    let Assertion {
        client_data_json,
        authenticator_data,
        signature,
    } = assertion;
    client_data::check(client_data_json, Ceremony::SignIn, site, challenge)?;
    let data = AuthenticatorData::read(authenticator_data, site)?;
    if data.credential.is_some() {
        return Err(WebauthnError::Malformed("it has a new credential"));
    }
    let client_data_hash = digest(&SHA256, client_data_json);
    let message = [authenticator_data, client_data_hash.as_ref()].concat();
    PublicKey::read(public_key)?.verify(&message, signature)?;
    Ok(SignCount(data.sign_count))
}

#[cfg(test)]
mod tests;
