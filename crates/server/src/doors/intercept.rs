//! The proxy port: CONNECT, requests in absolute form, and the requests that arrive in tunnels.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::target::Origin;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_intercept::{
    Accepted, Attempt, Interceptor, OtherHostTunnels, ProxyCredentials, ProxyRefusal, Tunnel,
    check_origin, connect_target, destination, is_check, requested_target,
};
use gaiterguard_listener::ConnectionSlot;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use http::{Method, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::manifest::manifest;
use super::own_request::OwnRequest;
use crate::middleware::Boundary;
use crate::state::AgentState;

/// The state of requests at the proxy port and in its tunnels.
#[derive(Clone)]
struct Proxy {
    agents: AgentState,
    /// The URL of the gateway, without a trailing slash.
    gateway_url: Arc<str>,
}

/// The state of requests at the proxy port.
#[derive(Clone)]
struct Port {
    proxy: Proxy,
    interceptor: Interceptor,
    other_hosts: OtherHostTunnels,
    /// Serves the requests in tunnels.
    tunnels: Boundary,
}

/// Returns the application of the proxy port. `gateway_url` has no trailing slash.
pub(crate) fn proxy_port(
    agents: AgentState,
    interceptor: Interceptor,
    other_hosts: OtherHostTunnels,
    gateway_url: &str,
) -> Boundary {
    let cors_origins = Arc::clone(&agents.cors_origins);
    let gateway_url = gateway_url.into();
    let proxy = Proxy {
        agents,
        gateway_url,
    };
    let tunnels = Router::new().fallback(in_tunnel);
    let tunnels = tunnels.with_state(proxy.clone());
    let port = Port {
        proxy,
        interceptor,
        other_hosts,
        tunnels: Boundary::of_proxy(tunnels, Arc::clone(&cors_origins)),
    };
    let router = Router::new().fallback(at_port).with_state(port);
    Boundary::of_proxy(router, cors_origins)
}

async fn at_port(
    State(port): State<Port>,
    Extension(context): Extension<RequestContext>,
    mut request: Request,
) -> Result<Response, Problem> {
    let is_connect = request.method() == Method::CONNECT;
    if !is_connect && request.uri().scheme().is_none() && request.uri().path() == "/" {
        let credentials = ProxyCredentials::parse(request.headers()).ok();
        let caller = credentials.and_then(|it| port.proxy.agents.gateway.caller(it.key()).ok());
        return Ok(manifest(caller.as_ref(), &port.proxy.gateway_url));
    }
    let target = if is_connect {
        connect_target(request.uri()).map(|origin| (String::new(), origin))
    } else {
        requested_target(request.uri())
    };
    let (url, origin) = target.inspect_err(|refusal| port.refused(&request, refusal))?;
    let credentials = ProxyCredentials::parse(request.headers())?;
    let caller = port.proxy.agents.gateway.caller(credentials.key());
    let caller = caller.map_err(|refusal| match refusal {
        Refusal::InvalidAgentKey(reason) => ProxyRefusal::UnknownKey(reason).into(),
        refusal => Problem::from(refusal),
    })?;
    let attempt = Attempt::new(&caller, Some(origin.clone()), credentials.label());
    let checked = match check_origin(&caller, &origin, &port.proxy.gateway_url) {
        Err(ProxyRefusal::NoService(other)) if is_connect => {
            let opening = port.other_hosts.open(&caller, other, credentials.label());
            Box::pin(opening).await.map(Some)
        }
        checked => checked.map(|()| None),
    };
    let other = checked.inspect_err(|refusal| {
        let refusals = port.interceptor.refusals();
        refusals.record(&attempt, &refusal.to_string());
    })?;
    if !is_connect {
        let sent = (url, origin, credentials);
        return port.proxy.submit(caller, sent, context, request).await;
    }
    let extensions = request.extensions_mut();
    let slot = extensions.remove::<ConnectionSlot>();
    let connection = extensions.remove::<OnUpgrade>();
    let connection = connection.ok_or_else(Problem::internal)?;
    if let Some(other) = other {
        other.carry(connection, slot);
        return Ok(StatusCode::OK.into_response());
    }
    let accepted = Accepted {
        connection,
        slot,
        peer: context.peer,
        origin,
        credentials,
        attempt,
        revoked: caller.key_token(),
    };
    port.interceptor.serve(accepted, port.tunnels.clone());
    Ok(StatusCode::OK.into_response())
}

impl Port {
    /// Records that the target of a request is refused, if an agent sends it.
    fn refused(&self, request: &Request, refusal: &ProxyRefusal) {
        let Ok(credentials) = ProxyCredentials::parse(request.headers()) else {
            return;
        };
        if let Ok(caller) = self.proxy.agents.gateway.caller(credentials.key()) {
            let attempt = Attempt::new(&caller, None, credentials.label());
            let refusals = self.interceptor.refusals();
            refusals.record(&attempt, &refusal.to_string());
        }
    }
}

async fn in_tunnel(
    State(proxy): State<Proxy>,
    Extension(context): Extension<RequestContext>,
    Extension(tunnel): Extension<Arc<Tunnel>>,
    request: Request,
) -> Result<Response, Problem> {
    let url = tunnel.target_url(&request)?;
    // Looked up for each request, because the key may have been revoked since the tunnel was opened.
    let caller = proxy.agents.gateway.caller(tunnel.credentials.key())?;
    if is_check(&tunnel.origin) {
        return proxy.checked(&caller, request.uri().path());
    }
    let sent = (url, tunnel.origin.clone(), tunnel.credentials.clone());
    proxy.submit(caller, sent, context, request).await
}

impl Proxy {
    /// Responds to a request to the host at which the proxy itself responds.
    fn checked(&self, caller: &AgentCaller, path: &str) -> Result<Response, Problem> {
        match path {
            "/" => Ok(manifest(Some(caller), &self.gateway_url)),
            _ => Err(Problem::not_found("this host has only the path /")),
        }
    }

    /// Passes a request to the engine.
    async fn submit(
        &self,
        caller: AgentCaller,
        (url, origin, credentials): (String, Origin, ProxyCredentials),
        context: RequestContext,
        request: Request,
    ) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        let headers = &mut parts.headers;
        if is_check(&origin) {
            return self.checked(&caller, parts.uri.path());
        }
        let own = OwnRequest {
            destination: destination(&caller, &credentials, &origin, url, headers),
            label: credentials.label(),
            wait: credentials.wait(),
            caller,
            parts,
            body,
        };
        let submitted = own.submit(&self.agents, context.id).await?;
        Ok(submitted.respond(&self.agents, &self.gateway_url))
    }
}
