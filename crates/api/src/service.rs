//! `/services`: upstream APIs and their credentials.

use axum::Json;
use gaiterguard_definitions::credentials::Credentials;
use gaiterguard_definitions::definition_store::DefinitionStore;
use gaiterguard_definitions::service::{self, NewService, ServiceChange};
use gaiterguard_definitions::warnings::warnings;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::service::{AuthType, Service, TimeoutMs};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::list::Done;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new()
                .routes(routes!(list))
                .routes(routes!(get)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new()
                .routes(routes!(create))
                .routes(routes!(update, delete))
                .routes(routes!(set_credentials)),
        ))
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceBody {
    /// Unique identifier.
    id: i64,
    /// Whether the stored service is damaged. If so, only `name` (as far as it is readable) and
    /// `createdAt` are valid. Requests of the workspace's agents are refused until the service is
    /// deleted or repaired.
    unreadable: bool,
    /// Name, unique in the workspace.
    name: String,
    /// Base URL of the upstream.
    base_url: String,
    /// How the credential is injected.
    auth_type: AuthType,
    /// Description.
    #[schema(required)]
    description: Option<String>,
    /// Whether requests without an intent are refused.
    intent_required: bool,
    /// Whether agents may open WebSockets to it.
    web_socket: bool,
    /// How long the upstream may take to begin its response, in milliseconds; null applies
    /// `UPSTREAM_TIMEOUT_MS`.
    #[schema(required)]
    timeout_ms: Option<u32>,
    /// How long the upstream may pause within its response, in milliseconds; null applies
    /// `UPSTREAM_IDLE_TIMEOUT_MS`.
    #[schema(required)]
    idle_timeout_ms: Option<u32>,
    /// The parts of its credential that are not secret.
    credentials: CredentialKeys,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Problems for the operator: the service's name resolves to an address that is not allowed, or a
    /// value of its credential is too short to be masked in every response. Checked for a single service;
    /// empty in the list.
    warnings: Vec<String>,
}

/// Names of a credential's values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CredentialKeys {
    /// The names.
    keys: Vec<String>,
    /// Number of names; 0 if the service has no credential.
    count: usize,
    /// Why the responding replica could not fetch an access token; omitted if it could, or has not tried.
    /// Agents' requests fail for this reason until the operator replaces the credential or the token
    /// endpoint recovers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure: Option<String>,
}

impl From<Service> for ServiceBody {
    fn from(service: Service) -> Self {
        let keys = service
            .credential
            .map(|sealed| sealed.keys)
            .unwrap_or_default();
        Self {
            id: service.id.0,
            unreadable: false,
            name: service.name,
            base_url: service.base_url.to_string(),
            auth_type: service.auth_type,
            description: service.description,
            intent_required: service.intent_required,
            web_socket: service.web_socket,
            timeout_ms: service.timeouts.response.map(TimeoutMs::get),
            idle_timeout_ms: service.timeouts.idle.map(TimeoutMs::get),
            credentials: CredentialKeys {
                count: keys.len(),
                keys,
                failure: None,
            },
            created_at: service.created_at,
            updated_at: service.updated_at,
            warnings: Vec::new(),
        }
    }
}

impl ServiceBody {
    /// Returns a service with the warnings about it.
    async fn checked(editing: &Editing, service: Service) -> Self {
        let warnings = warnings(editing.definition_store(), &service).await;
        Self {
            warnings,
            ..service.into()
        }
    }
}

impl From<Stored<Service>> for ServiceBody {
    fn from(found: Stored<Service>) -> Self {
        match found {
            Stored::Intact(service) => service.into(),
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                unreadable: true,
                name: damaged.name,
                base_url: String::new(),
                auth_type: AuthType::None,
                description: None,
                intent_required: false,
                web_socket: false,
                timeout_ms: None,
                idle_timeout_ms: None,
                credentials: CredentialKeys {
                    keys: Vec::new(),
                    count: 0,
                    failure: None,
                },
                created_at: damaged.created_at,
                updated_at: damaged.created_at,
                warnings: Vec::new(),
            },
        }
    }
}

