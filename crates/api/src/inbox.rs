//! `GET /inbox`: everything that needs a human.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_credential::FailedRenewal;
use gaiterguard_definitions::definition_store::DefinitionStore;
use gaiterguard_definitions::service;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::Gateway;
use gaiterguard_store::{EmptyDocument, Inbox, RefusedCredential};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::session::with_session;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::each;

/// How long a refused credential is reported. Most services that are in use are called every day.
const REFUSALS_KEPT: Duration = Duration::from_hours(24);

/// How many failed renewals are listed, like the other lists of the inbox.
const RENEWALS_LISTED_MAX: usize = 20;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(Permission::Read, OpenApiRouter::new().routes(routes!(get)))
}

/// Everything that requires human attention.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inbox)]
pub(crate) struct InboxBody {
    /// Number of pending actions.
    #[schema(minimum = 0)]
    pending: i64,
    /// Number of actions whose execution has an unknown outcome. `GET
    /// /approvals?status=INDETERMINATE` lists them.
    #[schema(minimum = 0)]
    outcome_unknown: i64,
    /// Number of approved actions that have not been executed and are in the last fifth of their
    /// lifetime. `GET /approvals?status=APPROVED` lists all approved actions.
    #[schema(minimum = 0)]
    expiring_approvals: i64,
    /// When the first of these approvals expires.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    next_approval_expires_at: Option<Timestamp>,
    /// Services whose upstream responded with 401 or 403 in the last 24 hours and has not accepted a
    /// request since, not counting responses from before the service's last change. Newest first, at
    /// most 20.
    refused_credentials: Vec<RefusedCredentialBody>,
    /// Services for which the responding replica could not fetch an access token. Failures before its
    /// start are not included. The latest failure first, at most 20.
    failed_renewals: Vec<FailedRenewalBody>,
    /// Documents in which neither an operation nor text was found. At most 20.
    unreadable_documents: Vec<UnreadableDocumentBody>,
    /// When the language model began to fail; null if it responds, or none is configured. Until it responds again,
    /// requests that need it are held.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    llm_failing_since: Option<Timestamp>,
}

/// A service whose credential the upstream refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedCredential)]
pub(crate) struct RefusedCredentialBody {
    /// ID of the service.
    service_id: i64,
    /// Name of the service.
    service_name: String,
    /// Number of 401 and 403 responses.
    #[schema(minimum = 1)]
    count: i64,
    /// When the last of these responses arrived.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// A service whose access token could not be fetched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedRenewal)]
pub(crate) struct FailedRenewalBody {
    /// ID of the service.
    service_id: i64,
    /// Name of the service.
    service_name: String,
    /// Why the last attempt failed.
    reason: String,
    /// When the attempts began to fail.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When the last attempt failed.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// A document in which nothing was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnreadableDocument)]
pub(crate) struct UnreadableDocumentBody {
    /// ID of the document.
    id: i64,
    /// ID of the service.
    service_id: i64,
    /// Name of the service.
    service_name: String,
    /// Title.
    #[schema(required)]
    title: Option<String>,
}

impl From<RefusedCredential> for RefusedCredentialBody {
    fn from(refused: RefusedCredential) -> Self {
        Self {
            service_id: refused.service.0,
            service_name: refused.name,
            count: refused.count,
            last_at: refused.last_at,
        }
    }
}

impl From<(Service, FailedRenewal)> for FailedRenewalBody {
    fn from((service, failed): (Service, FailedRenewal)) -> Self {
        Self {
            service_id: service.id.0,
            service_name: service.name,
            reason: failed.reason,
            since: failed.since,
            last_at: failed.last_at,
        }
    }
}

impl From<EmptyDocument> for UnreadableDocumentBody {
    fn from(document: EmptyDocument) -> Self {
        Self {
            id: document.id.0,
            service_id: document.service.0,
            service_name: document.service_name,
            title: document.title,
        }
    }
}

/// Get the inbox
///
/// Returns everything that requires human attention. Reload it after the events `action.created` and
/// `action.updated` of `GET /events`. Refused credentials have no event of their own: poll for them.
#[utoipa::path(
    get,
    path = "/inbox",
    operation_id = "getInbox",
    tag = "approvals",
    responses((status = 200, description = "The inbox.", body = InboxBody))
)]
async fn get(
    State(gateway): State<Arc<Gateway>>,
    State(definitions): State<DefinitionStore>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
) -> Result<Json<InboxBody>, Problem> {
    let now = clock.now();
    let inbox = gateway
        .store()
        .inbox(caller.workspace(), now.before(REFUSALS_KEPT), now)
        .await?;
    let Inbox {
        pending,
        outcome_unknown,
        expiring_approvals,
        next_expiry,
        refused_credentials,
        empty_documents,
    } = inbox;
    let failed_renewals =
        service::failed_renewals(&definitions, caller.workspace(), RENEWALS_LISTED_MAX).await?;
    let llm_failing_since = match gateway.llm() {
        Some(_) => {
            gateway
                .store()
                .llm_failing_since(caller.workspace())
                .await?
        }
        None => None,
    };
    Ok(Json(InboxBody {
        failed_renewals: each(failed_renewals),
        pending,
        outcome_unknown,
        expiring_approvals,
        next_approval_expires_at: next_expiry,
        refused_credentials: each(refused_credentials),
        unreadable_documents: each(empty_documents),
        llm_failing_since,
    }))
}
