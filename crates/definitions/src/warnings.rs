//! Warnings about a service, for the operator who saves or looks at it: addresses that may not be dialed, which a
//! request decides again, and credentials that cannot be hidden everywhere.

use std::time::Duration;

use gaiterguard_domain::service::Service;
use gaiterguard_upstream::Origin;
use tokio::time::timeout;

use crate::definition_store::DefinitionStore;

/// How long the name may take to resolve. The operator is waiting, and a request will report it as well.
const RESOLVE_TIME_MAX: Duration = Duration::from_secs(2);

/// Returns the warnings about a service. A name that does not resolve now may do so later, and a credential that
/// cannot be opened is reported by the requests that need it.
pub async fn warnings(definitions: &DefinitionStore, service: &Service) -> Vec<String> {
    let origin = Origin::from(service.base_url.origin());
    let checking = definitions.upstream().check(&origin);
    let mut warnings = Vec::new();
    if let Ok(Err(refused)) = timeout(RESOLVE_TIME_MAX, checking).await {
        warnings.push(format!("Requests to this service are refused: {refused}."));
    }
    for name in definitions.credentials().short_values(service).await {
        warnings.push(format!(
            "The credential's {name} is short. Where a response contains exactly this word, the gateway may replace \
             it with asterisks, even if the word means something else there. Within longer words, the gateway does \
             not hide it. Use a longer one."
        ));
    }
    warnings
}
