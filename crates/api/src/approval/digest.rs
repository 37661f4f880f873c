//! The digest of the request that a user reviewed.

use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::request::Digest;
use gaiterguard_web::problem::Problem;

/// Parses the digest of the request that a user reviewed, if it is given.
pub(super) fn reviewed(digest: Option<String>) -> Result<Option<Digest>, Problem> {
    let digest = digest.map(|text| parse_digest("digest", &text));
    digest
        .transpose()
        .map_err(|error| Problem::fields(vec![error]))
}

/// Parses the digest of the request that a user reviewed.
pub(super) fn parse_digest(field: &str, text: &str) -> Result<Digest, FieldError> {
    Digest::parse(text).ok_or_else(|| {
        FieldError::new(
            field,
            "must be the 64 hexadecimal digits of a SHA-256 digest",
        )
    })
}
