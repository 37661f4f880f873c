//! `/services`: the upstream APIs, and the credentials for them.

use std::collections::BTreeMap;

use axum::Json;
use gaiterguard_definitions::service;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::service::{AuthType, Service};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::Stored;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::fields::Fields;
use super::list::{Done, each};
use crate::extract::{ApiJson, ApiPath};
use crate::openapi::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use crate::openapi::text::{Name, Text};
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(set_credentials))
}

/// How a credential is presented.
#[derive(ToSchema)]
#[schema(as = AuthType, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum AuthWord {
    None,
    Bearer,
    Basic,
    ApiKey,
    Query,
    Oauth2,
}

/// The values of a credential, by the service's type: `bearer` takes `{token}`; `basic`
/// `{username, password}`; `api_key` `{header?, value}` or `{HEADER-NAME: value}`; `query`
/// `{param, value}`; `oauth2` `{access_token}` or
/// `{token_url, client_id, client_secret, refresh_token?, scope?}`. They are never shown again.
#[derive(ToSchema)]
#[schema(as = Credentials)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct CredentialsBody {
    /// `bearer`: the token.
    #[schema(format = Password, max_length = 8192)]
    token: Option<String>,
    /// `basic`: the user's name.
    #[schema(max_length = 8192)]
    username: Option<String>,
    /// `basic`: the password.
    #[schema(format = Password, max_length = 8192)]
    password: Option<String>,
    /// `api_key`: the header's name, `X-API-Key` if left out.
    header: Option<String>,
    /// `query`: the parameter's name.
    #[schema(max_length = 256)]
    param: Option<String>,
    /// `api_key` and query: the key.
    #[schema(format = Password, max_length = 8192)]
    value: Option<String>,
    /// `oauth2`: a token that does not expire.
    #[schema(format = Password, max_length = 8192)]
    access_token: Option<String>,
    /// `oauth2`: where tokens are to be had.
    token_url: Option<String>,
    /// `oauth2`: the client's id.
    #[schema(max_length = 8192)]
    client_id: Option<String>,
    /// `oauth2`: the client's secret.
    #[schema(format = Password, max_length = 8192)]
    client_secret: Option<String>,
    /// `oauth2`: the token to renew with.
    #[schema(format = Password, max_length = 8192)]
    refresh_token: Option<String>,
    /// `oauth2`: what is asked for.
    #[schema(max_length = 8192)]
    scope: Option<String>,
    /// `api_key`: headers by name, each with its value.
    #[serde(flatten)]
    headers: BTreeMap<String, String>,
}

/// A service that is to be registered.
#[derive(ToSchema)]
#[schema(as = NewService)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct NewServiceBody {
    /// Unique in the workspace.
    #[schema(example = "stripe")]
    name: Name,
    /// http or https, without user, query or fragment. A trailing slash means nothing.
    #[schema(example = "https://api.example.com/v1")]
    base_url: String,
    /// How its credential is presented.
    #[schema(value_type = AuthWord)]
    auth_type: String,
    /// Its credential.
    credentials: Option<CredentialsBody>,
    /// What it is.
    description: Option<Text>,
    /// Whether requests that do not say why they are sent are refused; false if left out.
    intent_required: Option<bool>,
    /// Whether agents may open WebSockets below `/s/{service}/`; false if left out. The handshake is
    /// judged, what is said in them is not.
    web_socket: Option<bool>,
}

