//! One exchange with a token endpoint (RFC 6749): the request, and which responses are accepted.
//!
//! The endpoint is dialed with the same address checks as every upstream. Its responses hold secrets, so
//! nothing of them is ever reported except the error codes that the RFC names.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::{Inbound, InboundBody, Origin, Outbound, PoolKey, Upstream};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use percent_encoding::utf8_percent_encode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::credential::{AccessToken, OauthGrant};
use crate::inject::ENCODED;
use crate::parse::header_value_trouble;

/// The longest response that is read, in bytes. Token responses are a few KiB; this is ample and
/// bounds the memory that an endpoint can make the gateway use.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// The longest access or refresh token that is accepted, in bytes. JWTs with many claims reach some
/// KiB; a longer token would not fit into a request head anyway.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// How long one exchange may take as a whole. The request that needs the token waits for it.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest lifetime that is accepted, in seconds: about thirty years. It keeps the time of expiry in
/// the range of a timestamp.
const LIFETIME_SECONDS_MAX: f64 = 1e9;

/// The error codes of RFC 6749, section 5.2. No other text of a response is repeated.
const ERROR_CODES: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Why there is no new access token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The endpoint could not be reached, or its response did not arrive.
    #[error("the token endpoint did not respond: {0}")]
    NoResponse(String),
    /// It responded with an error.
    #[error("the token endpoint refused with status {status}{}", code_in_brackets(.code.as_ref()))]
    Refused {
        /// The status of the response.
        status: u16,
        /// The error code, if it is one of RFC 6749.
        code: Option<&'static str>,
    },
    /// The response is not a usable access token.
    #[error("the token endpoint's response is invalid: {0}")]
    Unusable(&'static str),
}

fn code_in_brackets(code: Option<&&'static str>) -> String {
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

impl TokenError {
    /// Returns whether the endpoint does not know the grant, or no longer: another process may have used
    /// a refresh token that works only once.
    pub(crate) fn is_invalid_grant(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: Some("invalid_grant"),
                ..
            }
        )
    }

    fn is_invalid_client(&self) -> bool {
        match self {
            Self::Refused { status: 401, .. } => true,
            Self::Refused { status: 400, code } => *code == Some("invalid_client"),
            _ => false,
        }
    }
}

/// A successful response of a token endpoint.
pub(crate) struct Fetched {
    pub(crate) access: AccessToken,
    /// The refresh token that replaces the one that was used.
    pub(crate) refresh_token: Option<SecretString>,
}

/// How the client authenticates.
#[derive(Clone, Copy)]
enum ClientAuthentication {
    Basic,
    Body,
}

/// Requests an access token: with the refresh token if there is one, else with the client credentials.
/// The client authenticates by HTTP Basic, and again in the body if the endpoint does not accept that.
pub(crate) async fn fetch(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    match exchange(upstream, pool, grant, ClientAuthentication::Basic, now).await {
        Err(error) if error.is_invalid_client() => {
            exchange(upstream, pool, grant, ClientAuthentication::Body, now).await
        }
        done => done,
    }
}

async fn exchange(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    authentication: ClientAuthentication,
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    let outbound = request(pool, grant, authentication)?;
    let exchanged = timeout(EXCHANGE_TIMEOUT, async {
        let inbound = upstream
            .send(outbound, &CancellationToken::new())
            .await
            .map_err(|error| TokenError::NoResponse(error.to_string()))?;
        let Inbound { status, body, .. } = inbound;
        Ok((status, read(body).await?))
    });
    let (status, response) = exchanged
        .await
        .map_err(|_| TokenError::NoResponse("it took too long".to_owned()))??;
    parse_response(status, &response, now)
}

