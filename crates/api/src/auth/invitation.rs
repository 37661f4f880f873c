//! `POST /auth/invitations/preview` and `POST /auth/invitations/accept`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::SessionClient;
use gaiterguard_domain::workspace::Role;
use gaiterguard_identity::{Accepting, Identity, NewPassword};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{
    ForeignPage, InvalidBody, InvitationInvalid, InvitationRefused, SignedOut, Unavailable,
};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::login::{LoggedInBody, SessionKind, user_agent};
use super::origin::PublicOrigin;
use super::public_json::PublicJson;
use super::user::TokensBody;
use crate::caller::bearer;

/// The token of an invitation.
#[derive(Deserialize, ToSchema)]
#[schema(as = InvitationToken)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationTokenBody {
    /// The token in the link.
    #[schema(value_type = String, max_length = 1024)]
    token: SecretString,
}

/// An invitation as the person who has its link sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationPreview)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationPreviewBody {
    /// Email address that it is for.
    #[schema(example = "name@example.com")]
    email: String,
    /// Role that it gives.
    role: Role,
    /// Email address of the owner who invited the person. Null if it is not known.
    #[schema(required)]
    invited_by: Option<String>,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether the address has an account. If so, its user must sign in to accept the invitation.
    has_account: bool,
}

/// Preview an invitation
///
/// Returns what an open invitation is for. Changes nothing.
#[utoipa::path(
    post,
    path = "/auth/invitations/preview",
    operation_id = "previewInvitation",
    tag = "auth",
    request_body = InvitationTokenBody,
    responses(
        (status = 200, description = "The invitation.", body = InvitationPreviewBody),
        InvalidBody, InvitationInvalid, ForeignPage, Unavailable,
    )
)]
pub(super) async fn preview(
    State(identity): State<Arc<Identity>>,
    PublicJson { body, .. }: PublicJson<InvitationTokenBody>,
) -> Result<Json<InvitationPreviewBody>, Problem> {
    let preview = identity.preview_invitation(&body.token).await?;
    Ok(Json(InvitationPreviewBody {
        email: preview.email.as_str().to_owned(),
        role: preview.role,
        invited_by: preview.invited_by,
        expires_at: preview.expires_at,
        has_account: preview.has_account,
    }))
}

/// An acceptance of an invitation.
#[derive(Deserialize, ToSchema)]
#[schema(as = InvitationAcceptance)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceBody {
    /// The token in the link.
    #[schema(value_type = String, max_length = 1024)]
    token: SecretString,
    /// Password of the new account. Required without an access token, refused with one.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 256)]
    password: Option<SecretString>,
    /// How to return the refresh token of the new account's session.
    #[serde(default)]
    session: SessionKind,
}

/// Accept an invitation
///
/// Without an access token: creates an account for the invited address with the password, and begins a
/// session in the workspace. With an access token: adds the signed-in user to the workspace and
/// switches the session to it, as `POST /auth/workspace` does; the user's address must be the invited
/// one. An invitation works once.
#[utoipa::path(
    post,
    path = "/auth/invitations/accept",
    operation_id = "acceptInvitation",
    tag = "auth",
    request_body = AcceptanceBody,
    security((), ("session" = [])),
    responses(
        (
            status = 201,
            description = "The person is a member of the workspace.",
            body = LoggedInBody,
            headers(("Set-Cookie" = Option<String>, description = "The refresh token and a device \
                 token, if the session was requested as a cookie.")),
        ),
        InvalidBody, SignedOut, InvitationRefused, Unavailable,
    )
)]
pub(super) async fn accept(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { body, page }: PublicJson<AcceptanceBody>,
) -> Result<Response, Problem> {
    if let Some(access_token) = bearer(&headers) {
        if body.password.is_some() {
            let message = "must be absent if you are signed in";
            return Err(Problem::field("password", message));
        }
        let caller = identity.authenticate(access_token).await?.caller;
        let access_token = identity.accept_invitation_as(&caller, &body.token).await?;
        let accepted = Json(LoggedInBody {
            tokens: TokensBody::access_only(access_token.expose_secret()),
            user: identity.me(&caller).await?.into(),
        });
        return Ok((StatusCode::CREATED, accepted).into_response());
    }
    let Some(password) = body.password else {
        return Err(Problem::field(
            "password",
            "is required; to accept the invitation with an account that you have, sign in first",
        ));
    };
    if body.session == SessionKind::Cookie {
        page.refuse_all_but_own()?;
    }
    let password = NewPassword::parse(password)
        .map_err(|refused| Problem::field("password", refused.to_string()))?;
    let address = context.peer.ip();
    let from = Accepting {
        source: address,
        client: SessionClient::new(address, user_agent(&headers)),
    };
    let logged_in = identity
        .accept_invitation(&body.token, password, from)
        .await?;
    let response = LoggedInBody::response(logged_in, body.session, &public_origin);
    Ok((StatusCode::CREATED, response).into_response())
}
