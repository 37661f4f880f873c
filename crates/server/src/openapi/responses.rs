//! Problem responses that several endpoints share, one type per group.
//!
//! These types are named in the `responses(…)` of handlers and have no values.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::problem::ProblemBody;

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

        /// Returns all shared responses by component name.
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
    /// Invalid path or query parameter.
    InvalidParameter {
        "400": "`validation_failed`: a parameter is invalid; `errors` names it.",
    }

    /// Missing, malformed, or oversized body, or an invalid field in it.
    InvalidBody {
        "400": "`validation_failed`: a parameter or a field of the body is missing, unknown, or \
                invalid; `errors` names each.",
        "408": "`request_timeout`: the body did not arrive in time.",
        "413": "`payload_too_large`: the body is longer than the limit.",
        "415": "`unsupported_media_type`: the body is not JSON.",
    }

    /// Not signed in.
    SignedOut {
        "401": "`not_authenticated`: the access token is missing, invalid, or expired, or its \
                session has ended.",
    }

    /// Not found in the workspace.
    NotFound {
        "404": "`not_found`: not found in this workspace.",
    }

    /// Conflict with the current state.
    Conflict {
        "409": "The request conflicts with the current state; `code` gives the reason. \
                `definition_unreadable`: the stored definition is damaged.",
    }

    /// The condition does not compile.
    NotUnderstood {
        "422": "`not_understood`: the condition does not compile; `errors` gives the position and \
                what was expected.",
    }

    /// Registration is closed, or the e-mail address is taken.
    RegistrationRefused {
        "403": "`registration_closed`: registration is closed. `setup_code_required` or \
                `setup_code_invalid`: the first account requires the set-up code, which is in the \
                gateway's log. `origin_not_allowed`: the request comes from a page of another \
                origin.",
        "409": "`email_taken`: an account with this e-mail address exists.",
    }

    /// Wrong password or unknown user.
    WrongCredentials {
        "401": "`invalid_credentials`: the password is wrong, or the user does not exist.",
    }

    /// The cookie was sent by another site's page.
    CrossOrigin {
        "403": "`cross_origin_refused`: the cookie was not sent by a page of this gateway. \
                `origin_not_allowed`: the request comes from a page of another origin.",
    }

    /// The request comes from a page of another origin.
    ForeignPage {
        "403": "`origin_not_allowed`: the request comes from a page of another origin.",
    }

    /// Missing or invalid agent key, or a stopped agent.
    NoAgent {
        "401": "`invalid_agent_key`: the agent key is missing, unknown, revoked, or expired.",
        "403": "`agent_blocked` or `kill_switch`: an operator stopped the agent.",
    }

    /// The request is refused before a decision is made.
    ProposalRefused {
        "400": "`validation_failed`, `invalid_target`, or `ambiguous_target`: the request is \
                malformed; `errors` names the fields.",
        "401": "`invalid_agent_key`: the agent key is missing, unknown, revoked, or expired.",
        "403": "`agent_blocked`, `kill_switch`, `service_not_in_scope`, `target_not_allowed`, \
                `policy_denied`, or the outcome of the request that used this idempotency key: \
                `action_denied`, `action_expired`, `action_revoked`.",
        "404": "`service_not_found`: the service does not exist in this workspace.",
        "408": "`request_timeout`: the body did not arrive in time.",
        "413": "`payload_too_large`: the body is longer than the limit.",
    }

    /// The upstream did not respond to the request, or the response is not available.
    ProposalFailed {
        "409": "`idempotency_in_progress`, `answer_not_kept`, or `outcome_unknown`: the request \
                may have been sent and is not sent again; see `detail`. `action_stale`: the \
                service changed while the request was held; nothing was sent. `call_cut`: the \
                service changed while the request was running; the request may have been sent.",
        "422": "`idempotency_key_reused`: the key was used for a different request.",
        "429": "`too_many_pending`: too many of the agent's actions are pending.",
        "500": "`internal_error`: look up `X-Request-Id` in the gateway's log.",
        "502": "`upstream_unreachable` or `credential_unavailable`: nothing was sent. \
                `upstream_broken`: the request may have been sent.",
        "503": "`storage_unavailable` or `authority_unconfirmed` with `Retry-After`: this call \
                sent nothing. `storage_unavailable` without it: a read may have been sent, and \
                its response is withheld because it could not be recorded.",
        "504": "`upstream_timeout`: the request may have been sent.",
    }

    /// The agent has no such action.
    NoAction {
        "404": "`action_not_found`: this agent has no action with this ID.",
    }

    /// The action cannot be executed.
    NotExecutable {
        "403": "`agent_blocked`, `kill_switch`, or `target_not_allowed`: nothing was sent, or the \
                running call was canceled and the action is `INDETERMINATE`.",
        "409": "`action_not_approved` with `action_status`, or `action_stale`: this call sent \
                nothing. `outcome_unknown`: the request may have been sent; the action's status \
                shows the outcome once it is recorded. `call_cut`: the service changed while the \
                request was running. `web_socket_lost`: the upstream opened a WebSocket, which \
                this call cannot carry.",
        "410": "`action_expired`: the approval expired before it was used.",
        "500": "`internal_error`: look up `X-Request-Id` in the gateway's log.",
        "502": "`upstream_unreachable` or `credential_unavailable`: nothing was sent, and the \
                action is still approved. `upstream_broken`: the action is `INDETERMINATE`.",
        "503": "`storage_unavailable` or `authority_unconfirmed`: this call sent nothing.",
        "504": "`upstream_timeout`: the action is `INDETERMINATE`.",
    }

    /// The gateway is not operational.
    Unavailable {
        "500": "`internal_error`: look up `X-Request-Id` in the gateway's log.",
        "503": "`storage_unavailable`: the database is unavailable.",
    }

    /// Too many attempts.
    Throttled {
        "429": "`too_many_attempts`: wait for the time in `Retry-After`.",
    }
}

/// Builds the documentation of a problem with this status.
fn problem(status: &str, description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name(ProblemBody::name()))))
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    if status == "401" {
        let header = HeaderBuilder::new()
            .description(Some("The authentication scheme."))
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
            .description(Some("Seconds to wait before the next attempt."))
            .schema(Some(seconds));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}
