//! The checks of an ID token (`OpenID` Connect Core 1.0, section 3.1.3.7).

use gaiterguard_domain::time::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

use crate::error::OidcError;

/// The algorithms that are accepted: signatures with a key pair whose public half the provider publishes.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// How far the clocks of the provider and the gateway may differ, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// The longest ID token that is parsed, in bytes. Some contain hundreds of groups.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

const MILLIS_PER_SECOND: i64 = 1000;

/// The values that an ID token must have.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Timestamp,
}

/// Reads the header of a token whose signature is not checked yet.
pub(crate) fn header(token: &str) -> Result<Header, OidcError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(OidcError::InvalidToken("it is too long"));
    }
    let header = decode_header(token);
    let header = header.map_err(|_| OidcError::InvalidToken("its header cannot be read"))?;
    if ALGORITHMS.contains(&header.alg) {
        Ok(header)
    } else {
        Err(OidcError::InvalidToken("its algorithm is not accepted"))
    }
}

/// Verifies a token with the key that its header names. Returns its subject and all of its claims.
pub(crate) fn verify(
    token: &str,
    header: &Header,
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<(String, Value), OidcError> {
    let invalid = OidcError::InvalidToken;
    if let Some(algorithm) = key.common.key_algorithm
        && algorithm.to_string() != format!("{:?}", header.alg)
    {
        return Err(invalid("its algorithm is not that of the key"));
    }
    let unusable = |_| OidcError::InvalidToken("its key cannot be used");
    let key = DecodingKey::from_jwk(key).map_err(unusable)?;
    let mut validation = Validation::new(header.alg);
    // The claims are checked below, against the time that is given.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = decode::<Value>(token, &key, &validation);
    let claims = decoded
        .map_err(|_| invalid("its signature is not valid"))?
        .claims;

    if claims["iss"].as_str() != Some(expected.issuer) {
        return Err(invalid("it is from another issuer"));
    }
    let audiences: Vec<&str> = match &claims["aud"] {
        Value::String(audience) => vec![audience],
        Value::Array(audiences) => audiences.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.contains(&expected.client_id) {
        return Err(invalid("it is for another client"));
    }
    let authorized = claims.get("azp").map(|azp| azp.as_str());
    match authorized {
        Some(azp) if azp != Some(expected.client_id) => {
            return Err(invalid("it was issued to another client"));
        }
        None if audiences.len() > 1 => {
            return Err(invalid("it has several audiences and no azp"));
        }
        _ => {}
    }
    let now = expected.now.0.div_euclid(MILLIS_PER_SECOND);
    let time = |claim: &str| claims[claim].as_f64();
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 are far below 2^52"
    )]
    let (earliest, latest) = (
        (now - CLOCK_SKEW_SECONDS) as f64,
        (now + CLOCK_SKEW_SECONDS) as f64,
    );
    // A comparison with NaN is false, so it is refused.
    if !time("exp").is_some_and(|expiry| expiry > earliest) {
        return Err(invalid("it has expired"));
    }
    if !time("iat").is_some_and(|issued| issued <= latest)
        || claims.get("nbf").is_some() && !time("nbf").is_some_and(|start| start <= latest)
    {
        return Err(invalid("it is not valid yet; compare the clocks"));
    }
    if claims["nonce"].as_str() != Some(expected.nonce) {
        return Err(invalid("it is not for this sign-in"));
    }
    match claims["sub"].as_str() {
        Some(subject) if !subject.is_empty() => Ok((subject.to_owned(), claims)),
        _ => Err(invalid("it names nobody")),
    }
}

#[cfg(test)]
mod tests;
