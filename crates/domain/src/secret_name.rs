//! Names whose values are secrets, such as `password` and `clientSecret`.
//!
//! Three functions draw the line differently, because a mistake has a different cost for each of their callers. The
//! names of headers have a list of their own in [`header`](crate::header), which is part of the API.

/// Words for secrets.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "cvc",
    "cvv",
];

/// Words before `key` that make it a secret: `api_key`. A `key` alone is often an id.
const KEY_WORDS: &[&str] = &["api", "access", "private", "secret"];

/// Words before the word for a secret that leave it one.
const QUALIFIERS: &[&str] = &[
    "access", "admin", "api", "app", "auth", "bearer", "card", "client", "current", "db", "id",
    "new", "old", "refresh", "root", "secret", "session", "signing", "user", "webhook", "x",
];

/// Words for values that are often secrets, or proofs that were made with one.
const POSSIBLE_WORDS: &[&str] = &[
    "apikey",
    "assertion",
    "bearer",
    "cookie",
    "cookies",
    "csrf",
    "hmac",
    "jwt",
    "mnemonic",
    "otp",
    "pin",
    "signature",
    "totp",
    "xsrf",
];

/// Words before `key` that often make it a secret.
const POSSIBLE_KEY_WORDS: &[&str] = &[
    "account",
    "auth",
    "client",
    "deploy",
    "encryption",
    "license",
    "master",
    "primary",
    "recovery",
    "secondary",
    "service",
    "shared",
    "signing",
    "ssh",
    "storage",
];

/// How names end that are written without a separator between their words: `accesstoken`.
const RUN_TOGETHER: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "cookie",
];

/// Returns whether a name means a secret: it is a word for one, alone or after a usual qualifier.
/// `dbPassword` and `client-secret` are, `token_count` and `next_page_token` are not. For places where
/// a value that is hidden by mistake is missing from an assessment.
pub fn is_of_secret(name: &str) -> bool {
    let plain = without_separators(&name.to_ascii_lowercase());
    let is_qualified = |word: &&str| {
        plain
            .strip_suffix(*word)
            .is_some_and(|qualifier| qualifier.is_empty() || QUALIFIERS.contains(&qualifier))
    };
    let is_key = |word: &&str| {
        plain
            .strip_suffix("key")
            .and_then(|first| first.strip_suffix(*word))
            .is_some_and(|qualifier| qualifier.is_empty() || QUALIFIERS.contains(&qualifier))
    };
    WORDS.iter().any(is_qualified) || KEY_WORDS.iter().any(is_key)
}

/// Returns whether a name contains a word for a secret anywhere: `token_count`, `passwordHint`. For
/// places where a secret must not appear and any other value may be missing.
pub fn mentions_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = without_separators(&name);
    WORDS.iter().any(|word| name.contains(word))
        || KEY_WORDS.iter().any(|word| {
            plain
                .split(word)
                .skip(1)
                .any(|after| after.starts_with("key"))
        })
}

/// Returns whether a name of these lower-case words may mean a secret. For values that are
/// remembered: one that is left out by mistake is only unknown later.
pub fn may_be_of_secret<'w>(words: impl IntoIterator<Item = &'w str>) -> bool {
    let mut before = "";
    words.into_iter().any(|word| {
        let first = std::mem::replace(&mut before, word);
        WORDS.contains(&word)
            || WORDS.contains(&word.strip_suffix('s').unwrap_or(word))
            || POSSIBLE_WORDS.contains(&word)
            || ends_in_secret(word)
            || word == "key" && is_key_word(first)
    })
}

fn ends_in_secret(word: &str) -> bool {
    let ends_in = |end: &&str| {
        word.strip_suffix(*end)
            .is_some_and(|first| !first.is_empty())
    };
    RUN_TOGETHER.iter().any(ends_in) || word.strip_suffix("key").is_some_and(is_key_word)
}

fn is_key_word(word: &str) -> bool {
    KEY_WORDS.contains(&word) || POSSIBLE_KEY_WORDS.contains(&word)
}

fn without_separators(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_usual_spelling() {
        for name in [
            "password",
            "newPassword",
            "DB_PASSWORD",
            "client-secret",
            "X-Api-Key",
            "apiKey",
            "secret_access_key",
            "refresh_token",
            "card[cvc]",
            "Authorization",
        ] {
            assert!(is_of_secret(name), "{name}");
            assert!(mentions_secret(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_only_mentions_a_secret_is_not_that_of_one() {
        for name in [
            "max_tokens",
            "nextPageToken",
            "password_reset_url",
            "apiKeys",
        ] {
            assert!(!is_of_secret(name), "{name}");
            assert!(mentions_secret(name), "{name}");
        }
        for name in [
            "",
            "amount",
            "key",
            "monkey",
            "has_cv_created",
            "api",
            "keyapi",
        ] {
            assert!(!is_of_secret(name), "{name}");
            assert!(!mentions_secret(name), "{name}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_known_by_its_words() {
        for words in [
            &["password"][..],
            &["access", "tokens"],
            &["accesstoken"],
            &["ssh", "key"],
            &["signingkey"],
            &["session", "cookie"],
            &["pin"],
        ] {
            assert!(may_be_of_secret(words.iter().copied()), "{words:?}");
        }
        for words in [
            &["key"][..],
            &["shipping"],
            &["key", "api"],
            &["secretary"],
            &["pins"],
        ] {
            assert!(!may_be_of_secret(words.iter().copied()), "{words:?}");
        }
    }
}
