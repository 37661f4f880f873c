//! Access tokens: JSON Web Tokens, signed with HMAC-SHA256, that name a session.
//!
//! Reading a token here needs no database. Whether its session is still active is checked by
//! [`Identity::authenticate`](crate::Identity::authenticate).

use std::time::Duration;

use gaiterguard_domain::id::{SessionId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Membership;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "gaiterguard";

/// The longest token that is parsed, in bytes. Tokens of this gateway are about 300 bytes long.
const TOKEN_BYTES_MAX: usize = 1024;

const MILLIS_PER_SECOND: i64 = 1000;

/// A human who has presented an access token of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The workspace that the session acts in.
    pub workspace: WorkspaceId,
}

/// A caller whose session is active, and what the caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The caller.
    pub caller: Caller,
    /// The user's membership of the workspace.
    pub membership: Membership,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("an access token could not be signed: {0}")]
pub struct NotSigned(jsonwebtoken::errors::Error);

/// The token is not an access token of this gateway, or has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenRefused;

/// Issues and verifies access tokens.
pub(crate) struct AccessTokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    lifetime: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    sid: SessionId,
    wid: WorkspaceId,
    iat: i64,
    /// Never written by this gateway. A token with a time in the future is not valid yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
}

impl AccessTokens {
    pub(crate) fn new(secret: &SecretString, lifetime: Duration) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // The library would ask the system for the time; `read` compares with the time that it is given.
        validation.validate_exp = false;
        validation.leeway = 0;
        Self {
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            validation,
            lifetime,
        }
    }

    /// Issues a token for `caller` that is valid from `now` for the lifetime of access tokens.
    pub(crate) fn issue(&self, caller: Caller, now: Timestamp) -> Result<SecretString, NotSigned> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: caller.user.to_string(),
            sid: caller.session,
            wid: caller.workspace,
            iat: now.0.div_euclid(MILLIS_PER_SECOND),
            nbf: None,
            exp: now.after(self.lifetime).0.div_euclid(MILLIS_PER_SECOND),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map(SecretString::from)
            .map_err(NotSigned)
    }

    /// Returns the caller that a token names.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Caller, TokenRefused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenRefused);
        }
        let claims = decode::<Claims>(token, &self.verifying, &self.validation)
            .map_err(|_| TokenRefused)?
            .claims;
        let expires_at = claims.exp.checked_mul(MILLIS_PER_SECOND);
        if expires_at.is_none_or(|expires_at| expires_at <= now.0) {
            return Err(TokenRefused);
        }
        let is_early = |seconds: i64| {
            seconds
                .checked_mul(MILLIS_PER_SECOND)
                .is_none_or(|not_before| not_before > now.0)
        };
        if claims.nbf.is_some_and(is_early) {
            return Err(TokenRefused);
        }
        Ok(Caller {
            user: UserId(claims.sub.parse().map_err(|_| TokenRefused)?),
            session: claims.sid,
            workspace: claims.wid,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: Timestamp = Timestamp(1_700_000_000_250);
    const CALLER: Caller = Caller {
        user: UserId(7),
        session: SessionId(8),
        workspace: WorkspaceId(9),
    };

    fn tokens() -> AccessTokens {
        AccessTokens::new(&SECRET.into(), Duration::from_mins(15))
    }

    fn claims() -> Value {
        json!({
            "iss": "gaiterguard", "sub": "7", "sid": 8, "wid": 9,
            "iat": 1_700_000_000, "exp": 1_700_000_900,
        })
    }

    fn signed(header: &Header, claims: &Value, secret: &str) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    fn hs256(claims: &Value) -> String {
        signed(&Header::new(Algorithm::HS256), claims, SECRET)
    }

    #[test]
    fn a_token_names_its_caller_until_its_last_millisecond() {
        let tokens = tokens();
        let token = tokens.issue(CALLER, NOW).unwrap();
        let token = token.expose_secret();
        assert!(token.len() < TOKEN_BYTES_MAX);
        assert_eq!(tokens.read(token, NOW), Ok(CALLER));
        let end = Timestamp(1_700_000_900_000);
        assert_eq!(tokens.read(token, Timestamp(end.0 - 1)), Ok(CALLER));
        assert_eq!(tokens.read(token, end), Err(TokenRefused));
        assert_eq!(tokens.read(&hs256(&claims()), NOW), Ok(CALLER));
    }

    #[test]
    fn a_token_that_is_not_valid_yet_is_refused() {
        let tokens = tokens();
        for (not_before, outcome) in [
            (1_700_000_000, Ok(CALLER)),
            (1_700_000_001, Err(TokenRefused)),
            (i64::MAX, Err(TokenRefused)),
        ] {
            let mut claims = claims();
            claims["nbf"] = json!(not_before);
            assert_eq!(tokens.read(&hs256(&claims), NOW), outcome, "{not_before}");
        }
    }

    #[test]
    fn a_token_of_another_key_algorithm_or_issuer_is_refused() {
        let tokens = tokens();
        let other_key = signed(
            &Header::new(Algorithm::HS256),
            &claims(),
            "another secret of 32 characters.",
        );
        let mut other_issuer = claims();
        other_issuer["iss"] = json!("somebody");
        let mut two_issuers = claims();
        two_issuers["iss"] = json!(["gaiterguard", "somebody"]);
        for refused in [
            other_key,
            hs256(&other_issuer),
            hs256(&two_issuers),
            signed(&Header::new(Algorithm::HS384), &claims(), SECRET),
            signed(&Header::new(Algorithm::HS512), &claims(), SECRET),
        ] {
            assert_eq!(tokens.read(&refused, NOW), Err(TokenRefused), "{refused}");
        }
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let tokens = tokens();
        let token = hs256(&claims());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let payload = BASE64.encode(claims().to_string());
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let header = BASE64.encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
            for forged in [
                format!("{header}.{payload}."),
                format!("{header}.{payload}"),
                format!("{header}.{payload}.{signature}"),
            ] {
                assert_eq!(tokens.read(&forged, NOW), Err(TokenRefused), "{forged}");
            }
        }
        for forged in ["", ".", "..", message, &format!("{message}.")] {
            assert_eq!(tokens.read(forged, NOW), Err(TokenRefused), "{forged}");
        }
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_refused() {
        let tokens = tokens();
        let token = hs256(&claims());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.read(&changed, NOW), Err(TokenRefused), "{changed}");
        }
    }

    #[test]
    fn a_token_that_lacks_a_claim_or_twists_one_is_refused() {
        let tokens = tokens();
        for claim in ["iss", "sub", "sid", "wid", "iat", "exp"] {
            for twisted in [None, Some(Value::Null), Some(json!({})), Some(json!("x"))] {
                let mut changed = claims();
                let fields = changed.as_object_mut().unwrap();
                match twisted {
                    None => drop(fields.remove(claim)),
                    Some(value) => drop(fields.insert(claim.to_owned(), value)),
                }
                let token = hs256(&changed);
                assert_eq!(tokens.read(&token, NOW), Err(TokenRefused), "{changed}");
            }
        }
        for exp in [json!(i64::MAX), json!(-1), json!(1.5e300), json!(u64::MAX)] {
            let mut changed = claims();
            changed["exp"] = exp;
            let token = hs256(&changed);
            assert_eq!(tokens.read(&token, NOW), Err(TokenRefused), "{changed}");
        }
        let long = hs256(&json!({ "pad": "x".repeat(TOKEN_BYTES_MAX) }));
        assert_eq!(tokens.read(&long, NOW), Err(TokenRefused));
    }
}
