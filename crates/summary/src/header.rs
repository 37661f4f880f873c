//! The headers of a request that are part of what it does: who may read an object, where it is moved to, on whose
//! behalf it is done.

use gaiterguard_domain::{header, secret_name, secret_shape};
use http::HeaderMap;

use crate::words::{is_in, words};

/// Words in the names of headers that decide what a request does.
const DECISIVE: &str = "account acl admin behalf bypass cascade confirm copy delete depth destination destroy \
    encryption environment expires force grant governance hold immutable impersonate legal lock mode notify \
    organization overwrite permanent policy priority private project public purge recipient recursive redirect \
    rename replace retention role sandbox share source storage subject sudo tagging target tenant tier title to \
    topic ttl visibility workspace";

/// Names of headers that make a request depend on what is there.
const CONDITIONS: &str = "if-match if-none-match if-unmodified-since";

/// Words in the names of headers that may hold a secret, in addition to those that no log has.
const SECRETS: &str =
    "auth authentication authorization bearer csrf hmac jwt otp pin sas session sig signature xsrf";

/// Words in the names of headers that say how a request is sent.
const FORMAL: &str = "accept connection content cors csp date fetch forwarded hash host length md5 origin referer \
    range sec sha sha1 sha256 trace upgrade version";

/// How many headers are shown.
const SHOWN_MAX: usize = 12;

/// Values of headers for access that open an object to others than those who have it.
const OPEN: &str = "anonymous authenticated-read blob container everyone internet public public-read \
    public-read-write publicread publicreadwrite true world";

/// Returns the headers that say what a request does, with their values. None of them may hold a secret.
pub(crate) fn decisive(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let shown = headers.iter().filter_map(|(name, value)| {
        let (name, value) = (name.as_str(), value.to_str().ok()?);
        (is_decisive(name) && !may_hold_secret(name, value)).then_some((name, value))
    });
    shown.take(SHOWN_MAX).collect()
}

/// Whether a header opens an object to others: `x-amz-acl: public-read`, `x-goog-grant-read: …`.
pub(crate) fn opens(name: &str, value: &str) -> bool {
    let mut named = words(name);
    let is_grant = name.contains("grant-");
    let is_access = named.any(|word| is_in("access acl public visibility", &word));
    is_grant || is_access && is_in(OPEN, &value.trim().to_ascii_lowercase())
}

/// Whether a header only makes a request depend on what is there.
pub(crate) fn is_condition(name: &str) -> bool {
    is_in(CONDITIONS, name)
}

/// Whether a request must not replace what is there: `If-None-Match: *` (RFC 9110, section 13.1.2).
pub(crate) fn creates_only(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(http::header::IF_NONE_MATCH).iter();
    values.any(|value| value.as_bytes().trim_ascii() == b"*")
}

/// Whether a name is that of a header that names what is copied: `x-amz-copy-source`.
pub(crate) fn is_copy_source(name: &str) -> bool {
    let name = name.strip_prefix("header/").unwrap_or(name);
    name.ends_with("-copy-source") || name == "copy-source"
}

fn is_decisive(name: &str) -> bool {
    // The parts of a multipart upload and the conditions of a copy add nothing.
    is_condition(name)
        || words(name).any(|word| is_in(DECISIVE, &word))
            && !words(name).any(|word| is_in(FORMAL, &word))
            && !name.starts_with("sec-")
}

fn may_hold_secret(name: &str, value: &str) -> bool {
    header::is_sensitive(name)
        || secret_name::mentions_secret(name)
        || words(name).any(|word| is_in(SECRETS, &word))
        || secret_shape::at_start().any(|start| value.starts_with(start))
        || secret_shape::anywhere().any(|mark| value.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_shown_if_it_decides_and_cannot_hold_a_secret() {
        for (name, value, expected) in [
            ("x-amz-acl", "public-read", true),
            ("x-ms-blob-public-access", "container", true),
            ("destination", "/b.txt", true),
            ("if-match", "\"a1\"", true),
            ("x-impersonate-user", "u-7", true),
            ("stripe-account", "acct_7", true),
            ("accept", "application/json", false),
            ("x-amz-date", "20240101T000000Z", false),
            ("x-api-version", "3", false),
            ("x-access-token", "abc", false),
            ("x-source-signature", "abc", false),
            ("x-target-account", "ghp_a8Kf02LmQ9", false),
            (
                "x-amz-copy-source-server-side-encryption-customer-key",
                "k",
                false,
            ),
            ("authorization", "Bearer x", false),
        ] {
            let found = is_decisive(name) && !may_hold_secret(name, value);
            assert_eq!(found, expected, "{name}");
        }
    }
}
