//! A service with what follows from its definition. It is computed once, when the definition is loaded,
//! and not for every request.

use std::ops::Deref;

use gaiterguard_domain::service::Service;
use gaiterguard_upstream::{InvalidOrigin, Origin};
use http::HeaderName;

/// A service with the origin that is dialed for it and the headers that its credential sets.
#[derive(Debug)]
pub struct ResolvedService {
    service: Service,
    origin: Result<Origin, InvalidOrigin>,
    credential_headers: Vec<HeaderName>,
}

impl ResolvedService {
    /// Computes what follows from a definition.
    pub fn new(service: Service) -> Self {
        Self {
            origin: Origin::try_from(service.base_url.origin()),
            credential_headers: service.place().headers(),
            service,
        }
    }

    /// Returns the origin that is dialed.
    ///
    /// # Errors
    ///
    /// If the host of the base URL is not a valid name or address.
    pub fn origin(&self) -> Result<&Origin, InvalidOrigin> {
        self.origin.as_ref().map_err(|invalid| *invalid)
    }

    /// Returns the headers that the credential sets. An agent may not send them.
    pub fn credential_headers(&self) -> &[HeaderName] {
        &self.credential_headers
    }
}

impl Deref for ResolvedService {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}