/// Returns the body for a stored service, with what is known about its access token.
fn watched(definitions: &DefinitionStore, found: Stored<Service>) -> ServiceBody {
    let failed = match &found {
        Stored::Intact(service) => definitions.credentials().failed_renewal(service),
        Stored::Damaged(_) => None,
    };
    let mut body = ServiceBody::from(found);
    body.credentials.failure = failed.map(|failed| failed.reason);
    body
}

/// List services
///
/// Returns the services with the names of their credential fields. Values are never returned.
#[utoipa::path(
    get,
    path = "/services",
    operation_id = "listServices",
    tag = "services",
    responses((status = 200, description = "All services.", body = Vec<ServiceBody>))
)]
async fn list(editing: Editing) -> Result<Json<Vec<ServiceBody>>, Problem> {
    let definitions = editing.definition_store();
    let services = service::list(definitions, editing.workspace()).await?;
    let bodies = services
        .into_iter()
        .map(|found| watched(definitions, found));
    Ok(Json(bodies.collect()))
}

/// Register a service
///
/// Credentials are sealed before they are stored. They are never returned.
#[utoipa::path(
    post,
    path = "/services",
    operation_id = "createService",
    tag = "services",
    request_body = NewService,
    responses(
        (status = 201, description = "The new service.", body = ServiceBody),
        InvalidBody, Conflict,
    )
)]
async fn create(
    editing: Editing,
    Fields(new): Fields<NewService>,
) -> Result<(StatusCode, Json<ServiceBody>), Problem> {
    let service = editing
        .change(async |store, editor| service::create(store, editor, new).await)
        .await?;
    let body = ServiceBody::checked(&editing, service).await;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Get a service
///
/// Returns the service with the names of its credential fields. Values are never returned.
#[utoipa::path(
    get,
    path = "/services/{id}",
    operation_id = "getService",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    responses(
        (status = 200, description = "The service.", body = ServiceBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
) -> Result<Json<ServiceBody>, Problem> {
    let definitions = editing.definition_store();
    let found = service::find(definitions, editing.workspace(), id).await?;
    let warnings = match &found {
        Stored::Intact(service) => warnings(definitions, service).await,
        Stored::Damaged(_) => Vec::new(),
    };
    Ok(Json(ServiceBody {
        warnings,
        ..watched(definitions, found)
    }))
}

/// Update a service
///
/// Omitted fields stay unchanged. A different `authType`, or a different scheme, host, or port of
/// `baseUrl`, removes the stored credential unless the request contains `credentials`. If the URL,
/// the location of the credential, or `webSocket` changes, approved actions that depend on it become
/// stale, and running calls that depend on it are canceled.
#[utoipa::path(
    put,
    path = "/services/{id}",
    operation_id = "updateService",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    request_body = ServiceChange,
    responses(
        (status = 200, description = "The updated service.", body = ServiceBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    Fields(change): Fields<ServiceChange>,
) -> Result<Json<ServiceBody>, Problem> {
    let service = editing
        .change(async |store, editor| service::update(store, editor, id, change).await)
        .await?;
    Ok(Json(ServiceBody::checked(&editing, service).await))
}

/// Delete a service
///
/// Its credential and documents are deleted, and its running calls are canceled. Its approved actions
/// can no longer be executed.
#[utoipa::path(
    delete,
    path = "/services/{id}",
    operation_id = "deleteService",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    responses(
        (status = 200, description = "The service was deleted.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<ServiceId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |store, editor| service::delete(store, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "Service deleted.",
    }))
}

/// Replace a service's credential
///
/// Replaces all values of the credential. Running calls continue.
#[utoipa::path(
    post,
    path = "/services/{id}/credentials",
    operation_id = "setCredentials",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    request_body = Credentials,
    responses(
        (status = 200, description = "The credential was replaced.", body = ServiceBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn set_credentials(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    Fields(credentials): Fields<Credentials>,
) -> Result<Json<ServiceBody>, Problem> {
    let service = editing
        .change(async |store, editor| {
            service::set_credentials(store, editor, id, credentials).await
        })
        .await?;
    Ok(Json(service.into()))
}
