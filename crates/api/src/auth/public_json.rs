//! Extractor for the JSON body of a call without an access token.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequest, Request};
use gaiterguard_settings::CorsOrigins;
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::origin::{Page, PublicOrigin};

/// The body of a call that anyone may make, and the page that sent it.
///
/// Any page on the internet can make a browser send such a call. So its origin must be the
/// gateway's or in `CORS_ORIGINS`, or else the response is 403 `origin_not_allowed`. Its content
/// type must be JSON, or else the response is 415: browsers send JSON to another origin only after
/// a successful preflight.
pub(super) struct PublicJson<T> {
    pub(super) body: T,
    pub(super) page: Page,
}

impl<T, S> FromRequest<S> for PublicJson<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    Arc<PublicOrigin>: FromRef<S>,
    Arc<CorsOrigins>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let page = demand_public(&request, state)?;
        let ApiJson(body) = ApiJson::from_request(request, state).await?;
        Ok(Self { body, page })
    }
}

/// Checks the headers that [`PublicJson`] requires, before the body is read.
pub(super) fn demand_public<S>(request: &Request, state: &S) -> Result<Page, Problem>
where
    Arc<PublicOrigin>: FromRef<S>,
    Arc<CorsOrigins>: FromRef<S>,
{
    let cors_origins = Arc::<CorsOrigins>::from_ref(state);
    let page = Arc::<PublicOrigin>::from_ref(state).page_of(request.headers(), &cors_origins);
    page.refuse_foreign()?;
    if !request.headers().contains_key(CONTENT_TYPE) {
        return Err(Problem::unsupported_media_type());
    }
    Ok(page)
}
