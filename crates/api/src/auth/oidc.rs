//! `/auth/oidc`: signing in at an `OpenID` Connect provider.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::user::SessionClient;
use gaiterguard_identity::{FederatedError, Identity};
use gaiterguard_oidc::{Flow, Person, Redirected};
use gaiterguard_store::Proof;
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{
    ForeignPage, InvalidBody, NotFound, SignInRefused, Throttled, Unavailable,
};
use http::HeaderMap;
use http::header::{HOST, SET_COOKIE};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cookie;
use super::login::{LoggedInBody, SessionKind, user_agent};
use super::origin::PublicOrigin;
use super::public_json::PublicJson;
use crate::caller::Caller;
use crate::list::Done;
use crate::single_sign_on::{ConfiguredSingleSignOn, SingleSignOn};
use crate::state::GivenPublicUrl;

/// The page of the dashboard to which the provider sends the browser back.
const REDIRECT_PATH: &str = "/app/signed-in";

/// A sign-in that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BegunSignIn)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BegunBody {
    /// The provider's sign-in page. Open it in the browser that has the cookie.
    #[schema(example = "https://id.example.com/authorize?response_type=code&client_id=…")]
    authorization_url: String,
}

/// No fields.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NoFields)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFields {}

/// The parameters with which the provider sent the browser back.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignInRedirect)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedirectedBody {
    /// Authorization code.
    #[schema(value_type = String, max_length = 4096)]
    code: SecretString,
    /// Value that identifies the sign-in.
    #[schema(max_length = 256)]
    state: String,
    /// The provider's identifier (RFC 9207), if it sent one.
    #[serde(default)]
    #[schema(max_length = 1024)]
    iss: Option<String>,
}

/// Everything that the endpoints need.
pub(super) struct Federation {
    identity: Arc<Identity>,
    sign_on: Arc<SingleSignOn>,
    redirect_uri: String,
}

impl Federation {
    fn of(
        identity: Arc<Identity>,
        sign_on: ConfiguredSingleSignOn,
        public_url: GivenPublicUrl,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let sign_on = sign_on.0.ok_or_else(|| {
            Problem::not_found("single sign-on is not configured; see OIDC_ISSUER")
        })?;
        // Without a public URL, the dashboard has the address that the browser used.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let redirect_uri = match public_url.0 {
            Some(url) => format!("{url}{REDIRECT_PATH}"),
            None => format!("http://{}{REDIRECT_PATH}", host.unwrap_or_default()),
        };
        Ok(Self {
            identity,
            sign_on,
            redirect_uri,
        })
    }

    async fn begin(
        self,
        linking: Option<UserId>,
        public_origin: &PublicOrigin,
    ) -> Result<Response, Problem> {
        let begun = self.identity.flow_begin(linking, self.redirect_uri);
        let (token, flow) = begun?;
        let now = self.sign_on.clock.now();
        let url = self.sign_on.provider.authorization_url(&flow, now).await;
        let body = BegunBody {
            authorization_url: url?,
        };
        let cookies = AppendHeaders([(SET_COOKIE, cookie::set_flow(&token, public_origin))]);
        Ok((cookies, Json(body)).into_response())
    }

    /// Returns who signed in, and what the sign-in uses up.
    async fn complete(
        &self,
        linking: Option<UserId>,
        headers: &HeaderMap,
        body: RedirectedBody,
    ) -> Result<(Person, Proof), Problem> {
        let kept = cookie::get_flow(headers);
        let kept = kept.ok_or(FederatedError::Expired)?;
        let kept = secrecy::ExposeSecret::expose_secret(&kept);
        let redirect_uri = self.redirect_uri.clone();
        let resumed = self
            .identity
            .flow_resume(kept, &body.state, linking, redirect_uri);
        let (flow, proof): (Flow, Proof) = resumed?;
        let redirected = Redirected {
            code: body.code,
            issuer: body.iss,
        };
        let now = self.sign_on.clock.now();
        let person = self.sign_on.provider.person(&flow, &redirected, now).await;
        Ok((person?, proof))
    }
}

