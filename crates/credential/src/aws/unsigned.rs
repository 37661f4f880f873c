//! A request without the client's own signature, which was made with a placeholder for the key.

use std::borrow::Cow;

use gaiterguard_domain::aws_signature::{
    self, ALGORITHM, ALGORITHM_PARAM, CONTENT_SHA256, CREDENTIAL_PARAM, PartialScope,
    SIGNING_SCOPE, SigningScope, UNSIGNED_CHUNKS, UNSIGNED_PAYLOAD,
};
use gaiterguard_domain::target::Target;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::query::drop_parameter;

/// The query parameters of a signature. [`ALGORITHM_PARAM`] remains, as the mark that the request is to be
/// signed in its query.
const SIGNATURE_PARAMS: [&str; 6] = [
    CREDENTIAL_PARAM,
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];

/// The query parameters of a signature of version 2.
const VERSION_2_PARAMS: [&str; 2] = ["AWSAccessKeyId", "Signature"];

/// The beginning of [`CONTENT_SHA256`] if the body is in chunks that are signed, and not [`UNSIGNED_CHUNKS`].
const STREAMING: &[u8] = b"STREAMING-";

/// Why the gateway cannot sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSignable {
    /// The client uses another version.
    #[error(
        "is signed with a version that the gateway does not support; set the client to Signature Version 4 \
         (AWS4-HMAC-SHA256), for example signature_version s3v4, or do not sign"
    )]
    OtherVersion,
    /// The chunks of the body are signed one by one with the client's placeholder.
    #[error(
        "states that each chunk of the body is signed, and the gateway cannot sign chunks again; switch off \
         chunked encoding or payload signing in the client: chunkedEncodingEnabled(false) in the AWS SDK for \
         Java, payload_signing_enabled = false in the AWS CLI's s3 settings, or an https endpoint"
    )]
    SignedChunks,
    /// Nothing says which region to sign for.
    #[error(
        "does not say which region to sign for: set region in the service's credential, or let the client \
         sign the request with a placeholder"
    )]
    NoRegion,
    /// Nothing says which service to sign for.
    #[error(
        "does not say which AWS service to sign for: set service in the service's credential, or let the \
         client sign the request with a placeholder"
    )]
    NoService,
}

impl NotSignable {
    /// Returns the part of the request that is the reason.
    pub fn field(self) -> &'static str {
        match self {
            Self::OtherVersion => "Authorization",
            Self::SignedChunks => "X-Amz-Content-Sha256",
            Self::NoRegion | Self::NoService => "path",
        }
    }
}

/// The remains of a client's own signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// The path and the query without the signature.
    pub path_and_query: String,
    /// The headers that say what the gateway will sign.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Unsigned {
    /// Removes a client's own signature from a request. `set` is what the operator set, which takes precedence
    /// over what the client signed for, and that over what the host name implies.
    ///
    /// # Errors
    ///
    /// If the gateway cannot sign the request.
    pub fn of(
        set: PartialScope,
        target: &Target,
        headers: &HeaderMap,
    ) -> Result<Self, NotSignable> {
        check_version(target, headers)?;
        let unsigned_body = unsigned_body(headers)?;
        let scope = set
            .or(of_client(target, headers))
            .or(PartialScope::of_host(target.origin().host.as_str()));
        let scope = SigningScope {
            region: scope.region.ok_or(NotSignable::NoRegion)?,
            service: scope.service.ok_or(NotSignable::NoService)?,
        };
        let mut kept = Vec::with_capacity(2);
        // A scope consists of letters, digits and dashes.
        if let Ok(scope) = HeaderValue::try_from(scope.to_string()) {
            kept.push((SIGNING_SCOPE, scope));
        }
        kept.extend(unsigned_body.map(|word| (CONTENT_SHA256, word)));
        let mut path_and_query = target.path_and_query().to_owned();
        for param in SIGNATURE_PARAMS {
            if let Some(without) = drop_parameter(&path_and_query, param) {
                path_and_query = without;
            }
        }
        Ok(Self {
            path_and_query,
            headers: kept,
        })
    }
}

/// Returns the word of a client whose signature does not cover the body.
fn unsigned_body(headers: &HeaderMap) -> Result<Option<HeaderValue>, NotSignable> {
    let Some(value) = headers.get(CONTENT_SHA256) else {
        return Ok(None);
    };
    if value == UNSIGNED_PAYLOAD || value == UNSIGNED_CHUNKS {
        return Ok(Some(value.clone()));
    }
    if value.as_bytes().starts_with(STREAMING) {
        return Err(NotSignable::SignedChunks);
    }
    Ok(None)
}

/// Returns what the client's own signature is valid for.
fn of_client(target: &Target, headers: &HeaderMap) -> PartialScope {
    let in_header = headers
        .get(AUTHORIZATION)
        .and_then(aws_signature::credential);
    let credential = in_header.map(Cow::Borrowed);
    let credential = credential.or_else(|| parameter(target, CREDENTIAL_PARAM));
    credential.map_or_else(PartialScope::default, |credential| {
        PartialScope::of_credential(&credential)
    })
}

