//! Injecting a credential into a request. Its value appears exactly once and last; everything else
//! stays as it was, byte for byte.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::header;
use gaiterguard_domain::placeholder::Placeholder;
use gaiterguard_upstream::Masker;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::aws::{Signable, sign};
use crate::credential::{Credential, basic_pair};
use crate::inject_error::InjectError;
use crate::parse::is_same_header;
use crate::query::{ENCODED, drop_parameter};
use crate::ready::ReadyCredential;

/// Everything but the characters that a segment of a path may contain (RFC 3986, section 3.3). Servers that do
/// not decode a path expect a token such as `123:abc` as it is.
const ENCODED_IN_PATH: &AsciiSet = &ENCODED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

impl ReadyCredential {
    /// Injects the credential into a request, as [`inject`] does, or signs it. Returns a masker that hides the
    /// credential, and the signature, in everything that the upstream sends back.
    ///
    /// # Errors
    ///
    /// If the request must not be sent.
    pub fn inject(&self, request: Signable<'_>) -> Result<Masker, InjectError> {
        let Credential::AwsSigv4(key) = &self.credential else {
            inject(&self.credential, request.headers, request.path_and_query)?;
            return Ok(self.credential.masker());
        };
        let identity = HeaderValue::from_static("identity");
        request.headers.insert(ACCEPT_ENCODING, identity);
        let signature = sign(key, self.opened_at, request)?;
        Ok(self.credential.masker_with(Some(signature)))
    }
}

/// Injects the credential into a request's headers or query.
///
/// Anything that the agent sent in the same place is removed. The request also asks the upstream for
/// the whole response without compression, because an echo of the credential could not be found in a
/// part of a response, or in a compressed one.
///
/// If this fails, the request must not be sent.
pub fn inject(
    credential: &Credential,
    headers: &mut HeaderMap,
    path_and_query: &mut PathAndQuery,
) -> Result<(), InjectError> {
    match credential {
        Credential::Bearer { token } => set_bearer(headers, token)?,
        Credential::Oauth2Static { access_token } => set_bearer(headers, access_token)?,
        Credential::Oauth2Grant(grant) => {
            let access = grant.access.as_ref().ok_or(InjectError::NoAccessToken)?;
            set_bearer(headers, &access.token)?;
        }
        Credential::Basic { username, password } => {
            let pair = basic_pair(username, password);
            let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            set(headers, &AUTHORIZATION, &joined("Basic ", &encoded))?;
        }
        Credential::ApiKey { headers: own } => {
            for (name, value) in own {
                set(headers, name, value.expose_secret())?;
            }
        }
        Credential::Query { param, value } => {
            *path_and_query = with_parameter(path_and_query.as_str(), param, value)?;
        }
        Credential::Path { placeholder, value } => {
            *path_and_query = with_segment(path_and_query.as_str(), placeholder, value)?;
        }
        Credential::AwsSigv4(_) => {
            return Err(InjectError::Signature("only a whole request can be"));
        }
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    header::remove_partial(headers);
    Ok(())
}

fn with_parameter(
    path_and_query: &str,
    param: &str,
    value: &SecretString,
) -> Result<PathAndQuery, InjectError> {
    let without = drop_parameter(path_and_query, param);
    let rest = without.as_deref().unwrap_or(path_and_query);
    let value = value.expose_secret();
    // An encoded byte takes three. The whole capacity is reserved, because a string that grows leaves
    // a copy of the secret behind.
    let capacity = rest.len() + 3 * (param.len() + value.len()) + 2;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    text.push_str(rest);
    match rest.split_once('?') {
        None => text.push('?'),
        Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
        Some(_) => text.push('&'),
    }
    write!(
        text,
        "{}={}",
        utf8_percent_encode(param, ENCODED),
        utf8_percent_encode(value, ENCODED)
    )
    .map_err(|_| InjectError::TooLong)?;
    PathAndQuery::try_from(text.as_str()).map_err(|_| InjectError::TooLong)
}

fn with_segment(
    path_and_query: &str,
    placeholder: &Placeholder,
    value: &SecretString,
) -> Result<PathAndQuery, InjectError> {
    let end = path_and_query.find('?').unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at(end);
    let mut pieces = placeholder.pieces(path);
    let (Some(before), Some(behind), None) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Err(InjectError::Placeholder);
    };
    let value = value.expose_secret();
    // An encoded byte takes three. The whole capacity is reserved, because a string that grows leaves
    // a copy of the secret behind.
    let capacity = path_and_query.len() + 3 * value.len();
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    text.push_str(before);
    text.extend(utf8_percent_encode(value, ENCODED_IN_PATH));
    text.push_str(behind);
    text.push_str(query);
    PathAndQuery::try_from(text.as_str()).map_err(|_| InjectError::TooLong)
}

fn set_bearer(headers: &mut HeaderMap, token: &SecretString) -> Result<(), InjectError> {
    set(
        headers,
        &AUTHORIZATION,
        &joined("Bearer ", token.expose_secret()),
    )
}

fn joined(scheme: &str, secret: &str) -> Zeroizing<String> {
    let mut value = Zeroizing::new(String::with_capacity(scheme.len() + secret.len()));
    value.push_str(scheme);
    value.push_str(secret);
    value
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: &str) -> Result<(), InjectError> {
    let mut value = HeaderValue::try_from(value).map_err(|_| InjectError::HeaderValue)?;
    value.set_sensitive(true);
    let others: Vec<HeaderName> = headers
        .keys()
        .filter(|other| is_same_header(other, name))
        .cloned()
        .collect();
    for other in others {
        headers.remove(other);
    }
    headers.append(name.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests;