/// What is to be changed of a service. Another `authType`, or another origin (scheme, host or port) of
/// `baseUrl`, drops the credential, unless a new one is given.
#[derive(ToSchema)]
#[schema(as = ServiceChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct ServiceChangeBody {
    /// Unique in the workspace.
    #[schema(nullable = false)]
    name: Option<Name>,
    /// http or https, without user, query or fragment.
    #[schema(nullable = false)]
    base_url: Option<String>,
    /// How its credential is presented.
    #[schema(value_type = Option<AuthWord>, nullable = false)]
    auth_type: Option<String>,
    /// Its credential.
    credentials: Option<CredentialsBody>,
    /// What it is; null takes it away.
    description: Option<Text>,
    /// Whether requests that do not say why they are sent are refused.
    intent_required: Option<bool>,
    /// Whether agents may open WebSockets below `/s/{service}/`.
    web_socket: Option<bool>,
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceBody {
    /// Its id.
    id: i64,
    /// Whether what is stored of it is damaged. Then its name, as far as that can be read, and when it
    /// was registered are all that is known of it; the other fields say nothing. The agents of the
    /// workspace are refused until it is removed or repaired.
    unreadable: bool,
    /// Unique in the workspace.
    name: String,
    /// Where it is.
    base_url: String,
    /// How its credential is presented.
    #[schema(value_type = AuthWord)]
    auth_type: &'static str,
    /// What it is.
    #[schema(required)]
    description: Option<String>,
    /// Whether requests that do not say why they are sent are refused.
    intent_required: bool,
    /// Whether agents may open WebSockets to it.
    web_socket: bool,
    /// What may be told of its credential.
    credentials: CredentialKeys,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The names of a credential's values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CredentialKeys {
    /// The names.
    keys: Vec<String>,
    /// How many; none if the service has no credential.
    count: usize,
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
            auth_type: service.auth_type.as_str(),
            description: service.description,
            intent_required: service.intent_required,
            web_socket: service.web_socket,
            credentials: CredentialKeys {
                count: keys.len(),
                keys,
            },
            created_at: service.created_at,
            updated_at: service.updated_at,
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
                auth_type: AuthType::None.as_str(),
                description: None,
                intent_required: false,
                web_socket: false,
                credentials: CredentialKeys {
                    keys: Vec::new(),
                    count: 0,
                },
                created_at: damaged.created_at,
                updated_at: damaged.created_at,
            },
        }
    }
}

/// All services
#[utoipa::path(
    get,
    path = "/services",
    operation_id = "listServices",
    tag = "services",
    responses((status = 200, description = "All of them.", body = Vec<ServiceBody>))
)]
async fn list(editing: Editing) -> Result<Json<Vec<ServiceBody>>, Problem> {
    let services = service::list(editing.desk(), editing.workspace()).await?;
    Ok(Json(each(services)))
}

/// Register a service
#[utoipa::path(
    post,
    path = "/services",
    operation_id = "createService",
    tag = "services",
    request_body = NewServiceBody,
    responses(
        (status = 201, description = "It is registered.", body = ServiceBody),
        InvalidBody, Conflict,
    )
)]
async fn create(
    editing: Editing,
    fields: Fields<NewServiceBody>,
) -> Result<(StatusCode, Json<ServiceBody>), Problem> {
    let service = editing
        .change(async |desk, editor| service::create(desk, editor, &fields.members).await)
        .await?;
    Ok((StatusCode::CREATED, Json(service.into())))
}

/// One service
#[utoipa::path(
    get,
    path = "/services/{id}",
    operation_id = "getService",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    responses(
        (status = 200, description = "The service.", body = ServiceBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
) -> Result<Json<ServiceBody>, Problem> {
    let service = service::find(editing.desk(), editing.workspace(), id).await?;
    Ok(Json(service.into()))
}

/// Change a service
///
/// Fields that are left out stay. Another type, or another scheme, host or port of the base URL, drops
/// the stored credential unless `credentials` are given in the same call. Approved actions become stale
/// if the address or the credential's place changes.
#[utoipa::path(
    put,
    path = "/services/{id}",
    operation_id = "updateService",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    request_body = ServiceChangeBody,
    responses(
        (status = 200, description = "It is changed.", body = ServiceBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    fields: Fields<ServiceChangeBody>,
) -> Result<Json<ServiceBody>, Problem> {
    let service = editing
        .change(async |desk, editor| service::update(desk, editor, id, &fields.members).await)
        .await?;
    Ok(Json(service.into()))
}

/// Remove a service
#[utoipa::path(
    delete,
    path = "/services/{id}",
    operation_id = "deleteService",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    responses(
        (status = 200, description = "It is removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<ServiceId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |desk, editor| service::delete(desk, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "The service is removed.",
    }))
}

/// Replace a service's credential
#[utoipa::path(
    post,
    path = "/services/{id}/credentials",
    operation_id = "setCredentials",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    request_body = CredentialsBody,
    responses(
        (status = 200, description = "It is replaced.", body = ServiceBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn set_credentials(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    ApiJson(members): ApiJson<Map<String, Value>>,
) -> Result<Json<ServiceBody>, Problem> {
    let service = editing
        .change(async |desk, editor| service::set_credentials(desk, editor, id, &members).await)
        .await?;
    Ok(Json(service.into()))
}
