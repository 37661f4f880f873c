//! The table of the codes.

use http::StatusCode;

macro_rules! codes {
    ($($code:ident = $word:literal, [$($status:ident),+]: $meaning:literal,)+) => {
        /// The code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $code,)+
        }

        impl Code {
            /// Every code, in alphabetical order of the words.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Returns the stable value of `code`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }

            /// Returns the HTTP statuses that the code is sent with. The first is the usual one.
            pub fn statuses(self) -> &'static [StatusCode] {
                match self {
                    $(Self::$code => &[$(StatusCode::$status),+],)+
                }
            }

            /// Returns the meaning, as one or more sentences in Markdown.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning,)+
                }
            }
        }
    };
}

impl Code {
    /// Returns the usual HTTP status.
    pub fn status(self) -> StatusCode {
        self.statuses()[0]
    }

    /// Returns the URI reference of the problem type.
    pub fn problem_type(self) -> String {
        format!("/problems/{}", self.as_str())
    }

    /// Returns the code in words: `not_found` becomes `Not found`.
    pub fn title(self) -> String {
        let mut title = self.as_str().replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        title
    }
}

codes! {
    ActionDenied = "action_denied", [FORBIDDEN]:
        "A human denied the request. `note` contains the reason, or null. Do not try to work around the denial.",
    ActionExpired = "action_expired", [FORBIDDEN, GONE]:
        "The action expired before it was approved or executed. Send the request again if it is still needed.",
    ActionNotApproved = "action_not_approved", [CONFLICT]:
        "The action cannot be executed in its current status; see `action_status`.",
    ActionNotFound = "action_not_found", [NOT_FOUND]:
        "This agent has no action with this ID.",
    ActionRevoked = "action_revoked", [FORBIDDEN]:
        "The action was revoked by a human, a block, or the kill switch.",
    ActionStale = "action_stale", [CONFLICT]:
        "The service's URL, the location of its credential, its WebSocket setting, or the agent's scope has changed since the request was held. Nothing was sent.",
    ActionUnreadable = "action_unreadable", [CONFLICT]:
        "The stored action is damaged. A human can deny it, but it cannot be approved or executed.",
    AgentBlocked = "agent_blocked", [FORBIDDEN]:
        "The agent is blocked.",
    AlreadyDecided = "already_decided", [CONFLICT]:
        "The action's status does not allow this change; `action_status` contains the status.",
    AlreadyMember = "already_member", [CONFLICT]:
        "The person is already a member of the workspace.",
    AmbiguousTarget = "ambiguous_target", [BAD_REQUEST]:
        "Several services match the target URL. Choose one with `service` or `service_id`.",
    AnswerNotKept = "answer_not_kept", [CONFLICT]:
        "The request was sent, but its response is not stored; `upstream_status` is the status of the response.",
    ApprovalRequired = "approval_required", [PRECONDITION_REQUIRED]:
        "The request is held. `action_id` identifies the action, and `status_url` returns its status.",
    AuthorityUnconfirmed = "authority_unconfirmed", [SERVICE_UNAVAILABLE]:
        "The gateway cannot confirm that its definitions are current. Nothing was sent. Try again.",
    BadRequest = "bad_request", [BAD_REQUEST, METHOD_NOT_ALLOWED, CONFLICT, PAYLOAD_TOO_LARGE, UNPROCESSABLE_ENTITY]:
        "The MCP message is invalid; `detail` says why.",
    Busy = "busy", [TOO_MANY_REQUESTS]:
        "Too many passwords are being checked at this moment. Try again after `Retry-After`.",
    CallCut = "call_cut", [CONFLICT]:
        "An operator changed the service while the call was running. The request may have been sent.",
    Changing = "changing", [CONFLICT]:
        "Concurrent changes to the same definition prevented this one. Try again.",
    CredentialNotUsable = "credential_not_usable", [UNPROCESSABLE_ENTITY]:
        "The document cannot be fetched with the service's credential; see `errors`. Nothing was sent.",
    CredentialRefused = "credential_refused", [BAD_GATEWAY]:
        "The token endpoint refuses the service's credential. An operator must replace it. Nothing was sent.",
    CredentialUnavailable = "credential_unavailable", [BAD_GATEWAY]:
        "The service's credential could not be obtained, for example from its token endpoint. Nothing was sent.",
    CrossOriginRefused = "cross_origin_refused", [FORBIDDEN]:
        "The request comes from a web page of another origin, and it uses the session cookie or is an MCP message.",
    DefinitionUnreadable = "definition_unreadable", [CONFLICT]:
        "The stored definition is damaged. Delete or repair it.",
    DigestMismatch = "digest_mismatch", [CONFLICT]:
        "The stored request differs from the one that was reviewed. Review it again.",
    DocumentsUnread = "documents_unread", [SERVICE_UNAVAILABLE]:
        "The service's documents are still being read, for example after a restart. Nothing was sent. Try again.",
    EmailTaken = "email_taken", [CONFLICT]:
        "An account with this email address already exists.",
    HostNotAllowed = "host_not_allowed", [MISDIRECTED_REQUEST]:
        "The dashboard is not served under this host name. Set `PUBLIC_URL`.",
    IdempotencyInProgress = "idempotency_in_progress", [CONFLICT]:
        "The first request with this idempotency key is still running. Try again after `Retry-After`.",
    IdempotencyKeyReused = "idempotency_key_reused", [UNPROCESSABLE_ENTITY]:
        "The idempotency key was used for a different request. Use a new key.",
    InternalError = "internal_error", [INTERNAL_SERVER_ERROR]:
        "The gateway failed. Search its log for the response's `X-Request-Id`.",
    InvalidAgentKey = "invalid_agent_key", [UNAUTHORIZED]:
        "The agent key is missing, unknown, revoked, or expired.",
    InvalidCredentials = "invalid_credentials", [UNAUTHORIZED]:
        "The password is wrong, or the user does not exist.",
    InvalidSignature = "invalid_signature", [UNAUTHORIZED]:
        "The request is not signed with the channel's signing secret, is too old, or was received before.",
    InvalidTarget = "invalid_target", [BAD_REQUEST]:
        "The target is not normalized: it contains, for example, `..`, `//`, a fragment, or a user name.",
    InvitationInvalid = "invitation_invalid", [GONE, FORBIDDEN]:
        "The invitation is unknown, used, expired, or revoked, or it is for another email address.",
    KillSwitch = "kill_switch", [FORBIDDEN]:
        "The kill switch is active: all agents of the workspace are stopped.",
    LastOwner = "last_owner", [CONFLICT]:
        "A workspace always has an owner. Make another member an owner first.",
    LlmFailed = "llm_failed", [BAD_GATEWAY]:
        "The language model did not respond, or its response was not usable.",
    LlmNotConfigured = "llm_not_configured", [CONFLICT]:
        "No language model is configured.",
    MalformedRequest = "malformed_request", [BAD_REQUEST]:
        "The HTTP framing is ambiguous or broken. The connection is closed.",
    MayNotApprove = "may_not_approve", [FORBIDDEN]:
        "Your approval of this request does not count, because of your role, or because you wrote the rule or own the agent; `detail` says which.",
    MethodNotAllowed = "method_not_allowed", [METHOD_NOT_ALLOWED]:
        "The path does not support this method; `Allow` lists the methods that it supports.",
    MisdirectedRequest = "misdirected_request", [MISDIRECTED_REQUEST]:
        "A request in a tunnel of the proxy port is for a host or port other than the one that the tunnel was opened to.",
    NameTaken = "name_taken", [CONFLICT]:
        "Another service already has this name.",
    NoVote = "no_vote", [CONFLICT]:
        "There is no approval to withdraw: you have not approved the action, or it is no longer pending.",
    NotAuthenticated = "not_authenticated", [UNAUTHORIZED]:
        "The access token is missing, invalid, or expired, or its session has ended.",
    NotFound = "not_found", [NOT_FOUND]:
        "No route matches the path, or the workspace has no such object.",
    NotPermitted = "not_permitted", [FORBIDDEN]:
        "The role of the signed-in user does not allow this; `detail` says which roles do. `GET /auth/me` returns the role and its permissions.",
    NotProvable = "not_provable", [CONFLICT]:
        "The audit log does not support a proof of this request; `detail` says why.",
    NotUnderstood = "not_understood", [UNPROCESSABLE_ENTITY]:
        "The condition does not compile; `errors` contains the line, the column, and what was expected.",
    OriginNotAllowed = "origin_not_allowed", [FORBIDDEN]:
        "The request comes from a web page whose origin is not allowed.",
    OutcomeUnknown = "outcome_unknown", [CONFLICT]:
        "The request may have been sent, so it is not sent again; see `detail`.",
    PasskeyExists = "passkey_exists", [CONFLICT]:
        "The passkey is already registered, or the user has 20 passkeys.",
    PasskeyRefused = "passkey_refused", [UNAUTHORIZED, FORBIDDEN]:
        "The passkey was not accepted: it belongs to no account or to another person, was made for another site, or was used before; see `detail`.",
    PasskeysUnavailable = "passkeys_unavailable", [CONFLICT]:
        "Passkeys are unavailable, because `PUBLIC_URL` is not an https URL with a host name, or `OIDC_ONLY` is set; or the user has no passkey to approve with.",
    PasswordSignInDisabled = "password_sign_in_disabled", [FORBIDDEN]:
        "People can sign in only with single sign-on, because `OIDC_ONLY` is set.",
    PayloadTooLarge = "payload_too_large", [PAYLOAD_TOO_LARGE]:
        "The body is longer than the limit.",
    PolicyDenied = "policy_denied", [FORBIDDEN]:
        "A rule denied the request; `matched_rules` lists the rules that deny it.",
    ProxyAuthenticationRequired = "proxy_authentication_required", [PROXY_AUTHENTICATION_REQUIRED]:
        "The proxy port requires a valid agent key, as the password of the proxy.",
    RegistrationClosed = "registration_closed", [FORBIDDEN]:
        "Registration is closed.",
    RequestHeadTooLarge = "request_head_too_large", [REQUEST_HEADER_FIELDS_TOO_LARGE]:
        "The request line and headers are too long, or there are too many headers.",
    RequestTimeout = "request_timeout", [REQUEST_TIMEOUT]:
        "The request did not arrive in time.",
    SecondFactorExists = "second_factor_exists", [CONFLICT]:
        "One-time codes are already set up. Remove them first.",
    SecondFactorInvalid = "second_factor_invalid", [UNAUTHORIZED]:
        "The password is right, but `code` is wrong or was used before.",
    SecondFactorRequired = "second_factor_required", [UNAUTHORIZED]:
        "The password is right, but `code` is missing: send a one-time code or a recovery code.",
    ServiceNotFound = "service_not_found", [NOT_FOUND]:
        "The service does not exist in this workspace.",
    ServiceNotInScope = "service_not_in_scope", [FORBIDDEN]:
        "The agent may not use this service, or none of its services matches the target URL.",
    SetupCodeInvalid = "setup_code_invalid", [FORBIDDEN]:
        "The setup code is wrong.",
    SetupCodeRequired = "setup_code_required", [FORBIDDEN]:
        "The first account needs the setup code from the gateway's log.",
    SignInExpired = "sign_in_expired", [BAD_REQUEST]:
        "The sign-in was not started in this browser, took too long, or was completed before. Start again.",
    SignInProviderFailed = "sign_in_provider_failed", [BAD_GATEWAY]:
        "The sign-in provider cannot be reached, or its response is not valid; see `detail`.",
    SignInRefused = "sign_in_refused", [FORBIDDEN]:
        "The sign-in provider confirmed who the person is, but the person cannot sign in here; see `detail`.",
    StepUpRequired = "step_up_required", [FORBIDDEN]:
        "A rule requires a passkey for this approval. Get options from `POST /approvals/{action_id}/approve/options`, pass them to `navigator.credentials.get`, and send the result as `passkey` with the approval.",
    StorageUnavailable = "storage_unavailable", [SERVICE_UNAVAILABLE]:
        "The database is unavailable. For an agent's request, `Retry-After` means that nothing was sent; without it, a read may have been sent and its response is withheld. For any other call, check whether the change was made before you retry it.",
    TargetNotAllowed = "target_not_allowed", [FORBIDDEN]:
        "The target is outside the service's base URL, or its address is not allowed.",
    TooManyAttempts = "too_many_attempts", [TOO_MANY_REQUESTS]:
        "Too many attempts to sign in, register, or change a password. Wait for the time in `Retry-After`.",
    TooManyInvitations = "too_many_invitations", [TOO_MANY_REQUESTS]:
        "The workspace has too many open invitations. Revoke some, or wait until they expire.",
    TooManyPending = "too_many_pending", [TOO_MANY_REQUESTS]:
        "The agent has too many pending actions, or the pending requests are too large in total.",
    UnsupportedMediaType = "unsupported_media_type", [UNSUPPORTED_MEDIA_TYPE]:
        "The body is not JSON, or the request is a gRPC call over HTTP/1.1.",
    UpstreamBroken = "upstream_broken", [BAD_GATEWAY]:
        "The connection to the upstream failed, or its response could not be read or masked. The request may have been sent; `upstream_status` is the status of the response, if it was read.",
    UpstreamTimeout = "upstream_timeout", [GATEWAY_TIMEOUT]:
        "The upstream did not respond in time. The request may have been sent. An operator can raise the limit with `timeoutMs` of the service.",
    UpstreamUnreachable = "upstream_unreachable", [BAD_GATEWAY]:
        "The upstream could not be reached. Nothing was sent; the same idempotency key may be used again.",
    ValidationFailed = "validation_failed", [BAD_REQUEST]:
        "A parameter or a field is missing, unknown, or invalid; `errors` names each.",
    WebSocketLost = "web_socket_lost", [CONFLICT]:
        "Only the call that requested a WebSocket, and is still waiting for approval, can open it. Send the request again with `Prefer: wait=N`.",
    WebSocketNotAllowed = "web_socket_not_allowed", [FORBIDDEN]:
        "The service does not allow WebSockets.",
}
