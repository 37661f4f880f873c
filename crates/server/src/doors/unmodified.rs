//! Finds the agent key of a client that knows nothing of the gateway: it sends the key where it would send
//! that of the service.

use gaiterguard_authority::AgentCaller;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_intake::{carried_keys, take_keys};
use http::request::Parts;

/// Returns the agent whose key an unmodified client sends where it would send the key of `service`
/// itself, and removes the key: see [`take_keys`].
pub(super) fn of_passthrough(
    gateway: &Gateway,
    parts: &mut Parts,
    service: &str,
    path: &mut String,
) -> Result<AgentCaller, Refusal> {
    let carried = carried_keys(parts, path);
    let Some(first) = carried.first() else {
        return Err(Refusal::InvalidAgentKey(
            "an agent key is required: as a bearer token, as the password of Basic \
             authentication, in X-API-Key or Agent-Key, or where the service expects its own key",
        ));
    };
    let caller = gateway.caller(&first.key)?;
    let known = caller.definitions.service_named(service);
    let known = known.map(|known| &***known);
    take_keys(carried, known, parts, path).map_err(Refusal::InvalidAgentKey)?;
    Ok(caller)
}