/// Refuses a signature of another version: nothing would be left of it in the place where the client put it.
fn check_version(target: &Target, headers: &HeaderMap) -> Result<(), NotSignable> {
    let scheme = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(' ').next())
        .filter(|scheme| scheme.starts_with("AWS"));
    let algorithm = parameter(target, ALGORITHM_PARAM);
    let has_other = scheme.is_some_and(|scheme| scheme != ALGORITHM)
        || algorithm.is_some_and(|algorithm| algorithm != ALGORITHM)
        || VERSION_2_PARAMS
            .iter()
            .all(|name| parameter(target, name).is_some());
    if has_other {
        return Err(NotSignable::OtherVersion);
    }
    Ok(())
}

fn parameter<'t>(target: &'t Target, name: &str) -> Option<Cow<'t, str>> {
    let query = target.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20261201/eu-west-1/sqs/aws4_request, \
                          SignedHeaders=host, Signature=0";

    fn unsigned(
        set: (&str, &str),
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(String, String), NotSignable> {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let set = PartialScope {
            region: part(set.0),
            service: part(set.1),
        };
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        let target = Target::parse(url).unwrap();
        let unsigned = Unsigned::of(set, &target, &headers.collect())?;
        let shown = unsigned.headers.iter();
        let shown: Vec<_> = shown.map(|(_, value)| value.to_str().unwrap()).collect();
        Ok((unsigned.path_and_query, shown.join(" ")))
    }

    #[test]
    fn the_settings_go_before_the_client_and_the_client_before_the_host() {
        let aws = "https://s3.eu-central-1.amazonaws.com/b";
        let own = "https://store.example.com/b";
        let signed = [("authorization", SIGNED)];
        for (set, url, headers, scope) in [
            (("", ""), aws, &[][..], "eu-central-1/s3"),
            (("", ""), aws, &signed[..], "eu-west-1/sqs"),
            (("us-east-1", ""), aws, &signed[..], "us-east-1/sqs"),
            (("us-east-1", "iam"), own, &[][..], "us-east-1/iam"),
            (("", ""), own, &signed[..], "eu-west-1/sqs"),
        ] {
            let expected = Ok(("/b".to_owned(), scope.to_owned()));
            assert_eq!(unsigned(set, url, headers), expected, "{set:?} {url}");
        }
        assert_eq!(unsigned(("", "s3"), own, &[]), Err(NotSignable::NoRegion));
        assert_eq!(unsigned(("a", ""), own, &[]), Err(NotSignable::NoService));
    }

    #[test]
    fn a_signature_in_the_query_is_removed_but_for_its_mark() {
        let url = "https://store.example.com/b/k?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256\
                   &X-Amz-Credential=AKID%2F20261201%2Fauto%2Fs3%2Faws4_request&X-Amz-Date=20261201T000000Z\
                   &X-Amz-Expires=900&X-Amz-SignedHeaders=host&x-amz-security-token=t&X-Amz-Signature=0";
        let left = "/b/k?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned();
        assert_eq!(
            unsigned(("", ""), url, &[]),
            Ok((left, "auto/s3".to_owned()))
        );
    }

    #[test]
    fn a_digest_of_the_body_is_dropped_and_a_word_is_kept() {
        let url = "https://s3.eu-central-1.amazonaws.com/b";
        let of = |value: &str| {
            let shown = unsigned(("", ""), url, &[("x-amz-content-sha256", value)])?.1;
            Ok(shown.replace("eu-central-1/s3", "").trim().to_owned())
        };
        assert_eq!(of(&"0".repeat(64)), Ok(String::new()));
        assert_eq!(of(UNSIGNED_PAYLOAD), Ok(UNSIGNED_PAYLOAD.to_owned()));
        assert_eq!(of(UNSIGNED_CHUNKS), Ok(UNSIGNED_CHUNKS.to_owned()));
        for chunks in [
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        ] {
            assert_eq!(of(chunks), Err(NotSignable::SignedChunks));
        }
    }

    #[test]
    fn another_version_is_refused() {
        let aws = "https://s3.eu-central-1.amazonaws.com/b";
        for (url, authorization) in [
            (aws.to_owned(), "AWS AKID:c2lnbmF0dXJl"),
            (aws.to_owned(), "AWS4-ECDSA-P256-SHA256 Credential=x"),
            (format!("{aws}?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256"), ""),
            (
                format!("{aws}?AWSAccessKeyId=AKID&Signature=x&Expires=1"),
                "",
            ),
        ] {
            let refused = unsigned(("", ""), &url, &[("authorization", authorization)]);
            assert_eq!(refused, Err(NotSignable::OtherVersion), "{url}");
        }
    }
}
