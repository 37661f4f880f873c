//! Whether the addresses of a service may be dialed, for the operator who saves or looks at it. A request decides again.

use std::time::Duration;

use gaiterguard_domain::service::Service;
use gaiterguard_upstream::Origin;
use tokio::time::timeout;

use crate::definition_store::DefinitionStore;

/// How long the name may take to resolve. The operator is waiting, and a request will report it as well.
const RESOLVE_TIME_MAX: Duration = Duration::from_secs(2);

/// Returns warnings about the base URL of a service: its name resolves to an address that may not be dialed. A name
/// that does not resolve now may do so later.
pub async fn warnings(definitions: &DefinitionStore, service: &Service) -> Vec<String> {
    let origin = Origin::from(service.base_url.origin());
    let checking = definitions.upstream().check(&origin);
    match timeout(RESOLVE_TIME_MAX, checking).await {
        Ok(Err(refused)) => vec![format!("Requests to this service are refused: {refused}.")],
        Ok(Ok(())) | Err(_) => Vec::new(),
    }
}
