//! Sign-ins that have begun at a provider, bound to the browser in which they began.
//!
//! Nothing is stored: the browser keeps a signed token, and everything secret is derived from it with
//! `JWT_SECRET`. A state counts once, because completing a sign-in uses it up.

use std::time::Duration;

use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_oidc::Flow;
use gaiterguard_store::Proof;
use gaiterguard_vault::{NoRandomness, token};
use secrecy::{ExposeSecret as _, SecretString};

/// How long a person may take at the provider: long enough to find a second factor or to reset a password there.
pub const FLOW_LIFETIME: Duration = Duration::from_mins(15);

const PURPOSE: &str = "gaiterguard sign-in 1";
const NONCE_PURPOSE: &str = "gaiterguard sign-in nonce 1";
const VERIFIER_PURPOSE: &str = "gaiterguard sign-in verifier 1";

/// The longest token that is parsed, in bytes. Tokens of this gateway are shorter.
const TOKEN_BYTES_MAX: usize = 256;

/// Begins and resumes sign-ins.
pub(crate) struct Flows {
    secret: SecretString,
}

/// A sign-in, and the token of it that the browser keeps.
pub(crate) struct BegunFlow {
    pub(crate) token: SecretString,
    pub(crate) flow: Flow,
}

impl Flows {
    pub(crate) fn new(jwt_secret: &SecretString) -> Self {
        Self {
            secret: jwt_secret.clone(),
        }
    }

    /// Begins a sign-in, or the linking of a signed-in user.
    pub(crate) fn begin(
        &self,
        linking: Option<UserId>,
        redirect_uri: String,
        now: Timestamp,
    ) -> Result<BegunFlow, NoRandomness> {
        let state = token::generate_hex()?;
        let expires_at = now.after(FLOW_LIFETIME).0;
        let signature = self.signature(linking, state.expose_secret(), expires_at);
        let token = format!(
            "{}.{expires_at}.{}",
            state.expose_secret(),
            hex::encode(signature)
        );
        Ok(BegunFlow {
            token: token.into(),
            flow: self.flow(state, redirect_uri),
        })
    }

    /// Resumes the sign-in with this state, if the browser began it and it has not expired. Returns what it
    /// uses up too.
    pub(crate) fn resume(
        &self,
        kept: &str,
        state: &str,
        linking: Option<UserId>,
        redirect_uri: String,
        now: Timestamp,
    ) -> Option<(Flow, Proof)> {
        if kept.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = kept.split('.');
        let (begun, expires_at, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_at = expires_at.parse().ok()?;
        let expected = self.signature(linking, begun, expires_at);
        let is_signed = token::constant_time_eq(&hex::decode(signature).ok()?, &expected);
        let is_same = token::constant_time_eq(begun.as_bytes(), state.as_bytes());
        if parts.next().is_some() || !is_signed || !is_same || now >= Timestamp(expires_at) {
            return None;
        }
        let proof = Proof::Challenge(token::sha256(state), Timestamp(expires_at));
        Some((self.flow(begun.into(), redirect_uri), proof))
    }

    fn flow(&self, state: SecretString, redirect_uri: String) -> Flow {
        let derived = |purpose| {
            let code = token::keyed_code(&self.secret, purpose, state.expose_secret());
            SecretString::from(hex::encode(code))
        };
        Flow {
            nonce: derived(NONCE_PURPOSE),
            verifier: derived(VERIFIER_PURPOSE),
            redirect_uri,
            state,
        }
    }

    fn signature(&self, linking: Option<UserId>, state: &str, expires_at: i64) -> [u8; 32] {
        let user = linking.map_or_else(String::new, |user| user.to_string());
        token::keyed_code(
            &self.secret,
            PURPOSE,
            &format!("{user}.{state}.{expires_at}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn flows() -> Flows {
        Flows::new(&"0123456789abcdef0123456789abcdef".into())
    }

    fn resumed(kept: &str, state: &str, linking: Option<UserId>, now: Timestamp) -> Option<Flow> {
        let resumed = flows().resume(kept, state, linking, "r".to_owned(), now);
        resumed.map(|(flow, _)| flow)
    }

    #[test]
    fn a_flow_is_resumed_in_its_browser_by_its_user_until_it_expires() {
        for linking in [None, Some(UserId(7))] {
            let begun = flows().begin(linking, "r".to_owned(), NOW).unwrap();
            let (kept, state) = (
                begun.token.expose_secret(),
                begun.flow.state.expose_secret(),
            );
            let end = NOW.after(FLOW_LIFETIME);
            let flow = resumed(kept, state, linking, Timestamp(end.0 - 1)).unwrap();
            assert_eq!(flow.nonce.expose_secret(), begun.flow.nonce.expose_secret());
            assert_eq!(
                flow.verifier.expose_secret(),
                begun.flow.verifier.expose_secret()
            );
            assert!(resumed(kept, state, linking, end).is_none());
            assert!(resumed(kept, state, Some(UserId(8)), NOW).is_none());
            let other = if linking.is_none() {
                Some(UserId(7))
            } else {
                None
            };
            assert!(resumed(kept, state, other, NOW).is_none());
        }
    }

    #[test]
    fn another_browser_or_state_resumes_nothing() {
        let begun = flows().begin(None, "r".to_owned(), NOW).unwrap();
        let other = flows().begin(None, "r".to_owned(), NOW).unwrap();
        let (kept, state) = (
            begun.token.expose_secret(),
            begun.flow.state.expose_secret(),
        );
        assert!(resumed(other.token.expose_secret(), state, None, NOW).is_none());
        let later = kept.replacen(".17", ".27", 1);
        for wrong in [
            "",
            "..",
            "a.b.c",
            &later,
            &format!("{kept}.x"),
            &"x".repeat(1000),
        ] {
            assert!(resumed(wrong, state, None, NOW).is_none(), "{wrong}");
        }
        assert!(resumed(kept, "", None, NOW).is_none());
        assert!(resumed(kept, &state[1..], None, NOW).is_none());
        // Neither the provider nor the browser sees the secret of PKCE.
        let (nonce, verifier) = (&begun.flow.nonce, &begun.flow.verifier);
        assert_ne!(nonce.expose_secret(), verifier.expose_secret());
        assert!(!kept.contains(verifier.expose_secret()));
    }
}