fn request(
    pool: PoolKey,
    grant: &OauthGrant,
    authentication: ClientAuthentication,
) -> Result<Outbound, TokenError> {
    let unusable = |_| TokenError::NoResponse("its address may not be dialed".to_owned());
    let origin = Origin::try_from(grant.token_url.origin()).map_err(unusable)?;
    let path_and_query = PathAndQuery::try_from(grant.token_url.path_and_query())
        .map_err(|_| TokenError::NoResponse("its URL cannot be sent".to_owned()))?;

    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let mut form = Form::of(grant);
    match authentication {
        ClientAuthentication::Basic => {
            headers.insert(AUTHORIZATION, client_basic(grant)?);
        }
        ClientAuthentication::Body => {
            form.add("client_id", grant.client_id.expose_secret());
            form.add("client_secret", grant.client_secret.expose_secret());
        }
    }
    Ok(Outbound {
        pool,
        origin,
        method: Method::POST,
        path_and_query,
        headers,
        web_socket: false,
        body: form.into_bytes().into(),
    })
}

/// Encodes ID and secret as a form before they are joined (RFC 6749, section 2.3.1).
fn client_basic(grant: &OauthGrant) -> Result<HeaderValue, TokenError> {
    let (id, secret) = (
        grant.client_id.expose_secret(),
        grant.client_secret.expose_secret(),
    );
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.len()) + 1));
    let written = write!(
        pair,
        "{}:{}",
        utf8_percent_encode(id, ENCODED),
        utf8_percent_encode(secret, ENCODED)
    );
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let value = Zeroizing::new(format!("Basic {}", encoded.as_str()));
    let mut value = written
        .ok()
        .and_then(|()| HeaderValue::try_from(value.as_str()).ok())
        .ok_or_else(|| {
            TokenError::NoResponse("the client ID and secret cannot be sent in a header".to_owned())
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A form that is wiped when it is dropped.
struct Form(Zeroizing<String>);

impl Form {
    fn of(grant: &OauthGrant) -> Self {
        // The capacity is that of every field at its longest, because a string that grows leaves a copy.
        let mut form = Self(Zeroizing::new(String::with_capacity(
            256 + 3 * [
                Some(grant.client_id.expose_secret()),
                Some(grant.client_secret.expose_secret()),
                grant
                    .refresh_token
                    .as_ref()
                    .map(ExposeSecret::expose_secret),
                grant.scope.as_deref(),
            ]
            .into_iter()
            .flatten()
            .map(str::len)
            .sum::<usize>(),
        )));
        match &grant.refresh_token {
            Some(refresh_token) => {
                form.add("grant_type", "refresh_token");
                form.add("refresh_token", refresh_token.expose_secret());
            }
            None => form.add("grant_type", "client_credentials"),
        }
        if let Some(scope) = &grant.scope {
            form.add("scope", scope);
        }
        form
    }

    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ENCODED));
    }

    fn into_bytes(mut self) -> Bytes {
        let text = std::mem::take(&mut *self.0);
        Bytes::from_owner(Zeroizing::new(text.into_bytes()))
    }
}

async fn read(mut body: InboundBody) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    let mut response = Zeroizing::new(Vec::with_capacity(RESPONSE_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TokenError::NoResponse(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if response.len() + data.len() > RESPONSE_BYTES_MAX {
                return Err(TokenError::Unusable("it is longer than 64 KiB"));
            }
            response.extend_from_slice(&data);
        }
    }
    Ok(response)
}

#[derive(Deserialize)]
struct TokenResponse<'a> {
    #[serde(borrow)]
    access_token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    token_type: Option<Cow<'a, str>>,
    expires_in: Option<Value>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct ErrorResponse<'a> {
    #[serde(borrow)]
    error: Cow<'a, str>,
}

