//! Taking agent keys out of text that is stored or shown.

use std::borrow::Cow;

/// What stands in the place of a value that is not shown.
pub const MASK: &str = "•••";

/// The bytes that begin an agent key.
pub const AGENT_KEY_PREFIX: &str = "agt_";

/// The number of hexadecimal digits behind [`AGENT_KEY_PREFIX`].
pub const AGENT_KEY_DIGITS: usize = 64;

/// Whether an agent key stands anywhere in `bytes`.
pub fn holds_agent_key(bytes: &[u8]) -> bool {
    find_agent_key(bytes).is_some()
}

/// `text` with every agent key replaced by its prefix and [`MASK`].
pub fn agent_keys(text: &str) -> Cow<'_, str> {
    let Some(first) = find_agent_key(text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(start) = next {
        redacted.push_str(&rest[..start]);
        redacted.push_str(AGENT_KEY_PREFIX);
        redacted.push_str(MASK);
        rest = &rest[start + AGENT_KEY_PREFIX.len() + AGENT_KEY_DIGITS..];
        next = find_agent_key(rest.as_bytes());
    }
    redacted.push_str(rest);
    Cow::Owned(redacted)
}

/// Where the first agent key begins. Upper-case digits count too: a key spelled so opens nothing,
/// but it still tells the one that does.
fn find_agent_key(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, AGENT_KEY_PREFIX).find(|&start| {
        let digits = &bytes[start + AGENT_KEY_PREFIX.len()..];
        digits.len() >= AGENT_KEY_DIGITS
            && digits[..AGENT_KEY_DIGITS].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_key_in_a_text_is_masked() {
        let key = format!("agt_{}", "0a".repeat(32));
        let text = format!("use {key}, or {key}!");
        assert_eq!(agent_keys(&text), "use agt_•••, or agt_•••!");
    }

    #[test]
    fn a_text_without_a_key_is_not_copied() {
        assert!(matches!(
            agent_keys("agt_ and agt_12 are no keys"),
            Cow::Borrowed(_)
        ));
    }
}
