//! The agent key of a client that knows nothing of the gateway: where it would send the key of the service.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::aws_signature::{self, CREDENTIAL_PARAM};
use gaiterguard_domain::redact::{AGENT_KEY_DIGITS, AGENT_KEY_PREFIX};
use gaiterguard_domain::service::Service;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

/// The gateway's own header for agent keys.
pub const AGENT_KEY: HeaderName = HeaderName::from_static("agent-key");

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The length of an agent key, in bytes.
const KEY_BYTES: usize = AGENT_KEY_PREFIX.len() + AGENT_KEY_DIGITS;

/// An agent key in the head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedKey {
    /// Its location.
    pub place: KeyPlace,
    /// The key.
    pub key: String,
}

/// The location of an agent key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header, whose whole value it is.
    Header(HeaderName),
    /// The access key ID of a signature in `Authorization`.
    Signature,
    /// The access key ID of a signature in the query.
    QuerySignature,
    /// The end of a WebSocket subprotocol.
    Subprotocol,
    /// A parameter of the query.
    Parameter(String),
    /// A part of the path.
    Path,
}

impl KeyPlace {
    /// Returns whether a service's own credential belongs in this place.
    fn is_own(&self, known: &Service) -> bool {
        match self {
            Self::Header(name) => known.place().headers().contains(name),
            Self::Parameter(name) => known.place().query_param() == Some(name),
            Self::Path => known
                .place()
                .placeholder()
                .is_some_and(|placeholder| placeholder.count_in(known.base_url.path()) == 0),
            Self::QuerySignature => known.place().signature().is_some(),
            Self::Signature | Self::Subprotocol => false,
        }
    }

    /// Returns whether a key is accepted at this location for every service.
    fn is_usual(&self) -> bool {
        match self {
            Self::Header(name) => is_usual_header(name),
            Self::Signature | Self::Subprotocol => true,
            Self::Parameter(_) | Self::QuerySignature | Self::Path => false,
        }
    }
}

/// Returns all agent keys that are the whole value of a header or a query parameter, the end of a
/// subprotocol, or a part of the path. Where every service accepts a key, the prefix is enough, so that a
/// mistyped key is reported as one; elsewhere the prefix may also begin a value of the upstream's.
pub fn carried_keys(parts: &Parts, path: &str) -> Vec<CarriedKey> {
    let in_headers = parts.headers.iter().filter_map(|(name, value)| {
        if name == AUTHORIZATION
            && let Some(key) = aws_signature::credential(value).and_then(access_key_id)
        {
            let (place, key) = (KeyPlace::Signature, key.to_owned());
            return Some(CarriedKey { place, key });
        }
        let key = key_in(name, value)?.into_owned();
        let place = KeyPlace::Header(name.clone());
        Some(CarriedKey { place, key })
    });
    let subprotocols = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let in_subprotocols = subprotocols
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(key_at_end)
        .map(|key| CarriedKey {
            place: KeyPlace::Subprotocol,
            key: key.to_owned(),
        });
    let query = parts.uri.query().unwrap_or_default();
    let in_query = form_urlencoded::parse(query.as_bytes()).filter_map(|(name, value)| {
        if has_key_form(&value) {
            let (place, key) = (KeyPlace::Parameter(name.into_owned()), value.into_owned());
            return Some(CarriedKey { place, key });
        }
        let is_signature = name.eq_ignore_ascii_case(CREDENTIAL_PARAM);
        let key = access_key_id(&value).filter(|_| is_signature)?.to_owned();
        let place = KeyPlace::QuerySignature;
        Some(CarriedKey { place, key })
    });
    let path = path.split('?').next().unwrap_or_default();
    let in_path = key_within(path).map(|key| CarriedKey {
        place: KeyPlace::Path,
        key: key.to_owned(),
    });
    in_headers
        .chain(in_subprotocols)
        .chain(in_query)
        .chain(in_path)
        .collect()
}

/// Returns the agent key in a header value, if the value consists of one.
fn key_in<'v>(name: &HeaderName, value: &'v HeaderValue) -> Option<Cow<'v, str>> {
    let value = value.to_str().ok()?;
    let scheme_and_token = if name == AUTHORIZATION {
        value.split_once(' ')
    } else {
        None
    };
    let word = match scheme_and_token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("basic") => {
            let pair = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
            let (username, password) = pair.split_once(':')?;
            // Some clients send the key as the user name, without a password.
            let key = if password.is_empty() {
                username
            } else {
                password
            };
            Cow::Owned(key.to_owned())
        }
        Some((_, token)) => Cow::Borrowed(token.trim()),
        None => Cow::Borrowed(value.trim()),
    };
    let is_key = if is_usual_header(name) {
        word.starts_with(AGENT_KEY_PREFIX)
    } else {
        has_key_form(&word)
    };
    is_key.then_some(word)
}

