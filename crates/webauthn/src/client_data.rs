//! The browser's description of the page: `CollectedClientData`, section 5.8.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::error::WebauthnError;
use crate::relying_party::RelyingParty;

#[derive(Deserialize)]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

/// The purpose of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Registration,
    SignIn,
}

/// Returns the challenge that a response claims to be for, which is not checked yet.
///
/// # Errors
///
/// If the response cannot be read.
pub fn challenge_of(client_data_json: &[u8]) -> Result<Vec<u8>, WebauthnError> {
    let data = read(client_data_json)?;
    let challenge = URL_SAFE_NO_PAD.decode(data.challenge);
    challenge.map_err(|_| WebauthnError::Malformed("its challenge is not base64url"))
}

/// Checks that a response was made on a page of this site, for this challenge.
pub(crate) fn check(
    client_data_json: &[u8],
    ceremony: Ceremony,
    site: &RelyingParty,
    challenge: &[u8],
) -> Result<(), WebauthnError> {
    let data = read(client_data_json)?;
    let expected = match ceremony {
        Ceremony::Registration => "webauthn.create",
        Ceremony::SignIn => "webauthn.get",
    };
    if data.r#type != expected {
        return Err(WebauthnError::OtherPurpose);
    }
    if data.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err(WebauthnError::OtherChallenge);
    }
    if data.origin != site.origin || data.cross_origin || data.top_origin.is_some() {
        return Err(WebauthnError::OtherSite);
    }
    Ok(())
}

fn read(client_data_json: &[u8]) -> Result<ClientData, WebauthnError> {
    serde_json::from_slice(client_data_json)
        .map_err(|_| WebauthnError::Malformed("its client data is not the JSON of a browser"))
}
