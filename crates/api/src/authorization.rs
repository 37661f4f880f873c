//! `POST /services/{id}/authorizations` and `POST /oauth/callback`: a service is authorized at its provider.

use axum::Json;
use axum::extract::State;
use gaiterguard_definitions::authorization::{self, Redirected};
use gaiterguard_definitions::authorization_fields::AuthorizationFields;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_web::extract::{ApiPath, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidBody, NotFound};
use gaiterguard_web::session::with_session;
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::service::ServiceBody;
use super::state::GivenPublicUrl;

/// The page of the dashboard to which a provider sends the operator back.
const REDIRECT_PATH: &str = "/app/connected";

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Define,
        OpenApiRouter::new()
            .routes(routes!(begin))
            .routes(routes!(complete)),
    )
}

/// An authorization that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Authorization)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizationBody {
    /// The provider's authorization page. Open it in the browser in which you use the dashboard.
    #[schema(example = "https://auth.example.com/authorize?response_type=code&client_id=…")]
    authorization_url: String,
    /// URL to which the provider redirects the browser. Enter it at the provider if you register the client
    /// there yourself.
    #[schema(example = "https://gateway.example.com/app/connected")]
    redirect_uri: String,
    /// When the provider's response is no longer accepted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A service that was authorized at its provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthorizedService)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizedBody {
    /// The service with its new credential.
    service: ServiceBody,
    /// Whether the gateway renews the credential. If false, the provider issued no refresh token, and the
    /// service must be authorized again when the access token expires.
    can_be_renewed: bool,
}

/// Authorize a service at its provider
///
/// Begins the authorization code flow of OAuth 2.0 with PKCE for a service with `authType` `oauth2`. Open
/// the returned URL in the browser, sign in at the provider, and give consent. The provider then
/// sends the browser back to the dashboard, which calls `POST /oauth/callback`.
#[utoipa::path(
    post,
    path = "/services/{id}/authorizations",
    operation_id = "authorizeService",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    request_body = AuthorizationFields,
    responses(
        (status = 201, description = "The authorization has begun.", body = AuthorizationBody),
        InvalidBody, NotFound,
    )
)]
async fn begin(
    editing: Editing,
    State(GivenPublicUrl(public_url)): State<GivenPublicUrl>,
    ApiPath(id): ApiPath<ServiceId>,
    headers: HeaderMap,
    Fields(fields): Fields<AuthorizationFields>,
) -> Result<(StatusCode, Json<AuthorizationBody>), Problem> {
    // Without a public URL, the dashboard has the address that the browser used.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let redirect_uri = match public_url {
        Some(url) => format!("{url}{REDIRECT_PATH}"),
        None => format!("http://{}{REDIRECT_PATH}", host.unwrap_or_default()),
    };
    let begun = editing
        .change(async |store, editor| {
            authorization::begin(store, editor, id, fields, &redirect_uri).await
        })
        .await?;
    let body = AuthorizationBody {
        authorization_url: begun.address,
        redirect_uri,
        expires_at: begun.expires_at,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Complete an authorization
///
/// Exchanges the provider's authorization code for the service's credential. Only the user who began
/// the authorization can complete it, once, within 15 minutes.
#[utoipa::path(
    post,
    path = "/oauth/callback",
    operation_id = "completeAuthorization",
    tag = "services",
    request_body = Redirected,
    responses(
        (status = 200, description = "The service has its credential.", body = AuthorizedBody),
        InvalidBody, Conflict,
    )
)]
async fn complete(
    editing: Editing,
    Fields(redirected): Fields<Redirected>,
) -> Result<Json<AuthorizedBody>, Problem> {
    let completed = editing
        .change(async |store, editor| authorization::complete(store, editor, redirected).await)
        .await?;
    Ok(Json(AuthorizedBody {
        service: completed.service.into(),
        can_be_renewed: completed.can_be_renewed,
    }))
}
