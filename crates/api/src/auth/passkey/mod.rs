//! `/auth/passkeys`: passkeys of the signed-in user, and signing in with one.

pub(super) mod add;
mod base64url;
pub(super) mod sign_in;
mod used;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::id::PasskeyId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_identity::{CHALLENGE_LIFETIME, Identity};
use gaiterguard_store::StoredPasskey;
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::list::{Done, List, PageQuery};

pub(crate) use add::Descriptor;
pub(crate) use base64url::Base64Url;
pub(crate) use used::passkey_use;

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyBody {
    /// Unique identifier.
    id: i64,
    /// Name that the user gave it.
    #[schema(example = "Phone")]
    name: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used to sign in.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

impl From<StoredPasskey> for PasskeyBody {
    fn from(passkey: StoredPasskey) -> Self {
        Self {
            id: passkey.id.0,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// List passkeys
///
/// Returns the passkeys of the signed-in user, newest first.
#[utoipa::path(
    get,
    path = "/auth/passkeys",
    operation_id = "listPasskeys",
    tag = "auth",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of passkeys.", body = List<PasskeyBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<PasskeyBody>>, Problem> {
    let all = identity.passkeys(&caller).await?;
    let page = List::cut(all, &query, |passkey| -passkey.id.0);
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Remove a passkey
///
/// It can no longer be used to sign in. Sessions that it began continue.
#[utoipa::path(
    delete,
    path = "/auth/passkeys/{id}",
    operation_id = "removePasskey",
    tag = "auth",
    params(("id" = i64, Path, description = "ID of the passkey.")),
    responses(
        (status = 200, description = "The passkey was removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn remove(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiPath(id): ApiPath<PasskeyId>,
) -> Result<Json<Done>, Problem> {
    if identity.passkey_remove(&caller, id).await? {
        Ok(Json(Done {
            message: "Passkey removed.",
        }))
    } else {
        Err(Problem::not_found("you have no passkey with this ID"))
    }
}

/// Returns how long a challenge is valid, in milliseconds.
pub(crate) fn timeout() -> u64 {
    u64::try_from(CHALLENGE_LIFETIME.as_millis()).unwrap_or(u64::MAX)
}
