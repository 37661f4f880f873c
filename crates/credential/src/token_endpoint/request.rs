//! The request for an access token (RFC 6749, sections 4.1.3, 4.4.2 and 6).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gaiterguard_upstream::{Origin, Outbound, PoolKey, SendOptions};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::utf8_percent_encode;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::error::TokenError;
use crate::grant::{ClientAuthentication, OauthGrant};
use crate::query::ENCODED;

/// A grant that is exchanged for an access token.
#[derive(Clone, Copy)]
pub(crate) enum Presented<'a> {
    /// The refresh token of the grant if there is one, else the client credentials.
    Stored,
    /// The code of an authorization.
    Code(AuthorizationCode<'a>),
}

/// The code of an authorization, and what proves that it is presented by the client that asked for it.
#[derive(Clone, Copy)]
pub(crate) struct AuthorizationCode<'a> {
    pub(crate) code: &'a SecretString,
    pub(crate) verifier: &'a SecretString,
    pub(crate) redirect_uri: &'a str,
}

/// Builds the request of one exchange.
pub(super) fn request(
    pool: PoolKey,
    grant: &OauthGrant,
    presented: Presented<'_>,
    authentication: ClientAuthentication,
) -> Result<Outbound, TokenError> {
    let origin = Origin::from(grant.token_url.origin());
    let path_and_query = PathAndQuery::try_from(grant.token_url.path_and_query())
        .map_err(|_| TokenError::NoResponse("its URL cannot be sent".to_owned()))?;

    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    if authentication == ClientAuthentication::Basic {
        headers.insert(AUTHORIZATION, client_basic(grant)?);
    }
    Ok(Outbound {
        pool,
        origin,
        method: Method::POST,
        path_and_query,
        headers,
        web_socket: false,
        body: form(grant, presented, authentication).into_bytes().into(),
        options: SendOptions::default(),
    })
}

/// Encodes ID and secret as a form before they are joined (RFC 6749, section 2.3.1).
fn client_basic(grant: &OauthGrant) -> Result<HeaderValue, TokenError> {
    let id = grant.client_id.expose_secret();
    let secret = exposed(grant.client_secret.as_ref());
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

fn form(
    grant: &OauthGrant,
    presented: Presented<'_>,
    authentication: ClientAuthentication,
) -> Form {
    let mut fields: Vec<(&str, &str)> = Vec::new();
    match (presented, &grant.refresh_token) {
        (Presented::Code(code), _) => fields.extend([
            ("grant_type", "authorization_code"),
            ("code", code.code.expose_secret()),
            ("redirect_uri", code.redirect_uri),
            ("code_verifier", code.verifier.expose_secret()),
        ]),
        (Presented::Stored, Some(refresh_token)) => {
            fields.push(("grant_type", "refresh_token"));
            fields.push(("refresh_token", refresh_token.expose_secret()));
        }
        (Presented::Stored, None) if grant.extra.iter().any(|(name, _)| name == "grant_type") => {}
        (Presented::Stored, None) => fields.push(("grant_type", "client_credentials")),
    }
    // The code has the scope for which it was asked.
    if let Some(scope) = &grant.scope
        && matches!(presented, Presented::Stored)
    {
        fields.push(("scope", scope));
    }
    for (name, value) in &grant.extra {
        fields.push((name.as_str(), value.expose_secret()));
    }
    if authentication != ClientAuthentication::Basic {
        fields.push(("client_id", grant.client_id.expose_secret()));
    }
    if authentication == ClientAuthentication::Form {
        fields.push(("client_secret", exposed(grant.client_secret.as_ref())));
    }
    Form::of(&fields)
}

fn exposed(secret: Option<&SecretString>) -> &str {
    secret.map_or("", ExposeSecret::expose_secret)
}

/// A form that is wiped when it is dropped.
struct Form(Zeroizing<String>);

impl Form {
    fn of(fields: &[(&str, &str)]) -> Self {
        // An encoded byte takes three. The capacity is that of every field at its longest, because a string
        // that grows leaves a copy.
        let capacity: usize = fields
            .iter()
            .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
            .sum();
        let mut form = Zeroizing::new(String::with_capacity(capacity));
        for (name, value) in fields {
            if !form.is_empty() {
                form.push('&');
            }
            form.extend(utf8_percent_encode(name, ENCODED));
            form.push('=');
            form.extend(utf8_percent_encode(value, ENCODED));
        }
        Self(form)
    }

    fn into_bytes(mut self) -> Bytes {
        let text = std::mem::take(&mut *self.0);
        Bytes::from_owner(Zeroizing::new(text.into_bytes()))
    }
}
