//! `/members/invitations`: invitations to join a workspace.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::all;
use gaiterguard_domain::field::refused;
use gaiterguard_domain::id::InvitationId;
use gaiterguard_domain::user::Email;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_notify::{InvitationMail, Notifications};
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{
    AlreadyMember, InvalidBody, InvalidParameter, NotFound, TooManyOpen,
};
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{InvitationBody, NewInvitation, limited};
use crate::caller::Caller;
use crate::list::{Done, List, PageQuery};
use crate::people::People;
use crate::state::GivenPublicUrl;

/// The page of the dashboard on which an invitation is accepted.
const INVITATION_PATH: &str = "/app/invitation";

/// A new invitation with its link.
#[derive(Serialize, ToSchema)]
#[schema(as = NewInvitationLink)]
pub(super) struct InvitedBody {
    /// The invitation.
    invitation: InvitationBody,
    /// Link that accepts the invitation, once. Returned only here.
    #[schema(example = "https://gateway.example.com/app/invitation?token=gi_…")]
    link: String,
    /// Whether the link was also sent by email. Null if `SMTP_URL` is not set.
    #[schema(required)]
    mailed: Option<bool>,
    /// Why the mail server did not accept the email; null if it did, or none was sent.
    #[schema(required)]
    mail_error: Option<String>,
}

/// List open invitations
///
/// Returns the invitations that were neither accepted nor revoked and have not expired, newest first.
#[utoipa::path(
    get,
    path = "/members/invitations",
    operation_id = "listInvitations",
    tag = "members",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of invitations.", body = List<InvitationBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<InvitationBody>>, Problem> {
    let invitations = identity.invitations(&caller.0).await?;
    let people = People::of(gateway.store(), caller.workspace()).await?;
    let bodies = invitations
        .into_iter()
        .map(|invitation| InvitationBody::of(invitation, &people));
    let page = List::cut(bodies.collect(), &query, |body: &InvitationBody| -body.id());
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Invite a person
///
/// Returns a link that accepts the invitation. It works once, for an account with the invited address,
/// within 72 hours. An earlier invitation for the same address is revoked. If `SMTP_URL` is set, the link is also
/// sent to the address, and the response says whether the mail server accepted that.
#[utoipa::path(
    post,
    path = "/members/invitations",
    operation_id = "createInvitation",
    tag = "members",
    request_body = NewInvitation,
    responses(
        (status = 201, description = "The invitation with its link.", body = InvitedBody),
        InvalidBody, AlreadyMember, TooManyOpen,
    )
)]
pub(super) async fn create(
    State(identity): State<Arc<Identity>>,
    State(gateway): State<Arc<Gateway>>,
    State(notifications): State<Arc<Notifications>>,
    State(GivenPublicUrl(public_url)): State<GivenPublicUrl>,
    caller: Caller,
    headers: HeaderMap,
    Fields(new): Fields<NewInvitation>,
) -> Result<(StatusCode, Json<InvitedBody>), Problem> {
    let NewInvitation {
        email,
        role,
        services,
        effects,
    } = new;
    let email = email
        .and_then(|text| Email::parse(&text).or_else(|error| refused("email", error.to_string())));
    let definitions = gateway.authority().definitions(caller.workspace());
    let membership = all!(role, services, effects).and_then(|(role, services, effects)| {
        limited(role, services, effects, definitions.as_deref())
    });
    let (email, membership) = all!(email, membership).map_err(Problem::fields)?;
    let invited = identity.invite(&caller.0, email, membership).await?;
    let people = People::of(gateway.store(), caller.workspace()).await?;
    let link = link_with(&invited.token, public_url.as_deref(), &headers);
    let invited_by = people.name(caller.0.user).unwrap_or_default();
    let mailed = notifications
        .mail_invitation(InvitationMail {
            to: invited.invitation.email.as_str(),
            inviter: &invited_by,
            role: invited.invitation.membership.role.as_str(),
            link: &link,
            expires_at: invited.invitation.expires_at,
        })
        .await;
    let body = InvitedBody {
        invitation: InvitationBody::of(Stored::Intact(invited.invitation), &people),
        link: link.expose_secret().to_owned(),
        mailed: mailed.as_ref().map(Result::is_ok),
        mail_error: mailed.and_then(Result::err),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Returns the link that accepts an invitation. Without a public URL, the dashboard has the address
/// that the browser used.
fn link_with(token: &SecretString, public_url: Option<&str>, headers: &HeaderMap) -> SecretString {
    let token = token.expose_secret();
    let link = if let Some(url) = public_url {
        format!("{url}{INVITATION_PATH}?token={token}")
    } else {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or_default();
        format!("http://{host}{INVITATION_PATH}?token={token}")
    };
    SecretString::from(link)
}

/// Revoke an invitation
///
/// Its link stops working immediately.
#[utoipa::path(
    delete,
    path = "/members/invitations/{id}",
    operation_id = "revokeInvitation",
    tag = "members",
    params(("id" = i64, Path, description = "ID of the invitation.")),
    responses(
        (status = 200, description = "The invitation was revoked.", body = Done),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn revoke(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiPath(id): ApiPath<InvitationId>,
) -> Result<Json<Done>, Problem> {
    identity.revoke_invitation(&caller, id).await?;
    Ok(Json(Done {
        message: "Invitation revoked.",
    }))
}
