//! The headers of a request that are part of what it does: who may read an object, where it is moved to, on whose
//! behalf it is done.

use gaiterguard_domain::{header, secret_name, secret_shape};
use http::HeaderMap;

use crate::words::{is_in, words};

/// Words in the names of headers that decide what a request does.
const DECISIVE: &str = "cascade confirm delete depth destroy encryption environment expires force hold immutable \
    legal lock mode notify overwrite permanent policy priority private purge recipient recursive retention sandbox \
    storage tagging tier title to topic ttl";

/// Words in the names of headers that replace where a request goes, what it does, or on whose behalf: whatever the
/// path says, these decide.
const REPLACING: &str = "account actor assume behalf copy delegate delegated delegation destination effective host \
    impersonate impersonated impersonation location method organization original override path project redirect \
    rename replace rewrite route source subject sudo target tenant upstream uri url user workspace";

/// Words in the names of headers that give access or take a protection away.
const OPENING: &str = "acl admin bypass governance grant public role share visibility";

/// Names of headers that make a request depend on what is there.
const CONDITIONS: &str = "if-match if-none-match if-unmodified-since";

/// Words in the names of headers that may hold a secret, in addition to those that no log has.
const SECRETS: &str =
    "auth authentication authorization bearer csrf hmac jwt otp pin sas session sig signature xsrf";

/// Words in the names of headers that say how a request is sent.
const FORMAL: &str = "accept agent connection content cors csp date fetch hash length md5 origin referer \
    range sec sha sha1 sha256 trace upgrade version";

/// How many headers are shown.
const SHOWN_MAX: usize = 12;

/// Values of headers for access that open an object to others than those who have it.
const OPEN: &str = "anonymous authenticated-read blob container everyone internet public public-read \
    public-read-write publicread publicreadwrite true world";

/// Returns the headers that say what a request does and are shown, with their values. None of them may hold a secret.
pub(crate) fn shown(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    decisive(headers).take(SHOWN_MAX)
}

/// Whether a header gives others access.
pub(crate) fn gives_access(headers: &HeaderMap) -> bool {
    decisive(headers).any(|(name, value)| opens(name, value))
}

/// Returns the headers that say what a request does, with their values. None of them may hold a secret.
fn decisive(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| {
        let (name, value) = (name.as_str(), value.to_str().ok()?);
        (is_decisive(name) && !may_hold_secret(name, value)).then_some((name, value))
    })
}

/// Whether a header opens an object to others: `x-amz-acl: public-read`, `x-goog-grant-read: …`.
pub(crate) fn opens(name: &str, value: &str) -> bool {
    let mut named = words(name);
    let is_grant = name.contains("grant-");
    let is_access = named.any(|word| is_in("access acl public visibility", &word));
    is_grant || is_access && is_in(OPEN, &value.trim().to_ascii_lowercase())
}

/// Whether the name of a header says that it decides where a request goes, what it does, on whose behalf, or who gets
/// access.
pub(crate) fn replaces(name: &str) -> bool {
    let is_formal = words(name).any(|word| is_in(FORMAL, &word));
    !is_formal && words(name).any(|word| is_in(REPLACING, &word) || is_in(OPENING, &word))
}

/// Whether a header says where a request goes, or what is copied: nothing is sent to that by itself.
pub(crate) fn leads_elsewhere(name: &str) -> bool {
    const LEADING: &str = "copy destination host location original path redirect rewrite route source target upstream \
        uri url";
    replaces(name) && words(name).any(|word| is_in(LEADING, &word))
}

/// Whether a header says on whose behalf a request is sent: nobody gets anything by it.
pub(crate) fn acts_for(name: &str) -> bool {
    const ACTING: &str = "account actor assume behalf delegate delegated delegation effective impersonate \
        impersonated impersonation organization project subject sudo tenant user workspace";
    words(name).any(|word| is_in(ACTING, &word))
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
        || replaces(name)
        || words(name).any(|word| is_in(DECISIVE, &word))
            && !words(name).any(|word| is_in(FORMAL, &word))
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
            ("x-target-host", "db.internal", true),
            ("x-original-path", "/admin", true),
            ("x-effective-user", "root", true),
            ("user-agent", "curl/8", false),
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
