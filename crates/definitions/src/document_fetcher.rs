//! Fetches documents, and what web pages load, from URLs.

use gaiterguard_apidocs::Unreadable;
use gaiterguard_credential::{ReadyCredential, inject};
use gaiterguard_domain::document::DOCUMENT_BYTES_MAX;
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::target::{Origin, Target};
use gaiterguard_upstream::page::{self, FetchError, Injected, Page};
use http::HeaderMap;
use http::uri::PathAndQuery;

use crate::definition_store::{DefinitionError, DefinitionStore};

/// Fetches a document and what it leads to, with the service's credential if there is one to use.
pub(crate) struct Fetcher<'f> {
    pub(crate) definitions: &'f DefinitionStore,
    /// The only origin that gets the credential.
    own: Option<Origin>,
    credential: Option<ReadyCredential>,
    bytes_max: usize,
}

impl<'f> Fetcher<'f> {
    /// Creates a fetcher of documents up to a size, in bytes, without a credential.
    pub(crate) fn new(definitions: &'f DefinitionStore, bytes_max: usize) -> Self {
        Self {
            definitions,
            own: None,
            credential: None,
            bytes_max,
        }
    }

    /// Uses the credential of a service from now on, for the origin of a URL. It must be the service's own.
    pub(crate) async fn use_credential(
        &mut self,
        service: &Service,
        address: &str,
    ) -> Result<(), DefinitionError> {
        let not_usable = |message: String| {
            let error = FieldError::new("useCredential", message);
            Err(DefinitionError::CredentialNotUsable(vec![error]))
        };
        let own = service.base_url.origin();
        let is_own = Target::parse(address).is_ok_and(|target| target.origin() == own);
        if !is_own {
            return not_usable(format!(
                "can be set only for a URL of the service's own origin, {own}"
            ));
        }
        match self.definitions.credentials().ready(service).await {
            Ok(Some(ready)) => {
                self.own = Some(own.clone());
                self.credential = Some(ready);
                Ok(())
            }
            Ok(None) => not_usable("is not possible: the service has no credential".to_owned()),
            Err(error) if error.is_own_failure() => {
                tracing::error!(%error, "a credential could not be read");
                not_usable("is not possible: the credential could not be read".to_owned())
            }
            Err(error) => not_usable(format!("is not possible: {error}")),
        }
    }

    /// Fetches from a URL. The error says why that failed, without the credential.
    pub(crate) async fn get(&self, address: &str) -> Result<Page, String> {
        let upstream = self.definitions.upstream();
        let Some(ready) = &self.credential else {
            let fetched = page::fetch(upstream, address, self.bytes_max, None).await;
            return fetched.map_err(|error| reason(&error));
        };
        let inject = |headers: &mut HeaderMap, path_and_query: &mut PathAndQuery| {
            let injected = inject(&ready.credential, headers, path_and_query);
            injected.map_err(|error| error.to_string())
        };
        let injected = Injected {
            inject: &inject,
            masker: ready.credential.masker(),
        };
        let masked = |text: &str| {
            let masked = injected.masker.mask_bytes(text.as_bytes());
            String::from_utf8_lossy(&masked).into_owned()
        };
        let is_own = Target::parse(address).is_ok_and(|target| {
            let own = self.own.as_ref();
            own.is_some_and(|own| own == target.origin())
        });
        let injected = is_own.then_some(&injected);
        match page::fetch(upstream, address, self.bytes_max, injected).await {
            Ok(mut page) => {
                page.moved_to = page.moved_to.as_deref().map(masked);
                Ok(page)
            }
            Err(error) => Err(masked(&reason(&error))),
        }
    }
}

/// Says why a fetch failed, and what to do if the document is too large.
fn reason(error: &FetchError) -> String {
    match error {
        FetchError::TooLarge { bytes_max } if *bytes_max > DOCUMENT_BYTES_MAX => {
            Unreadable::MuchTooLarge.to_string()
        }
        FetchError::TooLarge { .. } => Unreadable::TooLarge.to_string(),
        error => error.to_string(),
    }
}
