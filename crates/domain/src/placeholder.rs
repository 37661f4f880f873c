//! The place of a credential in a path: a name in braces, as in `/bot{token}/sendMessage`.
//!
//! Everybody but the upstream sees the placeholder: the agent writes it, rules and humans read it, and the
//! digest covers it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes. Documents call it `token`, `api_key` or the like.
const NAME_BYTES_MAX: usize = 64;

/// The name of a placeholder, without its braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Placeholder(String);

/// The error of a name that cannot be a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a name such as token, of at most {NAME_BYTES_MAX} letters, digits, underscores and hyphens"
)]
pub struct InvalidPlaceholder;

impl Placeholder {
    /// Parses a name, with or without its braces.
    pub fn parse(text: &str) -> Result<Self, InvalidPlaceholder> {
        let inner = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let name = inner.unwrap_or(text);
        let is_valid = (1..=NAME_BYTES_MAX).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if is_valid {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidPlaceholder)
        }
    }

    /// Returns how often a path contains the placeholder.
    pub fn count_in(&self, path: &str) -> usize {
        self.pieces(path).count() - 1
    }

    /// Returns the parts of a path around the placeholder: one more than there are placeholders. Some
    /// clients encode the braces.
    pub fn pieces<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        let name = self.0.clone();
        let mut rest = Some(path);
        std::iter::from_fn(move || {
            let text = rest?;
            let found = text.match_indices(&name).find_map(|(at, _)| {
                let before = without_end(&text[..at], &["{", "%7B", "%7b"])?;
                let behind = without_start(&text[at + name.len()..], &["}", "%7D", "%7d"])?;
                Some((before, behind))
            });
            match found {
                Some((before, behind)) => {
                    rest = Some(behind);
                    Some(before)
                }
                None => rest.take(),
            }
        })
    }
}

fn without_end<'t>(text: &'t str, ends: &[&str]) -> Option<&'t str> {
    ends.iter().find_map(|end| text.strip_suffix(end))
}

fn without_start<'t>(text: &'t str, starts: &[&str]) -> Option<&'t str> {
    starts.iter().find_map(|start| text.strip_prefix(start))
}

/// With its braces, as in a path.
impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_its_braces() {
        let plain = Placeholder::parse("token").unwrap();
        assert_eq!(Placeholder::parse("{token}").unwrap(), plain);
        assert_eq!(plain.to_string(), "{token}");
        for refused in [
            "",
            "{}",
            "a b",
            "a/b",
            "{a",
            "a}",
            "{{a}}",
            "%41",
            &"a".repeat(65),
        ] {
            assert_eq!(
                Placeholder::parse(refused),
                Err(InvalidPlaceholder),
                "{refused}"
            );
        }
    }

    #[test]
    fn it_is_found_with_plain_and_with_encoded_braces() {
        let token = Placeholder::parse("token").unwrap();
        let pieces = |path| token.pieces(path).collect::<Vec<_>>();
        assert_eq!(pieces("/bot{token}/send"), ["/bot", "/send"]);
        assert_eq!(pieces("/bot%7Btoken%7d/token"), ["/bot", "/token"]);
        assert_eq!(pieces("/token/{token}{token}"), ["/token/", "", ""]);
        assert_eq!(token.count_in("/bot{token}/send"), 1);
        assert_eq!(token.count_in("/bot{tokens}/token"), 0);
    }
}
