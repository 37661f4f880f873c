//! The problems that several endpoints answer, one type for each group that comes together.
//!
//! They stand in the `responses(…)` of handlers and are never made.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::problem::ProblemSchema;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(
                    ($status.to_owned(), RefOr::Ref(reference(stringify!($name), $status)))
                ),+])
            }
        }
    )+

        /// All of them by the names that they are referred to.
        pub(crate) fn all() -> BTreeMap<String, Response> {
            BTreeMap::from([$($(
                (component(stringify!($name), $status), problem($status, $description))
            ),+),+])
        }
    };
}

fn component(group: &str, status: &str) -> String {
    format!("{group}{status}")
}

fn reference(group: &str, status: &str) -> Ref {
    Ref::new(format!(
        "#/components/responses/{}",
        component(group, status)
    ))
}

problems! {
    /// A parameter is not what the path or the query takes.
    InvalidParameter {
        "400": "`validation_failed`: a parameter is not what is taken here; `errors` names it.",
    }

    /// A body is missing, broken, too long or not JSON, or a field of it is out of bounds.
    InvalidBody {
        "400": "`validation_failed`: a parameter or a field of the body is missing, unknown or out \
                of bounds; `errors` names each.",
        "408": "`request_timeout`: the body did not arrive in time.",
        "413": "`payload_too_large`: the body is too long.",
        "415": "`unsupported_media_type`: the body is not JSON.",
    }

    /// Nobody is signed in.
    SignedOut {
        "401": "`not_authenticated`: the access token is missing, wrong or expired, or its session \
                has ended.",
    }

    /// The workspace has no such thing.
    NotFound {
        "404": "`not_found`: the workspace has no such thing.",
    }

    /// What is there stands against what was asked.
    Conflict {
        "409": "What is there stands against this; `code` says what. `definition_unreadable`: what is \
                stored of the definition is damaged.",
    }

    /// A condition is not understood.
    NotUnderstood {
        "422": "`not_understood`: the condition is not understood; `errors` says where and what was \
                expected.",
    }

    /// Registration is closed or the address is taken.
    RegistrationRefused {
        "403": "`registration_closed`: nobody may register, or not any more. `setup_code_required` \
                or `setup_code_invalid`: the first account needs the code in the gateway's log. \
                `origin_not_allowed`: a page of another origin sent the request.",
        "409": "`email_taken`: someone has this e-mail address.",
    }

    /// The password is wrong, or there is no such user.
    WrongCredentials {
        "401": "`invalid_credentials`: the password is wrong or there is no such user.",
    }

    /// A cookie came from another site's page.
    CrossOrigin {
        "403": "`cross_origin_refused`: the cookie was not sent by a page of this gateway. \
                `origin_not_allowed`: a page of another origin sent the request.",
    }

    /// A page of another origin sent the request.
    ForeignPage {
        "403": "`origin_not_allowed`: a page of another origin sent the request.",
    }

    /// No agent key, or one that opens nothing.
    NoAgent {
        "401": "`invalid_agent_key`: the key is missing, unknown, revoked or expired.",
        "403": "`agent_blocked` or `kill_switch`: an operator has stopped the agent.",
    }

    /// The proposed request is refused before anything is decided.
    ProposalRefused {
        "400": "`validation_failed`, `invalid_target` or `ambiguous_target`: the request is malformed; \
                `errors` names the fields.",
        "401": "`invalid_agent_key`: the key is missing, unknown, revoked or expired.",
        "403": "`agent_blocked`, `kill_switch`, `service_not_in_scope`, `target_not_allowed`, \
                `policy_denied`, or what became of a request with this key: `action_denied`, \
                `action_expired`, `action_revoked`.",
        "404": "`service_not_found`: the workspace has no such service.",
        "408": "`request_timeout`: the body did not arrive in time.",
        "413": "`payload_too_large`: the body is too long.",
    }

    /// The proposed request was not answered by its upstream.
    ProposalFailed {
        "409": "`idempotency_in_progress`, `answer_not_kept`, or `outcome_unknown`: the request may have \
                been sent and is not sent again; `detail` says what is known. `action_stale`: the \
                service moved while the request was held; nothing was sent. `call_cut`: it moved while \
                the request was under way; the request may have been sent.",
        "422": "`idempotency_key_reused`: the key was used for another request.",
        "429": "`too_many_pending`: too many actions of the agent wait for a human.",
        "500": "`internal_error`: the gateway failed; its log says more under `X-Request-Id`.",
        "502": "`upstream_unreachable` or `credential_unavailable`: nothing was sent. \
                `upstream_broken`: the request may have been sent.",
        "503": "`storage_unavailable` or `authority_unconfirmed` with `Retry-After`: this call sent \
                nothing. `storage_unavailable` without it: a read may have been sent, and its response \
                is withheld because it could not be recorded.",
        "504": "`upstream_timeout`: the request may have been sent.",
    }

    /// The agent has no such action.
    NoAction {
        "404": "`action_not_found`: this agent has no such action.",
    }

    /// The action cannot be executed.
    NotExecutable {
        "403": "`agent_blocked`, `kill_switch` or `target_not_allowed`: nothing was sent, or the running \
                call was cut and the action is `INDETERMINATE`.",
        "409": "`action_not_approved` with `action_status`, or `action_stale`: this call sent nothing. \
                `outcome_unknown`: it may have been sent; the action's status says more as soon as it \
                can be recorded. `call_cut`: the service moved while the request was under way. \
                `web_socket_lost`: a WebSocket was opened, which this call cannot carry.",
        "410": "`action_expired`: the approval was not used in time.",
        "500": "`internal_error`: the gateway failed; its log says more under `X-Request-Id`.",
        "502": "`upstream_unreachable` or `credential_unavailable`: nothing was sent and the action is \
                approved as before. `upstream_broken`: the action is `INDETERMINATE`.",
        "503": "`storage_unavailable` or `authority_unconfirmed`: this call sent nothing.",
        "504": "`upstream_timeout`: the action is `INDETERMINATE`.",
    }

    /// The gateway cannot do its work.
    Unavailable {
        "500": "`internal_error`: the gateway failed; its log says more under `X-Request-Id`.",
        "503": "`storage_unavailable`: the database does not answer.",
    }

    /// Too many attempts.
    Throttled {
        "429": "`too_many_attempts`: wait for as long as `Retry-After` says.",
    }
}

/// How a problem of this status is documented.
fn problem(status: &str, description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name(
            ProblemSchema::name(),
        ))))
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    if status == "401" {
        let header = HeaderBuilder::new()
            .description(Some("How to authenticate."))
            .schema(Some(String::schema()));
        response = response.header("WWW-Authenticate", header.build());
    }
    if matches!(status, "429" | "503") {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .build();
        let header = HeaderBuilder::new()
            .description(Some("When to try again, in seconds."))
            .schema(Some(seconds));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}
