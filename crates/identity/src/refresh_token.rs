//! Refresh tokens: `gr_` and 64 lower-case hexadecimal digits, stored as their SHA-256 hash.

use gaiterguard_vault::{NoRandomness, token};
use secrecy::{ExposeSecret as _, SecretString};

const PREFIX: &str = "gr_";
const DIGITS: usize = 64;

/// Generates a token with 256 random bits. Returns it with the hash that is stored.
pub(crate) fn generate() -> Result<(SecretString, [u8; 32]), NoRandomness> {
    let digits = token::generate_hex()?;
    // The exact capacity, because a string that grows leaves a copy of the token behind.
    let mut text = String::with_capacity(PREFIX.len() + DIGITS);
    text.push_str(PREFIX);
    text.push_str(digits.expose_secret());
    let hash = token::sha256(&text);
    Ok((SecretString::from(text), hash))
}

/// Returns the hash that a token is stored as; `None` if the text does not have the form of a token.
pub(crate) fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(PREFIX)?;
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == DIGITS && digits.bytes().all(is_digit)).then(|| token::sha256(text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use gaiterguard_domain::user::SessionClient;

    use super::*;
    use crate::error::SessionError;
    use crate::identity::tests::{ACCESS_EXPIRY, GRACE, Setup};

    #[test]
    fn a_token_is_known_by_its_hash_and_only_in_its_own_form() {
        let (token, hash) = generate().unwrap();
        let text = token.expose_secret();
        assert_eq!(text.len(), 67);
        assert_eq!(fingerprint(text), Some(hash));
        assert_ne!(generate().unwrap().1, hash);
        let digits = text.strip_prefix("gr_").unwrap();
        for other in [
            "",
            "gr_",
            digits,
            &format!("agt_{digits}"),
            &format!("{text}0"),
            &format!("{text} "),
            &text[..66],
            &text.to_uppercase(),
            &format!("gr_{}", "g".repeat(64)),
        ] {
            assert_eq!(fingerprint(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_refresh_token_works_once_and_gives_the_next_pair() {
        let setup = Setup::with_user().await;
        let mut tokens = setup.logged_in().await;
        let caller = setup.caller(&tokens).await.unwrap();
        for _ in 0..3 {
            setup.clock.advance(ACCESS_EXPIRY);
            assert_eq!(setup.caller(&tokens).await, None, "it has expired");
            let next = setup.refresh(&tokens).await.unwrap();
            assert_eq!(setup.caller(&next).await, Some(caller));
            tokens = next;
        }
    }

    #[tokio::test]
    async fn a_refresh_token_that_is_used_again_ends_its_whole_family_and_no_other() {
        let setup = Setup::with_user().await;
        let first = setup.logged_in().await;
        let other = setup.logged_in().await;
        let second = setup.refresh(&first).await.unwrap();
        let third = setup.refresh(&second).await.unwrap();
        assert!(setup.caller(&third).await.is_some());

        setup.clock.advance(GRACE + Duration::from_millis(1));
        assert!(setup.refresh(&first).await.is_none());
        for tokens in [&first, &second, &third] {
            assert_eq!(setup.caller(tokens).await, None);
            assert!(setup.refresh(tokens).await.is_none());
        }
        assert!(setup.caller(&other).await.is_some());
        assert!(setup.refresh(&other).await.is_some());
    }

    #[tokio::test]
    async fn of_many_concurrent_refreshes_with_one_token_sixteen_remain_valid() {
        let setup = Setup::with_user().await;
        let tokens = setup.logged_in().await;
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let identity = Arc::clone(&setup.identity);
                let token = tokens.refresh_token.clone();
                tokio::spawn(
                    async move { identity.refresh(&token, &SessionClient::default()).await },
                )
            })
            .collect();
        let mut rotated = Vec::new();
        for task in tasks {
            rotated.extend(task.await.unwrap());
        }
        assert_eq!(rotated.len(), 20);
        let mut valid = 0;
        for tokens in &rotated {
            valid += u32::from(setup.refresh(tokens).await.is_some());
        }
        assert_eq!(valid, 16);
        // More than two are used now, so there is no other.
        assert!(setup.refresh(&tokens).await.is_none());
        assert_eq!(setup.caller(&tokens).await, None);
    }

    #[tokio::test]
    async fn a_refresh_whose_response_is_lost_can_be_repeated_for_ten_seconds() {
        let setup = Setup::with_user().await;
        let tokens = setup.logged_in().await;
        for _ in 0..4 {
            setup.refresh(&tokens).await.unwrap();
            setup.clock.advance(GRACE / 4);
        }
        let last = setup.refresh(&tokens).await.unwrap();
        assert!(setup.caller(&last).await.is_some());
        let next = setup.refresh(&last).await.unwrap();
        // The time runs from the first use, not from the latest.
        setup.clock.advance(Duration::from_millis(1));
        assert!(setup.refresh(&tokens).await.is_none());
        assert!(setup.refresh(&next).await.is_none());
    }

    #[tokio::test]
    async fn an_invalid_refresh_token_is_refused_and_ends_nothing() {
        let setup = Setup::with_user().await;
        let tokens = setup.logged_in().await;
        let access = tokens.access_token.expose_secret();
        let unknown = format!("gr_{}", "0".repeat(64));
        for token in ["", "gr_", access, &unknown] {
            let refreshed = setup
                .identity
                .refresh(&token.into(), &SessionClient::default())
                .await;
            assert!(matches!(refreshed, Err(SessionError::NotAuthenticated)));
        }
        let refresh = tokens.refresh_token.expose_secret();
        let authenticated = setup.identity.authenticate(refresh).await;
        assert!(matches!(authenticated, Err(SessionError::NotAuthenticated)));
        assert!(setup.caller(&tokens).await.is_some());
    }
}
