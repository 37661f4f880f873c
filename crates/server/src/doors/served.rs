//! Addresses in the requests and responses of `/s/{service}/…`, whose clients know the upstream only by that path.

use std::sync::Arc;

use gaiterguard_authority::{AgentCaller, Definitions};
use gaiterguard_domain::served_url::ServedUrl;
use gaiterguard_gateway::response::Outcome;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The header of WebDAV that names where a resource is copied or moved to (RFC 4918, section 10.3).
const DESTINATION: HeaderName = HeaderName::from_static("destination");
/// The upstream's `Content-Length` of a response to HEAD.
const X_UPSTREAM_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-upstream-content-length");

/// A request below the path of a service.
pub(super) struct Served {
    definitions: Arc<Definitions>,
    public_url: Arc<str>,
    service: String,
    path: String,
    is_head: bool,
}

impl Served {
    /// Notes a request of this agent.
    pub(super) fn new(
        caller: &AgentCaller,
        public_url: &Arc<str>,
        service: &str,
        path: &str,
        method: &Method,
    ) -> Self {
        Self {
            definitions: Arc::clone(&caller.definitions),
            public_url: Arc::clone(public_url),
            service: service.to_owned(),
            path: path.to_owned(),
            is_head: *method == Method::HEAD,
        }
    }

    /// Rewrites the address in a request that lies below the path of the service to that of the upstream.
    pub(super) fn adapt_request(&self, headers: &mut HeaderMap) {
        let Some(service) = self.definitions.service_named(&self.service) else {
            return;
        };
        let served = ServedUrl::new(&service.base_url, &self.public_url, &self.service);
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(destination) = text(DESTINATION) else {
            return;
        };
        let rewritten = served.upstream_address(destination, text(HOST).unwrap_or_default());
        if let Some(Ok(rewritten)) = rewritten.map(HeaderValue::try_from) {
            headers.insert(DESTINATION, rewritten);
        }
    }

    /// Rewrites the addresses of the upstream in its response to those of the gateway. A response to HEAD keeps the
    /// length that the upstream stated.
    pub(super) fn adapt_response(&self, outcome: &mut Outcome) {
        let Outcome::Responded(response) = outcome else {
            return;
        };
        if self.is_head
            && let Some(length) = response.headers.get(X_UPSTREAM_CONTENT_LENGTH).cloned()
        {
            response.headers.insert(CONTENT_LENGTH, length);
        }
        let Some(service) = self.definitions.service_named(&self.service) else {
            return;
        };
        if ServedUrl::has_addresses(&response.headers)
            && let Ok(requested) = service.base_url.join(&self.path)
        {
            ServedUrl::new(&service.base_url, &self.public_url, &self.service)
                .rewrite(&requested, &mut response.headers);
        }
    }
}
