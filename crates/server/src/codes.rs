//! All problem codes, with their statuses and meanings.
//!
//! The reference of error codes is generated from this list. In debug builds,
//! [`Problem`](crate::problem::Problem) checks that its code and status are listed, so a test that
//! meets an undocumented problem fails.

use http::StatusCode;

/// A code and its meaning.
#[derive(Debug)]
pub(crate) struct Code {
    /// The stable value of `code`.
    pub(crate) word: &'static str,
    /// HTTP statuses that it is sent with.
    pub(crate) statuses: &'static [u16],
    /// Meaning, as one or more sentences in Markdown.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the reference shows it"))]
    pub(crate) meaning: &'static str,
}

const fn code(word: &'static str, statuses: &'static [u16], meaning: &'static str) -> Code {
    Code {
        word,
        statuses,
        meaning,
    }
}

/// Every code, in alphabetical order.
pub(crate) const CODES: &[Code] = &[
    code(
        "action_denied",
        &[403],
        "A human denied the request; `note` contains the reason. Do not try to work around it.",
    ),
    code(
        "action_expired",
        &[403, 410],
        "The action expired before it was decided or executed. Send the request again if it is still needed.",
    ),
    code(
        "action_not_approved",
        &[409],
        "The action cannot be executed in its current status, which is in `action_status`.",
    ),
    code(
        "action_not_found",
        &[404],
        "This agent has no action with this ID.",
    ),
    code(
        "action_revoked",
        &[403],
        "The action was revoked by a human, a block, or the kill switch.",
    ),
    code(
        "action_stale",
        &[409],
        "The service's URL, the location of its credential, or the agent's scope changed while \
         the request was held. Nothing was sent.",
    ),
    code(
        "action_unreadable",
        &[409],
        "The stored action is damaged. It can only be denied.",
    ),
    code("agent_blocked", &[403], "An operator blocked the agent."),
    code(
        "already_decided",
        &[409],
        "Another person decided first; `action_status` is the result.",
    ),
    code(
        "ambiguous_target",
        &[400],
        "Several services contain the target. Choose one with `service_id`.",
    ),
    code(
        "answer_not_kept",
        &[409],
        "The request was sent and its response is not stored; `upstream_status` is its status.",
    ),
    code(
        "approval_required",
        &[428],
        "The request is held. `action_id` and `status_url` lead to the action.",
    ),
    code(
        "authority_unconfirmed",
        &[503],
        "The gateway cannot confirm that its definitions are current. Nothing was sent. Try again.",
    ),
    code(
        "bad_request",
        &[400, 405, 409, 413, 422],
        "The MCP message is not valid; `detail` says why.",
    ),
    code(
        "call_cut",
        &[409],
        "An operator changed the service while the call was running. The request may have been sent.",
    ),
    code(
        "changing",
        &[409],
        "Other changes to the same definition were faster. Try again.",
    ),
    code(
        "credential_unavailable",
        &[502],
        "The service's credential could not be obtained, for example from its token endpoint. Nothing was sent.",
    ),
    code(
        "cross_origin_refused",
        &[403],
        "A page of another origin sent the request.",
    ),
    code(
        "definition_unreadable",
        &[409],
        "The stored definition is damaged. Delete or repair it.",
    ),
    code(
        "digest_mismatch",
        &[409],
        "The request that was reviewed is not the one that is stored. Review it again.",
    ),
    code(
        "documents_unread",
        &[503],
        "The service's documents are still being read, as after a start. Nothing was sent. Try again.",
    ),
    code(
        "email_taken",
        &[409],
        "An account with this e-mail address exists.",
    ),
    code(
        "host_not_allowed",
        &[421],
        "The dashboard does not open under this host name. Set `PUBLIC_URL`.",
    ),
    code(
        "idempotency_in_progress",
        &[409],
        "The first request with this idempotency key is still running. Try again after `Retry-After`.",
    ),
    code(
        "idempotency_key_reused",
        &[422],
        "The idempotency key was used for a different request. Use a new key.",
    ),
    code(
        "internal_error",
        &[500],
        "The gateway failed. Look up the response's `X-Request-Id` in its log.",
    ),
    code(
        "invalid_agent_key",
        &[401],
        "The agent key is missing, unknown, revoked, or expired.",
    ),
    code(
        "invalid_credentials",
        &[401],
        "The password is wrong, or the user does not exist.",
    ),
    code(
        "invalid_target",
        &[400],
        "The target is not in normal form.",
    ),
    code(
        "kill_switch",
        &[403],
        "An operator stopped all agents of the workspace.",
    ),
    code(
        "llm_failed",
        &[502],
        "The test call to the language model failed.",
    ),
    code(
        "llm_not_configured",
        &[409],
        "No language model is configured.",
    ),
    code(
        "malformed_request",
        &[400],
        "The HTTP framing is ambiguous or broken. The connection is closed.",
    ),
    code(
        "method_not_allowed",
        &[405],
        "The path does not support this method; `Allow` lists the methods that it supports.",
    ),
    code("name_taken", &[409], "Another definition has this name."),
    code(
        "not_acceptable",
        &[406],
        "The MCP client does not accept the media types of the response.",
    ),
    code(
        "not_authenticated",
        &[401],
        "The access token is missing, invalid, or expired, or its session has ended.",
    ),
    code(
        "not_found",
        &[404],
        "No route matches the path, or the workspace has no such object.",
    ),
    code(
        "not_understood",
        &[422],
        "The condition does not compile; `errors` gives line, column, and what was expected.",
    ),
    code(
        "origin_not_allowed",
        &[403],
        "A page of another origin sent the request.",
    ),
    code(
        "outcome_unknown",
        &[409],
        "The request may have been sent and is not sent again; see `detail`.",
    ),
    code(
        "payload_too_large",
        &[413],
        "The body is longer than the limit.",
    ),
    code(
        "policy_denied",
        &[403],
        "A rule denies the request; `matched_rules` names it.",
    ),
    code("registration_closed", &[403], "Registration is closed."),
    code(
        "request_head_too_large",
        &[431],
        "The request's head is too long or has too many fields.",
    ),
    code(
        "request_timeout",
        &[408],
        "The request did not arrive in time.",
    ),
    code(
        "service_not_found",
        &[404],
        "The service does not exist in this workspace.",
    ),
    code(
        "service_not_in_scope",
        &[403],
        "The agent may not use this service, or none of its services contains the target.",
    ),
    code("setup_code_invalid", &[403], "The set-up code is wrong."),
    code(
        "setup_code_required",
        &[403],
        "The first account needs the set-up code from the gateway's log.",
    ),
    code(
        "storage_unavailable",
        &[503],
        "The database is unavailable. With `Retry-After`, this call sent nothing; without it, a read may have been sent and its response is withheld.",
    ),
    code(
        "target_not_allowed",
        &[403],
        "The target is outside the service's base URL, or its address may not be used.",
    ),
    code(
        "too_many_attempts",
        &[429],
        "Too many attempts to sign in. Wait for the time in `Retry-After`.",
    ),
    code(
        "too_many_pending",
        &[429],
        "Too many of the agent's actions, or too many bytes of them, are pending.",
    ),
    code("unsupported_media_type", &[415], "The body is not JSON."),
    code(
        "upstream_broken",
        &[502],
        "The connection to the upstream failed, or its response could not be masked. The request \
         may have been sent.",
    ),
    code(
        "upstream_timeout",
        &[504],
        "The upstream did not respond in time. The request may have been sent.",
    ),
    code(
        "upstream_unreachable",
        &[502],
        "The upstream could not be reached. Nothing was sent; the same idempotency key may be used again.",
    ),
    code(
        "validation_failed",
        &[400],
        "A parameter or a field is missing, unknown, or invalid; `errors` names each.",
    ),
    code(
        "web_socket_lost",
        &[409],
        "An approved WebSocket can be opened only by the call that waits for it.",
    ),
    code(
        "web_socket_not_allowed",
        &[403],
        "The service does not allow WebSockets.",
    ),
];

/// Returns whether this code is listed with this status.
pub(crate) fn is_documented(status: StatusCode, word: &str) -> bool {
    CODES
        .iter()
        .any(|code| code.word == word && code.statuses.contains(&status.as_u16()))
}
