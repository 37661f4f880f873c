//! Authenticates agents by their key.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::redact::AGENT_KEY_PREFIX;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_intake::AGENT_KEY;
use gaiterguard_web::problem::Problem;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

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
