//! Addresses in the requests and responses of `/s/{service}/…`, whose clients know the upstream only by that path.

use std::sync::Arc;

use gaiterguard_authority::{AgentCaller, Definitions};
use gaiterguard_domain::served_url::ServedUrl;
use gaiterguard_gateway::response::Outcome;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header of WebDAV that names where a resource is copied or moved to (RFC 4918, section 10.3).
const DESTINATION: HeaderName = HeaderName::from_static("destination");

/// A request below the path of a service.
pub(super) struct Served {
    definitions: Arc<Definitions>,
    /// The URL of the gateway, without a trailing slash.
    gateway_url: Arc<str>,
    host: String,
    service: String,
    path: String,
}

impl Served {
    /// Notes a request of this agent. Without a public URL, the gateway has the address that the client used.
    pub(super) fn new(
        caller: &AgentCaller,
        public_url: Option<&Arc<str>>,
        parts: &Parts,
        service: &str,
        path: &str,
    ) -> Self {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or_default().to_owned();
        let gateway_url = match public_url {
            Some(given) => Arc::clone(given),
            None => format!("http://{host}").into(),
        };
        Self {
            definitions: Arc::clone(&caller.definitions),
            gateway_url,
            host,
            service: service.to_owned(),
            path: path.to_owned(),
        }
    }

    /// Rewrites an address below the service's path, as a request contains it, to the upstream's address.
    pub(super) fn adapt_request(&self, headers: &mut HeaderMap) {
        let Some(service) = self.definitions.service_named(&self.service) else {
            return;
        };
        let destination = headers.get(DESTINATION);
        let Some(destination) = destination.and_then(|value| value.to_str().ok()) else {
            return;
        };
        let rewritten = ServedUrl::new(&service.base_url, &self.gateway_url, &self.service)
            .upstream_address(destination, &self.host);
        if let Some(Ok(rewritten)) = rewritten.map(HeaderValue::try_from) {
            headers.insert(DESTINATION, rewritten);
        }
    }

    /// Rewrites the addresses of the upstream in its response to those of the gateway.
    pub(super) fn adapt_response(&self, outcome: &mut Outcome) {
        let Outcome::Responded(response) = outcome else {
            return;
        };
        let Some(service) = self.definitions.service_named(&self.service) else {
            return;
        };
        if ServedUrl::has_addresses(&response.headers)
            && let Ok(requested) = service.base_url.join(&self.path)
        {
            ServedUrl::new(&service.base_url, &self.gateway_url, &self.service)
                .rewrite(&requested, &mut response.headers);
        }
    }
}
