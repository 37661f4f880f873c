//! Which requests of an agent the proxy accepts, and how they name their destination to the engine.

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::request::Destination;
use gaiterguard_domain::target::{Origin, Target};
use http::HeaderMap;

use crate::placeholder::{remove_placeholder_credentials, with_path_placeholder};
use crate::proxy_credentials::ProxyCredentials;
use crate::proxy_refusal::ProxyRefusal;

/// The host at which the proxy itself responds, so that programs can be checked without a request to an upstream.
/// No name server has a name below `invalid` (RFC 6761, section 6.4).
const CHECK_HOST: &str = "check.gaiterguard.invalid";

/// Returns whether an origin is the one at which the proxy itself responds.
pub fn is_check(origin: &Origin) -> bool {
    origin.host.as_str() == CHECK_HOST
}

/// Checks that the agent may use a service at an origin. `gateway_url` is the URL of the gateway itself.
///
/// # Errors
///
/// If the origin is the gateway, or none of the agent's services has a base URL there.
pub fn check_origin(
    caller: &AgentCaller,
    origin: &Origin,
    gateway_url: &str,
) -> Result<(), ProxyRefusal> {
    let is_gateway = Target::parse(gateway_url).is_ok_and(|gateway| {
        let gateway = gateway.origin();
        (&gateway.host, gateway.port) == (&origin.host, origin.port)
    });
    if is_gateway {
        return Err(ProxyRefusal::Itself(origin.clone()));
    }
    if !is_check(origin) && caller.services_at(origin).next().is_none() {
        return Err(ProxyRefusal::NoService(origin.clone()));
    }
    Ok(())
}

/// Returns the destination of a request to `url`, which is at `origin`. Removes the client's placeholder
/// credential from the URL and the headers.
pub fn destination(
    caller: &AgentCaller,
    credentials: &ProxyCredentials,
    origin: &Origin,
    url: String,
    headers: &mut HeaderMap,
) -> Destination {
    let services = caller.services_at(origin);
    let url = services.fold(url, |url, service| {
        with_path_placeholder(url, credentials.key(), service)
    });
    // The engine refuses a URL that is malformed or that no service contains.
    if let Ok(target) = Target::parse(&url)
        && let Ok((service, _)) = caller.service_containing(&target)
    {
        remove_placeholder_credentials(headers, &service);
    }
    Destination {
        service: None,
        path: None,
        target_url: Some(url),
    }
}