/// Returns the agent key that an AWS client has as its access key ID, in the credential of a signature.
fn access_key_id(credential: &str) -> Option<&str> {
    let id = credential.split('/').next()?;
    id.starts_with(AGENT_KEY_PREFIX).then_some(id)
}

/// Returns whether a text has the form of an agent key, in either case of its digits.
fn has_key_form(text: &str) -> bool {
    text.strip_prefix(AGENT_KEY_PREFIX).is_some_and(|digits| {
        digits.len() == AGENT_KEY_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Returns the agent key that ends a subprotocol, as in `openai-insecure-api-key.agt_…`.
fn key_at_end(subprotocol: &str) -> Option<&str> {
    let subprotocol = subprotocol.trim();
    let key = subprotocol.get(subprotocol.len().checked_sub(KEY_BYTES)?..)?;
    has_key_form(key).then_some(key)
}

/// Returns the first agent key in a path.
fn key_within(path: &str) -> Option<&str> {
    path.match_indices(AGENT_KEY_PREFIX)
        .filter_map(|(at, _)| path.get(at..at + KEY_BYTES))
        .find(|key| has_key_form(key))
}

/// Removes the key from the signature of an AWS client. The scope of the signature remains.
fn remove_access_key_id(parts: &mut Parts, key: &str) {
    let signed = parts.headers.get(AUTHORIZATION);
    let signed = signed.and_then(|value| value.to_str().ok());
    let scope = signed.map(|signed| signed.replace(key, "-"));
    if let Some(Ok(scope)) = scope.map(HeaderValue::try_from) {
        parts.headers.insert(AUTHORIZATION, scope);
    }
}

/// Removes the subprotocols that end in this key.
fn remove_subprotocol(parts: &mut Parts, key: &str) {
    let offered = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let others: Vec<&str> = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|subprotocol| key_at_end(subprotocol) != Some(key))
        .collect();
    match HeaderValue::try_from(others.join(", ")) {
        Ok(others) if !others.is_empty() => {
            parts.headers.insert(SEC_WEBSOCKET_PROTOCOL, others);
        }
        _ => {
            parts.headers.remove(SEC_WEBSOCKET_PROTOCOL);
        }
    }
}

/// Removes the agent keys that an unmodified client sends where it would send the key of the service
/// itself: in `Agent-Key`, `X-API-Key`, as a bearer token, in Basic authentication as the password or
/// as the user name without one, at the end of a WebSocket subprotocol, or at the location of the service's
/// own credential, and as the access key ID of a signature. Removes the subprotocol, and every other header
/// that contains the key, including anything else in it. A key in the place of a credential in `path` becomes
/// the placeholder.
///
/// # Errors
///
/// A sentence for the client, if the keys differ, or if one is where the service does not use its own.
pub fn take_keys(
    mut carried: Vec<CarriedKey>,
    known: Option<&Service>,
    parts: &mut Parts,
    path: &mut String,
) -> Result<(), &'static str> {
    // A key in another service's path is part of the request, which is refused for it.
    if carried.len() > 1 && !known.is_some_and(|known| KeyPlace::Path.is_own(known)) {
        carried.retain(|carried| !matches!(carried.place, KeyPlace::Path));
    }
    if carried.iter().any(|other| other.key != carried[0].key) {
        return Err("the request contains two different agent keys");
    }
    let is_accepted =
        |place: &KeyPlace| place.is_usual() || known.is_none_or(|known| place.is_own(known));
    if !carried.iter().all(|carried| is_accepted(&carried.place)) {
        return Err(
            "the agent key is in a header, parameter, or path that this service does not use for its key",
        );
    }
    let placeholder = known.and_then(|known| known.place().placeholder().map(ToString::to_string));
    for CarriedKey { place, key } in carried {
        match place {
            KeyPlace::Header(name) => {
                parts.headers.remove(name);
            }
            KeyPlace::Signature => remove_access_key_id(parts, &key),
            KeyPlace::Subprotocol => remove_subprotocol(parts, &key),
            KeyPlace::Path => {
                if let Some(placeholder) = &placeholder {
                    *path = path.replacen(&key, placeholder, 1);
                }
            }
            // The engine removes the parameter of the credential.
            KeyPlace::Parameter(_) | KeyPlace::QuerySignature => {}
        }
    }
    Ok(())
}

fn is_usual_header(name: &HeaderName) -> bool {
    [AGENT_KEY, AUTHORIZATION, X_API_KEY].contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_knows_nothing_of_the_gateway_carries_its_key_as_it_is_used_to() {
        let key = format!("agt_{}", "0a".repeat(32));
        let basic = format!("Basic {}", STANDARD.encode(format!("user:{key}")));
        let alone = format!("Basic {}", STANDARD.encode(format!("{key}:")));
        for (name, value) in [
            ("authorization", format!("Bearer {key}")),
            ("authorization", basic),
            ("authorization", alone),
            ("authorization", format!("token {key}")),
            ("x-goog-api-key", key.clone()),
        ] {
            let name = HeaderName::from_static(name);
            let value = HeaderValue::try_from(value).unwrap();
            assert_eq!(key_in(&name, &value).as_deref(), Some(key.as_str()));
        }
        let other = HeaderValue::from_static("Bearer sk-live");
        assert_eq!(key_in(&AUTHORIZATION, &other), None);
    }

    #[test]
    fn the_access_key_id_of_a_signature_may_be_the_key_and_only_the_scope_remains() {
        let key = format!("agt_{}", "0a".repeat(32));
        let scope = "20261201/eu-west-1/s3/aws4_request";
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host, Signature=0");
        let request = http::Request::get("/s/things/b").header(AUTHORIZATION, &signed);
        let mut parts = request.body(()).unwrap().into_parts().0;
        let found = carried_keys(&parts, "/b");
        assert_eq!(
            found,
            [CarriedKey {
                place: KeyPlace::Signature,
                key: key.clone()
            }]
        );
        take_keys(found, None, &mut parts, &mut "/b".to_owned()).unwrap();
        let left = parts.headers[AUTHORIZATION].to_str().unwrap();
        assert_eq!(left, signed.replace(&key, "-"));
        let query = format!("X-Amz-Credential={key}%2F{}", scope.replace('/', "%2F"));
        let request = http::Request::get(format!("/s/things/b?{query}")).body(());
        let found = carried_keys(&request.unwrap().into_parts().0, "/b");
        assert_eq!(
            found,
            [CarriedKey {
                place: KeyPlace::QuerySignature,
                key
            }]
        );
    }

    #[test]
    fn an_id_that_begins_like_a_key_is_not_one() {
        let id = HeaderValue::from_static("agt_01HZX");
        assert_eq!(key_in(&HeaderName::from_static("x-agent-id"), &id), None);
        assert_eq!(key_in(&X_API_KEY, &id).as_deref(), Some("agt_01HZX"));
        let request = http::Request::get("/s/things/agents?after=agt_01HZX").body(());
        assert!(carried_keys(&request.unwrap().into_parts().0, "").is_empty());
    }

    #[test]
    fn a_subprotocol_that_carries_the_key_is_removed_and_the_others_remain() {
        let key = format!("agt_{}", "0a".repeat(32));
        for (offered, left) in [
            (
                format!("realtime, openai-insecure-api-key.{key}"),
                Some("realtime"),
            ),
            (format!("{key},realtime ,v2"), Some("realtime, v2")),
            (format!("bearer.{key}"), None),
        ] {
            let request = http::Request::get("/s/things/v1/realtime")
                .header(SEC_WEBSOCKET_PROTOCOL, &offered)
                .body(());
            let mut parts = request.unwrap().into_parts().0;
            let found = carried_keys(&parts, "/v1/realtime");
            assert_eq!(found.len(), 1, "{offered}");
            assert_eq!(found[0].key, key);
            remove_subprotocol(&mut parts, &key);
            let offered = parts.headers.get(SEC_WEBSOCKET_PROTOCOL);
            assert_eq!(offered.map(|value| value.to_str().unwrap()), left);
        }
    }

    #[test]
    fn a_key_in_the_path_is_found_and_one_in_the_query_is_not_in_the_path() {
        let key = format!("agt_{}", "0a".repeat(32));
        let path = format!("/bot{key}/sendMessage?chat_id=1");
        assert_eq!(key_within(&path), Some(key.as_str()));
        assert_eq!(key_within("/bot123:agt_/sendMessage"), None);
    }
}
