//! A pending authorization as the bytes that are sealed while the operator is at the provider.

use std::borrow::Cow;

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::pending::PendingAuthorization;
use crate::sealed_form::{GrantForm, UnreadableCredential, sealed_json};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingForm<'a> {
    #[serde(borrow)]
    grant: GrantForm<'a>,
    redirect_uri: String,
    #[serde(borrow)]
    verifier: Cow<'a, str>,
    issuer: Option<String>,
}

impl PendingAuthorization {
    /// Returns the bytes to seal.
    pub fn to_sealed_form(&self) -> Zeroizing<Vec<u8>> {
        sealed_json(&PendingForm {
            grant: GrantForm::of(&self.grant),
            redirect_uri: self.redirect_uri.clone(),
            verifier: self.verifier.expose_secret().into(),
            issuer: self.issuer.clone(),
        })
    }

    /// Reads the bytes that [`Self::to_sealed_form`] returned.
    ///
    /// # Errors
    ///
    /// If they are not such bytes.
    pub fn from_sealed_form(bytes: &[u8]) -> Result<Self, UnreadableCredential> {
        let form: PendingForm<'_> =
            serde_json::from_slice(bytes).map_err(|_| UnreadableCredential)?;
        Ok(Self {
            grant: form.grant.read()?,
            redirect_uri: form.redirect_uri,
            verifier: form.verifier.as_ref().into(),
            issuer: form.issuer,
        })
    }
}
