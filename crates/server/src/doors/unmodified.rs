//! Finds the agent key of a client that knows nothing of the gateway: it sends the key where it would send
//! that of the service.

use gaiterguard_authority::AgentCaller;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_intake::{CarriedKey, KeyPlace, carried_keys, remove_subprotocol};
use http::request::Parts;

/// Returns the agent whose key an unmodified client sends where it would send the key of `service`
/// itself: in `Agent-Key`, `X-API-Key`, as a bearer token, in Basic authentication as the password or
/// as the user name without one, at the end of a WebSocket subprotocol, or at the location of the service's
/// own credential. Removes the subprotocol, and every other header that contains the key, including anything
/// else in it. A key in the place of a credential in `path` becomes the placeholder.
pub(super) fn of_passthrough(
    gateway: &Gateway,
    parts: &mut Parts,
    service: &str,
    path: &mut String,
) -> Result<AgentCaller, Refusal> {
    let mut carried = carried_keys(parts, path);
    let Some(first) = carried.first() else {
        return Err(Refusal::InvalidAgentKey(
            "an agent key is required: as a bearer token, as the password of Basic \
             authentication, in X-API-Key or Agent-Key, or where the service expects its own key",
        ));
    };
    let caller = gateway.caller(&first.key)?;
    let known = caller.definitions.service_named(service);
    // A key in another service's path is part of the request, which is refused for it.
    if carried.len() > 1 && !known.is_some_and(|known| KeyPlace::Path.is_own(known)) {
        carried.retain(|carried| !matches!(carried.place, KeyPlace::Path));
    }
    if carried.iter().any(|other| other.key != carried[0].key) {
        return Err(Refusal::InvalidAgentKey(
            "the request contains two different agent keys",
        ));
    }
    let is_accepted =
        |place: &KeyPlace| place.is_usual() || known.is_none_or(|known| place.is_own(known));
    if !carried.iter().all(|carried| is_accepted(&carried.place)) {
        return Err(Refusal::InvalidAgentKey(
            "the agent key is in a header, parameter, or path that this service does not use for its key",
        ));
    }
    let placeholder = known.and_then(|known| known.place().placeholder().map(ToString::to_string));
    for CarriedKey { place, key } in carried {
        match place {
            KeyPlace::Header(name) => {
                parts.headers.remove(name);
            }
            KeyPlace::Subprotocol => remove_subprotocol(parts, &key),
            KeyPlace::Path => {
                if let Some(placeholder) = &placeholder {
                    *path = path.replacen(&key, placeholder, 1);
                }
            }
            // The engine removes the parameter of the credential.
            KeyPlace::Parameter(_) => {}
        }
    }
    Ok(caller)
}
