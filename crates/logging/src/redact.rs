//! Masks text that looks like a key or token. This is the last resort: secrets should not reach the
//! log in the first place.

use std::borrow::Cow;

use gaiterguard_domain::redact::{AGENT_KEY_DIGITS, AGENT_KEY_PREFIX, MASK, agent_keys};
use gaiterguard_domain::secret_shape::{AUTHENTICATION_SCHEMES, JSON_WEB_TOKEN_START};

/// The shortest text after `Bearer` that is masked, in characters. Shorter text is an ordinary word.
const TOKEN_CHARS_MIN: usize = 16;

/// Whether a byte may begin a secret. Each line is searched, and most bytes begin none.
const MAY_BEGIN: [bool; 256] = {
    let [bearer, basic] = AUTHENTICATION_SCHEMES;
    let beginnings = [AGENT_KEY_PREFIX, bearer, basic, JSON_WEB_TOKEN_START];
    let mut may_begin = [false; 256];
    let mut at = 0;
    while at < beginnings.len() {
        let first = beginnings[at].as_bytes()[0];
        may_begin[first.to_ascii_lowercase() as usize] = true;
        may_begin[first.to_ascii_uppercase() as usize] = true;
        at += 1;
    }
    may_begin
};

/// Returns `line` with agent keys in any spelling, the text after `Bearer` or `Basic`, and JSON Web
/// Tokens masked.
pub(super) fn redact(line: &str) -> Cow<'_, str> {
    match mask_plain_secrets(line) {
        Cow::Borrowed(line) => mask_spelled_keys(line),
        Cow::Owned(masked) => Cow::Owned(mask_spelled_keys(&masked).into_owned()),
    }
}

/// Masks encoded agent keys in `line`. If one spans several words, it masks the whole line, except
/// for the line break, without which the next entry would continue it.
fn mask_spelled_keys(line: &str) -> Cow<'_, str> {
    let text = line.trim_end_matches('\n');
    match agent_keys(text) {
        Cow::Borrowed(same) if same == text => Cow::Borrowed(line),
        masked => Cow::Owned(format!("{masked}{}", &line[text.len()..])),
    }
}

/// Masks agent keys, credentials after a scheme, and JSON Web Tokens that are written without escapes.
fn mask_plain_secrets(line: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut tokenless_end = 0;
    while let Some(ahead) = line.as_bytes()[at..]
        .iter()
        .position(|byte| MAY_BEGIN[usize::from(*byte)])
    {
        at += ahead;
        let mut found = secret_at(line, at);
        if found.is_none() && at >= tokenless_end {
            match json_web_token(&line.as_bytes()[at..]) {
                Some((length, true)) => found = Some((at, at + length)),
                // A run with too few dots has too few after each of its bytes. Without this, a long
                // run would be counted again at each `eyJ` in it.
                Some((length, false)) => tokenless_end = at + length,
                None => {}
            }
        }
        match found {
            Some((start, end)) => {
                masked.push_str(&line[copied..start]);
                masked.push_str(MASK);
                copied = end;
                at = end;
            }
            None => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(line);
    }
    masked.push_str(&line[copied..]);
    Cow::Owned(masked)
}

/// Returns where the secret that is announced at this position starts and ends.
fn secret_at(line: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = &line.as_bytes()[at..];
    match bytes[0] {
        b'a' | b'A' => agent_key(bytes).map(|length| (at, at + length)),
        b'b' | b'B' => credentials(bytes).map(|(start, end)| (at + start, at + end)),
        _ => None,
    }
}

fn agent_key(bytes: &[u8]) -> Option<usize> {
    if !starts_with(bytes, AGENT_KEY_PREFIX) {
        return None;
    }
    let digits = count(&bytes[AGENT_KEY_PREFIX.len()..], |byte| {
        byte.is_ascii_hexdigit()
    });
    (digits >= AGENT_KEY_DIGITS).then_some(AGENT_KEY_PREFIX.len() + digits)
}

/// Returns the length of a run that begins like a JSON Web Token, and whether it has the parts of one.
fn json_web_token(bytes: &[u8]) -> Option<(usize, bool)> {
    if !bytes.starts_with(JSON_WEB_TOKEN_START.as_bytes()) {
        return None;
    }
    let length = count(bytes, is_token_byte);
    let parts = bytes[..length].split(|byte| *byte == b'.').count();
    Some((length, parts >= 3))
}

fn credentials(bytes: &[u8]) -> Option<(usize, usize)> {
    let scheme = AUTHENTICATION_SCHEMES
        .iter()
        .find(|scheme| starts_with(bytes, scheme))?;
    let start = scheme.len();
    let length = count(&bytes[start..], is_token_byte);
    (length >= TOKEN_CHARS_MIN).then_some((start, start + length))
}

fn starts_with(bytes: &[u8], expected: &str) -> bool {
    bytes
        .get(..expected.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(expected.as_bytes()))
}

fn count(bytes: &[u8], is_counted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is_counted(**byte)).count()
}

/// The `token68` of RFC 9110.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_masked_wherever_they_appear() {
        let key = format!("agt_{}", "0af9".repeat(16));
        for (line, masked) in [
            (key.clone(), "•••".to_owned()),
            (
                format!("the key {key}, twice: \"{key}\"."),
                "the key •••, twice: \"•••\".".to_owned(),
            ),
            (
                format!("Authorization: Bearer {key}é"),
                "Authorization: Bearer •••é".to_owned(),
            ),
            (
                "authorization=BEARER sk-abcdefghijklmnop1234 end".to_owned(),
                "authorization=BEARER ••• end".to_owned(),
            ),
            (
                "Basic dXNlcjpwYXNzd29yZA==\n".to_owned(),
                "Basic •••\n".to_owned(),
            ),
            (
                "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln done".to_owned(),
                "token ••• done".to_owned(),
            ),
            (
                format!("https://x/?key={}", key.to_uppercase()),
                "https://x/?key=•••".to_owned(),
            ),
        ] {
            assert_eq!(redact(&line), masked);
        }
    }

    #[test]
    fn agent_keys_are_masked_in_every_spelling() {
        let digits = "0af9".repeat(16);
        let percent = format!("%61%67%74%5f{}", "%30%61%66%39".repeat(16));
        let base64 = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("x:agt_{digits}"),
        );
        for (line, masked) in [
            (
                format!("request key=\"%61gt_{digits}\" end\n"),
                "request key=\"•••\" end\n",
            ),
            (format!("path {percent}\n"), "path •••\n"),
            (format!("body \"{base64}\""), "body \"•••\""),
            (
                format!("agt_{digits} and \"agt%5f{digits}\""),
                "••• and \"•••\"",
            ),
            (
                format!("body agt_{}=\r\n{}\n", &digits[..32], &digits[32..]),
                "•••\n",
            ),
        ] {
            assert_eq!(redact(&line), masked);
        }
    }

    #[test]
    fn a_long_run_is_searched_in_linear_time() {
        let run = "eyJ".repeat(100_000);
        let begun = std::time::Instant::now();
        assert_eq!(redact(&run), run);
        assert_eq!(redact(&format!("{run} eyJ.a.b")), format!("{run} •••"));
        assert_eq!(redact(&format!("{run}.a.b")), "•••");
        assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "",
            "GET /agents 200",
            "agt_0af9 is a prefix",
            "a bearer of news, basic as ever",
            "eyJustaword and eyJ.a",
            "äöü agt_",
        ] {
            assert!(matches!(redact(line), Cow::Borrowed(same) if same == line));
        }
    }
}
