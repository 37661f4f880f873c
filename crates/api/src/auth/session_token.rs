//! Extractor for the refresh token of a request, from its body or its cookie.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequest, Request};
use gaiterguard_settings::CorsOrigins;
use gaiterguard_web::extract::OptionalJson;
use gaiterguard_web::problem::Problem;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::cookie;
use super::origin::PublicOrigin;
use super::public_json::demand_public;

/// A refresh token.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = RefreshToken)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RefreshTokenBody {
    /// The token. Omit it if the session uses a cookie.
    #[schema(value_type = Option<String>, max_length = 1024)]
    refresh_token: Option<SecretString>,
}

/// The refresh token of a request, if there is one.
pub(super) struct SessionToken {
    pub(super) token: Option<SecretString>,
    /// Whether it came from the cookie. If so, the new token is returned as a cookie too.
    pub(super) is_cookie: bool,
}

impl<S> FromRequest<S> for SessionToken
where
    S: Send + Sync,
    Arc<PublicOrigin>: FromRef<S>,
    Arc<CorsOrigins>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        demand_public(&request, state)?;
        let headers = request.headers().clone();
        let OptionalJson(body) =
            OptionalJson::<RefreshTokenBody>::from_request(request, state).await?;
        if body.refresh_token.is_some() {
            return Ok(Self {
                token: body.refresh_token,
                is_cookie: false,
            });
        }
        let token = cookie::get(&headers);
        if token.is_some() {
            Arc::<PublicOrigin>::from_ref(state).demand(&headers)?;
        }
        Ok(Self {
            is_cookie: token.is_some(),
            token,
        })
    }
}