/// Begin single sign-on
///
/// Returns the address of the provider's sign-in page, and binds the sign-in to this browser with a cookie.
/// The provider sends the browser back to the dashboard, which calls `POST /auth/oidc/callback` within 15
/// minutes.
#[utoipa::path(
    post,
    path = "/auth/oidc",
    operation_id = "beginSingleSignOn",
    tag = "auth",
    request_body = NoFields,
    responses(
        (
            status = 200,
            description = "The sign-in has begun.",
            body = BegunBody,
            headers(("Set-Cookie" = String, description = "Binds the sign-in to the browser.")),
        ),
        InvalidBody, NotFound, ForeignPage, Throttled, SignInRefused, Unavailable,
    )
)]
pub(super) async fn begin(
    State(identity): State<Arc<Identity>>,
    State(sign_on): State<ConfiguredSingleSignOn>,
    State(public_url): State<GivenPublicUrl>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { page, .. }: PublicJson<NoFields>,
) -> Result<Response, Problem> {
    page.refuse_all_but_own()?;
    let federation = Federation::of(Arc::clone(&identity), sign_on, public_url, &headers)?;
    identity.count_attempt(context.peer.ip())?;
    federation.begin(None, &public_origin).await
}

/// Complete single sign-on
///
/// Exchanges the provider's authorization code for a session, once. A person who has no account yet gets
/// one, with the role that `OIDC_ROLE_MAP` gives; a person without a role is refused.
#[utoipa::path(
    post,
    path = "/auth/oidc/callback",
    operation_id = "completeSingleSignOn",
    tag = "auth",
    request_body = RedirectedBody,
    responses(
        (
            status = 200,
            description = "The new session.",
            body = LoggedInBody,
            headers(("Set-Cookie" = String, description = "The refresh token and a device token.")),
        ),
        InvalidBody, NotFound, ForeignPage, Throttled, SignInRefused, Unavailable,
    )
)]
pub(super) async fn complete(
    State(identity): State<Arc<Identity>>,
    State(sign_on): State<ConfiguredSingleSignOn>,
    State(public_url): State<GivenPublicUrl>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { body, page }: PublicJson<RedirectedBody>,
) -> Result<Response, Problem> {
    page.refuse_all_but_own()?;
    let federation = Federation::of(Arc::clone(&identity), sign_on, public_url, &headers)?;
    identity.count_attempt(context.peer.ip())?;
    let (person, proof) = federation.complete(None, &headers, body).await?;
    let client = SessionClient::new(context.peer.ip(), user_agent(&headers));
    let host = federation.sign_on.workspace_of.as_ref();
    let logged_in = identity
        .federated_login(&person, &proof, host, client)
        .await;
    let response = LoggedInBody::response(logged_in?, SessionKind::Cookie, &public_origin);
    let ended = AppendHeaders([(SET_COOKIE, cookie::clear_flow(&public_origin))]);
    Ok((ended, response).into_response())
}

/// Begin to connect the account to single sign-on
///
/// Like `POST /auth/oidc`, for the signed-in user; `POST /auth/oidc/link/callback` completes it.
#[utoipa::path(
    post,
    path = "/auth/oidc/link",
    operation_id = "beginLinking",
    tag = "auth",
    request_body = NoFields,
    responses(
        (
            status = 200,
            description = "The sign-in at the provider has begun.",
            body = BegunBody,
            headers(("Set-Cookie" = String, description = "Binds the sign-in to the browser.")),
        ),
        InvalidBody, NotFound, SignInRefused,
    )
)]
pub(super) async fn begin_linking(
    State(identity): State<Arc<Identity>>,
    State(sign_on): State<ConfiguredSingleSignOn>,
    State(public_url): State<GivenPublicUrl>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Caller(caller): Caller,
    headers: HeaderMap,
    ApiJson(NoFields {}): ApiJson<NoFields>,
) -> Result<Response, Problem> {
    let federation = Federation::of(identity, sign_on, public_url, &headers)?;
    federation.begin(Some(caller.user), &public_origin).await
}

/// Connect the account to single sign-on
///
/// Afterwards, the signed-in user can also sign in at the provider. The role does not change.
#[utoipa::path(
    post,
    path = "/auth/oidc/link/callback",
    operation_id = "completeLinking",
    tag = "auth",
    request_body = RedirectedBody,
    responses(
        (status = 200, description = "The account is connected.", body = Done),
        InvalidBody, NotFound, SignInRefused,
    )
)]
pub(super) async fn complete_linking(
    State(identity): State<Arc<Identity>>,
    State(sign_on): State<ConfiguredSingleSignOn>,
    State(public_url): State<GivenPublicUrl>,
    Caller(caller): Caller,
    headers: HeaderMap,
    ApiJson(body): ApiJson<RedirectedBody>,
) -> Result<Json<Done>, Problem> {
    let federation = Federation::of(Arc::clone(&identity), sign_on, public_url, &headers)?;
    let linking = Some(caller.user);
    let (person, proof) = federation.complete(linking, &headers, body).await?;
    let linked = identity.federated_link(&caller, &person, &proof).await;
    linked?;
    Ok(Json(Done {
        message: "Account connected to single sign-on.",
    }))
}