fn parse_response(
    status: StatusCode,
    response: &[u8],
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    // Some endpoints send 200 with an error, so the error is looked for first.
    let refusal = serde_json::from_slice::<ErrorResponse<'_>>(response).ok();
    if !status.is_success() || refusal.is_some() {
        return Err(TokenError::Refused {
            status: status.as_u16(),
            code: refusal.and_then(|refusal| {
                ERROR_CODES
                    .iter()
                    .copied()
                    .find(|code| *code == refusal.error)
            }),
        });
    }
    let response: TokenResponse<'_> = serde_json::from_slice(response)
        .map_err(|_| TokenError::Unusable("it is not the JSON object of RFC 6749"))?;
    let is_bearer = response
        .token_type
        .is_none_or(|token_type| token_type.eq_ignore_ascii_case("bearer"));
    if !is_bearer {
        return Err(TokenError::Unusable("its token type is not bearer"));
    }
    let token = response
        .access_token
        .ok_or(TokenError::Unusable("it contains no access token"))?;
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || header_value_trouble(&token).is_some() {
        return Err(TokenError::Unusable(
            "its access token cannot be sent in a header",
        ));
    }
    let refresh_token = response.refresh_token.filter(|token| !token.is_empty());
    if refresh_token
        .as_ref()
        .is_some_and(|token| token.len() > TOKEN_BYTES_MAX)
    {
        return Err(TokenError::Unusable("its refresh token is too long"));
    }
    let expires_at = match response.expires_in {
        None | Some(Value::Null) => None,
        Some(stated) => {
            let lifetime = lifetime(&stated);
            let trouble = TokenError::Unusable("its lifetime is not a number of seconds");
            Some(now.after(lifetime.ok_or(trouble)?))
        }
    };
    Ok(Fetched {
        access: AccessToken {
            token: SecretString::from(token.into_owned()),
            fetched_at: now,
            expires_at,
        },
        refresh_token: refresh_token.map(|token| SecretString::from(token.into_owned())),
    })
}

/// Parses a number of seconds. Some endpoints write it as a string, or with a fraction.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds: f64 = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }?;
    // Written so that NaN, which compares false with everything, is refused.
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LIFETIME_SECONDS_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(status: u16, response: &str) -> Result<Fetched, TokenError> {
        parse_response(
            StatusCode::from_u16(status).unwrap(),
            response.as_bytes(),
            Timestamp(1_000),
        )
    }

    #[test]
    fn a_token_is_accepted_with_its_lifetime() {
        for (lifetime, expires_at) in [
            ("3600", Some(Timestamp(3_601_000))),
            ("\"60\"", Some(Timestamp(61_000))),
            ("1.5", Some(Timestamp(2_500))),
            ("null", None),
            ("99999999999999", Some(Timestamp(1_000_000_001_000))),
        ] {
            let response = format!(
                r#"{{"access_token":"a.b-c","token_type":"Bearer","expires_in":{lifetime},"scope":"x"}}"#
            );
            let fetched = parsed(200, &response).unwrap();
            assert_eq!(fetched.access.token.expose_secret(), "a.b-c");
            assert_eq!(fetched.access.expires_at, expires_at);
            assert!(fetched.refresh_token.is_none());
        }
    }

    #[test]
    fn a_response_without_a_usable_token_is_refused() {
        let long = format!(
            r#"{{"access_token":"{}"}}"#,
            "a".repeat(TOKEN_BYTES_MAX + 1)
        );
        for response in [
            "",
            "[]",
            "null",
            "access_token=a&token_type=bearer",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":5}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"é"}"#,
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","expires_in":-5}"#,
            r#"{"access_token":"a","expires_in":0}"#,
            r#"{"access_token":"a","expires_in":"soon"}"#,
            r#"{"access_token":"a","expires_in":"NaN"}"#,
            r#"{"access_token":"a","expires_in":"-inf"}"#,
            r#"{"access_token":"a"} trailing"#,
            &long,
        ] {
            assert!(
                matches!(parsed(200, response), Err(TokenError::Unusable(_))),
                "{response}"
            );
        }
    }

    #[test]
    fn an_error_is_reported_by_its_code_and_never_by_the_endpoints_words() {
        for (status, response, code) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"canary"}"#,
                Some("invalid_grant"),
            ),
            (200, r#"{"error":"invalid_client"}"#, Some("invalid_client")),
            (400, r#"{"error":"canary"}"#, None),
            (500, "canary", None),
            (302, r#"{"access_token":"canary"}"#, None),
        ] {
            let error = parsed(status, response).map(|_| ()).unwrap_err();
            assert_eq!(error, TokenError::Refused { status, code });
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
