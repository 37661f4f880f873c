//! Who knocks at an agent's door.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_domain::redact::AGENT_KEY_PREFIX;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::authority::AgentCaller;
use gaiterguard_gateway::refusal::Refusal;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::problem::Problem;

const AGENT_KEY: HeaderName = HeaderName::from_static("agent-key");

/// The agent whose key a request carries, in `Agent-Key` or as a bearer token.
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
        let caller = key(&parts.headers).and_then(|key| gateway.caller(key));
        caller.map(Self).map_err(Problem::from)
    }
}

/// The one key that the request carries. Two that differ open nothing: it would be a guess which
/// of them is meant.
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
        "an agent key is required, in the header Agent-Key or as a bearer token",
    ))?;
    if keys.any(|other| other != first) {
        return Err(Refusal::InvalidAgentKey(
            "the request carries two agent keys that differ",
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
}
