//! One exchange with a token endpoint (RFC 6749): what is asked, and what is taken as an answer.
//!
//! The endpoint is dialed through the same guarded way out as every upstream. Its answers hold
//! secrets, so nothing of them is ever told but the error codes that the RFC names.

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

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The longest access or refresh token that is taken, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// How long one exchange may take as a whole.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest lifetime that is believed, in seconds: about thirty years.
const LIFETIME_SECONDS_MAX: f64 = 1e9;

/// The error codes of RFC 6749, section 5.2. An answer's other words are not repeated.
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
    /// The endpoint could not be asked, or gave no answer.
    #[error("the token endpoint did not respond: {0}")]
    NoAnswer(String),
    /// It answered with an error.
    #[error("the token endpoint refused with status {status}{}", code_in_brackets(.code.as_ref()))]
    Refused {
        /// The status of its answer.
        status: u16,
        /// The error code, if it is one of RFC 6749.
        code: Option<&'static str>,
    },
    /// It answered with something that is no access token.
    #[error("the token endpoint's response is invalid: {0}")]
    Unusable(&'static str),
}

fn code_in_brackets(code: Option<&&'static str>) -> String {
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

impl TokenError {
    /// Whether the endpoint does not know the grant (any more): another process may have used a
    /// refresh token that works once.
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

/// What an endpoint gave.
pub(crate) struct Fetched {
    pub(crate) access: AccessToken,
    /// The refresh token that takes the place of the one that was used.
    pub(crate) refresh_token: Option<SecretString>,
}

/// How the client says who it is.
#[derive(Clone, Copy)]
enum ClientAuthentication {
    Basic,
    Body,
}

/// Asks for an access token: with the refresh token if there is one, else with the client's own
/// credentials. The client authenticates by HTTP Basic, and once more in the body if the endpoint
/// does not take that.
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
            .map_err(|error| TokenError::NoAnswer(error.to_string()))?;
        let Inbound { status, body, .. } = inbound;
        Ok((status, read(body).await?))
    });
    let (status, answer) = exchanged
        .await
        .map_err(|_| TokenError::NoAnswer("it took too long".to_owned()))??;
    understand(status, &answer, now)
}

fn request(
    pool: PoolKey,
    grant: &OauthGrant,
    authentication: ClientAuthentication,
) -> Result<Outbound, TokenError> {
    let unusable = |_| TokenError::NoAnswer("its address may not be dialed".to_owned());
    let origin = Origin::try_from(grant.token_url.origin()).map_err(unusable)?;
    let path_and_query = PathAndQuery::try_from(grant.token_url.path_and_query())
        .map_err(|_| TokenError::NoAnswer("its URL cannot be sent".to_owned()))?;

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

/// Name and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
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
            TokenError::NoAnswer("the client ID and secret cannot be sent in a header".to_owned())
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A form that is wiped when it is dropped.
struct Form(Zeroizing<String>);

impl Form {
    fn of(grant: &OauthGrant) -> Self {
        // Every field at its longest, so that growing leaves no copy behind.
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
    let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TokenError::NoAnswer(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if answer.len() + data.len() > ANSWER_BYTES_MAX {
                return Err(TokenError::Unusable("it is longer than 64 KiB"));
            }
            answer.extend_from_slice(&data);
        }
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    access_token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    token_type: Option<Cow<'a, str>>,
    expires_in: Option<Value>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(borrow)]
    error: Cow<'a, str>,
}

fn understand(status: StatusCode, answer: &[u8], now: Timestamp) -> Result<Fetched, TokenError> {
    // Some endpoints say 200 to everything, so an error is looked for first.
    let refusal = serde_json::from_slice::<Refusal<'_>>(answer).ok();
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
    let answer: Answer<'_> = serde_json::from_slice(answer)
        .map_err(|_| TokenError::Unusable("it is not the JSON object of RFC 6749"))?;
    let is_bearer = answer
        .token_type
        .is_none_or(|token_type| token_type.eq_ignore_ascii_case("bearer"));
    if !is_bearer {
        return Err(TokenError::Unusable("its token type is not bearer"));
    }
    let token = answer
        .access_token
        .ok_or(TokenError::Unusable("it contains no access token"))?;
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || header_value_trouble(&token).is_some() {
        return Err(TokenError::Unusable(
            "its access token cannot be sent in a header",
        ));
    }
    let refresh_token = answer.refresh_token.filter(|token| !token.is_empty());
    if refresh_token
        .as_ref()
        .is_some_and(|token| token.len() > TOKEN_BYTES_MAX)
    {
        return Err(TokenError::Unusable("its refresh token is too long"));
    }
    let expires_at = match answer.expires_in {
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

/// A number of seconds; some endpoints write it as a string, or with a fraction.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds: f64 = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }?;
    // Compared so that what is no number counts as neither.
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LIFETIME_SECONDS_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(status: u16, answer: &str) -> Result<Fetched, TokenError> {
        understand(
            StatusCode::from_u16(status).unwrap(),
            answer.as_bytes(),
            Timestamp(1_000),
        )
    }

    #[test]
    fn a_token_is_taken_with_its_lifetime() {
        for (lifetime, expires_at) in [
            ("3600", Some(Timestamp(3_601_000))),
            ("\"60\"", Some(Timestamp(61_000))),
            ("1.5", Some(Timestamp(2_500))),
            ("null", None),
            ("99999999999999", Some(Timestamp(1_000_000_001_000))),
        ] {
            let answer = format!(
                r#"{{"access_token":"a.b-c","token_type":"Bearer","expires_in":{lifetime},"scope":"x"}}"#
            );
            let fetched = understood(200, &answer).unwrap();
            assert_eq!(fetched.access.token.expose_secret(), "a.b-c");
            assert_eq!(fetched.access.expires_at, expires_at);
            assert!(fetched.refresh_token.is_none());
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = format!(
            r#"{{"access_token":"{}"}}"#,
            "a".repeat(TOKEN_BYTES_MAX + 1)
        );
        for answer in [
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
                matches!(understood(200, answer), Err(TokenError::Unusable(_))),
                "{answer}"
            );
        }
    }

    #[test]
    fn an_error_is_told_by_its_code_and_never_by_the_endpoints_words() {
        for (status, answer, code) in [
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
            let error = understood(status, answer).map(|_| ()).unwrap_err();
            assert_eq!(error, TokenError::Refused { status, code });
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
