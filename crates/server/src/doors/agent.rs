//! Authenticates agents by their key.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::redact::{AGENT_KEY_DIGITS, AGENT_KEY_PREFIX};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::problem::Problem;

const AGENT_KEY: HeaderName = HeaderName::from_static("agent-key");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The agent whose key the request carries, in `Agent-Key` or as a bearer token.
#[derive(Debug)]
pub(crate) struct Agent(pub(crate) AgentCaller);

impl<S> FromRequestParts<S> for Agent
where
    S: Send + Sync,
    Arc<Gateway>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let gateway = Arc::<Gateway>::from_ref(state);
        let caller = of_headers(&gateway, &parts.headers);
        caller.map(Self).map_err(Problem::from)
    }
}

/// Returns the agent whose key is in `Agent-Key` or sent as a bearer token.
pub(super) fn of_headers(gateway: &Gateway, headers: &HeaderMap) -> Result<AgentCaller, Refusal> {
    gateway.caller(key(headers)?)
}

/// Returns the agent whose key an unmodified client sends where it would send the key of `service`
/// itself: in `Agent-Key`, `X-API-Key`, as a bearer token, in Basic authentication as the password or
/// as the user name without one, or at the location of the service's own credential. Removes every
/// header that contains the key, including anything else in it.
pub(super) fn of_passthrough(
    gateway: &Gateway,
    parts: &mut Parts,
    service: &str,
) -> Result<AgentCaller, Refusal> {
    let carried = carried(parts);
    let Some(first) = carried.first() else {
        return Err(Refusal::InvalidAgentKey(
            "an agent key is required: as a bearer token, as the password of Basic \
             authentication, in X-API-Key or Agent-Key, or where the service expects its own key",
        ));
    };
    if carried.iter().any(|other| other.key != first.key) {
        return Err(Refusal::InvalidAgentKey(
            "the request contains two different agent keys",
        ));
    }
    let caller = gateway.caller(&first.key)?;
    let known = caller.definitions.service_named(service);
    let is_own = |place: &Place| match (place, known) {
        (Place::Header(name), Some(known)) => known.place().headers().contains(name),
        (Place::Parameter(name), Some(known)) => known.place().query_param() == Some(name),
        (_, None) => true,
    };
    let is_accepted = |carried: &Carried| is_usual(&carried.place) || is_own(&carried.place);
    if !carried.iter().all(is_accepted) {
        return Err(Refusal::InvalidAgentKey(
            "the agent key is in a header or parameter that this service does not use for its key",
        ));
    }
    for Carried { place, .. } in carried {
        if let Place::Header(name) = place {
            parts.headers.remove(name);
        }
    }
    Ok(caller)
}

/// A key and its location.
struct Carried {
    place: Place,
    key: String,
}

enum Place {
    Header(HeaderName),
    Parameter(String),
}

/// Returns all agent keys that are the whole value of a header or a query parameter. Where every
/// service accepts a key, the prefix is enough, so that a mistyped key is reported as one; elsewhere
/// the prefix may also begin a value of the upstream's.
fn carried(parts: &Parts) -> Vec<Carried> {
    let in_headers = parts.headers.iter().filter_map(|(name, value)| {
        let key = key_in(name, value)?.into_owned();
        let place = Place::Header(name.clone());
        Some(Carried { place, key })
    });
    let query = parts.uri.query().unwrap_or_default();
    let in_query = form_urlencoded::parse(query.as_bytes())
        .filter(|(_, value)| has_key_form(value))
        .map(|(name, value)| Carried {
            place: Place::Parameter(name.into_owned()),
            key: value.into_owned(),
        });
    in_headers.chain(in_query).collect()
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

/// Returns whether a text has the form of an agent key, in either case of its digits.
fn has_key_form(text: &str) -> bool {
    text.strip_prefix(AGENT_KEY_PREFIX).is_some_and(|digits| {
        digits.len() == AGENT_KEY_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Returns whether a key is accepted at this location for every service.
fn is_usual(place: &Place) -> bool {
    matches!(place, Place::Header(name) if is_usual_header(name))
}

fn is_usual_header(name: &HeaderName) -> bool {
    [AGENT_KEY, AUTHORIZATION, X_API_KEY].contains(name)
}

/// Returns the agent key of a request. Two different keys are refused rather than guessing which
/// one is meant.
fn key(headers: &HeaderMap) -> Result<&str, Refusal> {
    let own = headers
        .get_all(AGENT_KEY)
        .iter()
        .map(|value| value.to_str().unwrap_or_default());
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        let is_key = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(AGENT_KEY_PREFIX);
        is_key.then_some(token)
    });
    let mut keys = own.chain(bearer);
    let first = keys.next().ok_or(Refusal::InvalidAgentKey(
        "an agent key is required, in the Agent-Key header or as a bearer token",
    ))?;
    if keys.any(|other| other != first) {
        return Err(Refusal::InvalidAgentKey(
            "the request contains two different agent keys",
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        assert_eq!(key(&headers(&[("agent-key", "agt_1")])).unwrap(), "agt_1");
        assert_eq!(
            key(&headers(&[("authorization", "bearer agt_1")])).unwrap(),
            "agt_1"
        );
        let both = [("agent-key", "agt_1"), ("authorization", "Bearer agt_1")];
        assert_eq!(key(&headers(&both)).unwrap(), "agt_1");
    }

    #[test]
    fn no_key_or_two_that_differ_open_nothing() {
        assert!(key(&headers(&[])).is_err());
        assert!(key(&headers(&[("authorization", "Bearer eyJ")])).is_err());
        let both = [("agent-key", "agt_1"), ("authorization", "Bearer agt_2")];
        assert!(key(&headers(&both)).is_err());
    }

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
    fn an_id_that_begins_like_a_key_is_not_one() {
        let id = HeaderValue::from_static("agt_01HZX");
        assert_eq!(key_in(&HeaderName::from_static("x-agent-id"), &id), None);
        assert_eq!(key_in(&X_API_KEY, &id).as_deref(), Some("agt_01HZX"));
        let request = http::Request::get("/s/things/agents?after=agt_01HZX").body(());
        assert!(carried(&request.unwrap().into_parts().0).is_empty());
    }
}
