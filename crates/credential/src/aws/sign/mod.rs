//! Signing a request with a key of the vault.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use gaiterguard_domain::aws_signature::{
    ALGORITHM_PARAM, CONTENT_SHA256, SIGNING_SCOPE, SigningScope, UNSIGNED_CHUNKS, UNSIGNED_PAYLOAD,
};
use gaiterguard_domain::target::Origin;
use gaiterguard_domain::time::Timestamp;
use http::header::{CONTENT_TYPE, DATE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::key::AwsKey;
use super::signable::Signable;
use crate::inject_error::InjectError;
use crate::query::{ENCODED, drop_parameter};

/// How long a signature in a query is valid. The request is sent immediately; the rest is for clocks that
/// differ.
const QUERY_LIFETIME: Duration = Duration::from_mins(5);

/// The characters that the canonical path of S3 encodes.
const ENCODED_IN_S3_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Further headers that a signature covers. Others may be changed by a proxy in front of the service, and S3
/// requires only these.
const SIGNED: [HeaderName; 3] = [CONTENT_TYPE, DATE, HeaderName::from_static("content-md5")];

/// Returns whether a request with these headers can be signed only with its body.
pub fn needs_body(headers: &HeaderMap) -> bool {
    headers.contains_key(SIGNING_SCOPE) && !headers.contains_key(CONTENT_SHA256)
}

/// Signs a request, in its query if it has the mark for it and otherwise in its headers. Returns the
/// signature, which must not reach the agent: it would be valid for the same request again.
pub(crate) fn sign(
    key: &AwsKey,
    at: Timestamp,
    request: Signable<'_>,
) -> Result<SecretString, InjectError> {
    signed(key, at, QUERY_LIFETIME, request)
}

fn signed(
    key: &AwsKey,
    at: Timestamp,
    lifetime: Duration,
    request: Signable<'_>,
) -> Result<SecretString, InjectError> {
    let Signable {
        method,
        origin,
        headers,
        path_and_query,
        body,
    } = request;
    let scope = headers.remove(SIGNING_SCOPE);
    let scope = scope.and_then(|scope| SigningScope::parse(&scope));
    let scope = scope.ok_or(InjectError::Signature("its scope is unknown"))?;
    let unmarked = drop_parameter(path_and_query.as_str(), ALGORITHM_PARAM);
    let in_query = unmarked.is_some();
    let unmarked = unmarked.unwrap_or_else(|| path_and_query.as_str().to_owned());

    let body = match headers.get(CONTENT_SHA256) {
        Some(word) if word == UNSIGNED_PAYLOAD => SignableBody::UnsignedPayload,
        Some(word) if word == UNSIGNED_CHUNKS => SignableBody::StreamingUnsignedPayloadTrailer,
        _ if in_query && scope.is_s3() => SignableBody::UnsignedPayload,
        _ => SignableBody::Bytes(body.ok_or(InjectError::Signature("its body is unknown"))?),
    };
    let covered = covered(headers)?;
    let covered = covered
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(
        method.as_str(),
        url(origin, &unmarked, &scope),
        covered,
        body,
    );
    let signable = signable.map_err(|_| InjectError::Signature("it has no canonical form"))?;

    let identity = identity(key);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(time(at))
        .settings(settings(&scope, in_query.then_some(lifetime)))
        .build()
        .map_err(|_| InjectError::Signature("a part of the key is missing"))?;
    let signing = aws_sigv4::http_request::sign(signable, &params.into());
    let signing = signing.map_err(|_| InjectError::Signature("it has no canonical form"))?;
    let (instructions, signature) = signing.into_parts();
    let (added_headers, added_params) = instructions.into_parts();
    for header in added_headers {
        let mut value =
            HeaderValue::try_from(header.value()).map_err(|_| InjectError::HeaderValue)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(header.name()), value);
    }
    if in_query {
        *path_and_query = with_params(&unmarked, &added_params)?;
    }
    Ok(signature.into())
}

/// Returns the headers that the signature covers: those that say what the request means to the service.
fn covered(headers: &HeaderMap) -> Result<Vec<(String, String)>, InjectError> {
    let is_covered = |name: &HeaderName| {
        name.as_str().starts_with("x-amz-")
            || name.as_str().ends_with("range")
            || SIGNED.contains(name)
    };
    let covered = headers.iter().filter(|(name, _)| is_covered(name));
    covered
        .map(|(name, value)| {
            let value = value.to_str().map_err(|_| InjectError::HeaderValue)?;
            Ok((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

/// Returns the URL to sign. S3 encodes the path once, whatever the client left as it is; for other services
/// the path is encoded again as it was sent.
fn url(origin: &Origin, path_and_query: &str, scope: &SigningScope) -> String {
    let end = path_and_query.find('?').unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at(end);
    if !scope.is_s3() {
        return format!("{origin}{path}{query}");
    }
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let encoded = percent_encoding::percent_encode(&decoded, ENCODED_IN_S3_PATH);
    format!("{origin}{encoded}{query}")
}

fn identity(key: &AwsKey) -> Identity {
    let session_token = key.session_token.as_ref();
    let session_token = session_token.map(|token| token.expose_secret().to_owned());
    let credentials = Credentials::new(
        key.access_key_id.expose_secret(),
        key.secret_access_key.expose_secret(),
        session_token,
        None,
        "gaiterguard",
    );
    credentials.into()
}

fn settings(scope: &SigningScope, expires_in: Option<Duration>) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    if expires_in.is_some() {
        settings.signature_location = SignatureLocation::QueryParams;
    }
    settings.expires_in = expires_in;
    // The paths of targets are in normal form.
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    if scope.is_s3() {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
    }
    settings
}

fn time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Timestamp(0).until(at)
}

/// Returns a path and query with further parameters at their end.
fn with_params(
    path_and_query: &str,
    params: &[(&str, std::borrow::Cow<'_, str>)],
) -> Result<PathAndQuery, InjectError> {
    let bytes: usize = params
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    // Reserves the whole capacity, because a string that grows leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(path_and_query.len() + bytes));
    text.push_str(path_and_query);
    for (name, value) in params {
        let is_first = !text.contains('?');
        if is_first {
            text.push('?');
        } else if !text.ends_with(['?', '&']) {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(value, ENCODED));
    }
    PathAndQuery::try_from(text.as_str()).map_err(|_| InjectError::TooLong)
}

#[cfg(test)]
mod tests;
