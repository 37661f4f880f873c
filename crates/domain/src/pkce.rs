//! Proof Key for Code Exchange (RFC 7636), as a client of an authorization server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The only method of [`code_challenge`]. With the other one, `plain`, anyone who reads the address in the browser
/// could redeem the code.
pub const CODE_CHALLENGE_METHOD: &str = "S256";

/// Returns the challenge that proves a verifier (RFC 7636, section 4.2). It is not a secret.
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(code_challenge(verifier), challenge);
    }
}
