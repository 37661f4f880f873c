//! Single sign-on, as the operator configured it.

use std::sync::Arc;

use gaiterguard_domain::time::Clock;
use gaiterguard_domain::user::Email;
use gaiterguard_oidc::Provider;

/// Single sign-on, as the operator configured it.
pub struct SingleSignOn {
    /// The provider.
    pub provider: Provider,
    /// Its name on the sign-in page.
    pub name: String,
    /// A member of the workspace that new people join.
    pub workspace_of: Option<Email>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// [`SingleSignOn`], if it is configured.
#[derive(Clone)]
pub struct ConfiguredSingleSignOn(pub Option<Arc<SingleSignOn>>);
