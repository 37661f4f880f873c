//! A service as the request path needs it: what follows from its definition is worked out once,
//! when the definition is loaded, and not for every request.

use std::ops::Deref;

use gaiterguard_domain::service::Service;
use gaiterguard_upstream::{InvalidOrigin, Origin};
use http::HeaderName;

use crate::refusal::Refusal;

/// A service, with where it is dialed and which headers are its credential's.
#[derive(Debug)]
pub struct KnownService {
    service: Service,
    origin: Result<Origin, InvalidOrigin>,
    credential_headers: Vec<HeaderName>,
}

impl KnownService {
    pub(crate) fn new(service: Service) -> Self {
        Self {
            origin: Origin::try_from(service.base_url.origin()),
            credential_headers: service.place().headers(),
            service,
        }
    }

    /// Where it is dialed.
    pub(crate) fn origin(&self) -> Result<&Origin, Refusal> {
        self.origin
            .as_ref()
            .map_err(|invalid| Refusal::TargetNotAllowed(invalid.to_string()))
    }

    /// The headers that its credential sets, which an agent may not.
    pub(crate) fn credential_headers(&self) -> &[HeaderName] {
        &self.credential_headers
    }
}

impl Deref for KnownService {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}
