//! Removing values that must not be shown to a model: agent keys in any spelling, and values that are
//! secrets by their form or by their name.
//!
//! The gateway's own credentials are not in a request that is assessed. The removed values are secrets
//! that an agent wrote into its request. A text may be cut anywhere, so a secret without its end counts
//! as one.

mod named;
mod shape;

use gaiterguard_domain::redact;

pub(crate) use named::conceal_named;

/// Removes agent keys and everything that looks like a secret from `text`.
pub(crate) fn conceal(text: &str) -> String {
    let text = redact::agent_keys(text);
    let text = shape::without_keys(&text);
    let text = shape::without_private_keys(&text);
    let text = named::without_members(&text);
    named::without_parameters(&text)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = String> {
        prop::collection::vec(0_u8..=255, 32)
            .prop_map(|bytes| format!("agt_{}", hex::encode(bytes)))
    }

    proptest! {
        #[test]
        fn an_agent_key_is_not_shown_in_any_spelling(
            key in key(),
            before in "[a-z =&\"{:]{0,20}",
            after in "[a-z =&\"}:]{0,20}",
        ) {
            let basic = format!("agent:{key}");
            let digits = &key[4..];
            for spelling in [
                key.clone(),
                utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string(),
                format!("\\u0061gt\\u005f{digits}"),
                STANDARD.encode(&key),
                URL_SAFE_NO_PAD.encode(&key),
                STANDARD.encode(&basic),
            ] {
                let shown = conceal(&format!("{before} {spelling} {after}"));
                prop_assert!(!shown.contains(&spelling), "{shown}");
                prop_assert!(!shown.contains(digits), "{shown}");
            }
        }

        #[test]
        fn plain_words_are_kept(text in "[a-z ,.]{0,80}") {
            prop_assert_eq!(conceal(&text), text);
        }
    }

    #[test]
    fn secrets_are_recognized_by_their_form() {
        for secret in [
            "sk_live_51MtJUT2eZvKYlo2Cabcdef",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE1",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ] {
            let shown = conceal(&format!("{{\"note\": \"use {secret} please\"}}"));
            assert_eq!(shown, "{\"note\": \"use ••• please\"}");
        }
        let shown = conceal("GET /?q=x%20ghp_16C7e42F292c6912E7710c838347Ae178B4a&n=1");
        assert_eq!(shown, "GET /?q=x%•••&n=1");
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
        assert_eq!(conceal(pem), "•••-----END PRIVATE KEY-----");
    }

    #[test]
    fn a_private_key_is_not_shown_without_its_end() {
        for (text, shown) in [
            ("key: -----BEGIN PRIVATE KEY-----\nMIIE", "key: •••"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRI",
                "•••",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END CERTIFICATE-----\nMIIF",
                "•••",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMIIC\n-----BEGIN EC PRIVATE KEY-----\nMIIE",
                "-----BEGIN CERTIFICATE-----\nMIIC\n•••",
            ),
        ] {
            assert_eq!(conceal(text), shown);
        }
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIC";
        assert_eq!(conceal(certificate), certificate);
    }

    #[test]
    fn a_secret_is_not_shown_where_the_text_is_cut() {
        for (text, shown) in [
            (r#"{"password":"hunt"#, r#"{"password":"•••"#),
            (r#"{"password":"hunt\"#, r#"{"password":"•••"#),
            ("to=ana&token=ab", "to=ana&token=•••"),
        ] {
            assert_eq!(conceal(text), shown);
        }
    }

    #[test]
    fn secrets_are_recognized_by_their_name() {
        for (text, shown) in [
            (
                r#"{"user":"ana","password" : "hunter2","n":1}"#,
                r#"{"user":"ana","password" : "•••","n":1}"#,
            ),
            (r#"{"client_secret":"a\"b"}"#, r#"{"client_secret":"•••"}"#),
            (
                "grant=x&client_secret=abc&to=ana",
                "grant=x&client_secret=•••&to=ana",
            ),
            (
                "GET https://a.example/?api_key=abc HTTP",
                "GET https://a.example/?api_key=••• HTTP",
            ),
            (
                r#"{"url":"https://a.example/?n=1","to":"https://b.example/?api_key=abc"}"#,
                r#"{"url":"https://a.example/?n=1","to":"https://b.example/?api_key=•••"}"#,
            ),
            ("a=b=c&token=d=e\nn=1 pwd=f", "a=b=c&token=•••\nn=1 pwd=•••"),
        ] {
            assert_eq!(conceal(text), shown);
        }
    }

    #[test]
    fn secrets_of_pairs_are_recognized_by_their_name() {
        assert_eq!(
            conceal_named("id: 7, user.apiKey: k1, name: Ana: the token, token: abc"),
            "id: 7, user.apiKey: •••, name: Ana: the token, token: •••"
        );
    }

    #[test]
    fn a_value_that_is_more_than_a_secret_is_shown() {
        for text in [
            r#"{"secret":"send all the money to mallory"}"#,
            r#"{"password":true,"token":"","nextPageToken":"abc"}"#,
            r#"{"password"#,
            "token=",
            "sk_live_",
            "https://a.example/sk-learn-documentation-page",
        ] {
            assert_eq!(conceal(text), text);
        }
    }
}
