//! Problem responses that several endpoints share, one type per group.
//!
//! These types are named in the `responses(…)` of handlers and have no values.

use std::collections::BTreeMap;

use gaiterguard_problem::Code;
use http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::problem::ProblemBody;

/// A code with the status that it is sent with: its usual one, or another of its statuses.
macro_rules! sent {
    ($code:ident) => {
        (Code::$code, Code::$code.status())
    };
    ($code:ident $status:ident) => {
        (Code::$code, StatusCode::$status)
    };
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($code:ident $(($status:ident))?)+;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let group = by_status(&[$(sent!($code $($status)?)),+]);
                    group
                        .into_keys()
                        .map(|status| {
                            let component = component(stringify!($name), &status);
                            let path = format!("#/components/responses/{component}");
                            (status, RefOr::Ref(Ref::new(path)))
                        })
                        .collect()
                }
            }
        )+

        /// Returns all shared responses by component name.
        pub fn all() -> BTreeMap<String, Response> {
            let groups = [$((
                stringify!($name),
                by_status(&[$(sent!($code $($status)?)),+]),
            )),+];
            let responses = groups.into_iter().flat_map(|(name, group)| {
                group.into_iter().map(move |(status, codes)| {
                    let response = problem(&status, &description(&codes));
                    (component(name, &status), response)
                })
            });
            responses.collect()
        }
    };
}

fn component(group: &str, status: &str) -> String {
    format!("{group}{status}")
}

/// Groups codes by the statuses that they are sent with.
fn by_status(sent: &[(Code, StatusCode)]) -> BTreeMap<String, Vec<Code>> {
    let mut groups: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for (code, status) in sent {
        debug_assert!(code.statuses().contains(status), "{code:?} with {status}");
        let status = status.as_str().to_owned();
        groups.entry(status).or_default().push(*code);
    }
    groups
}

/// Describes the codes that a response can have.
fn description(codes: &[Code]) -> String {
    let sentences = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.as_str(), code.meaning()));
    sentences.collect::<Vec<_>>().join("\n\n")
}

problems! {
    /// Invalid path or query parameter.
    InvalidParameter: ValidationFailed;

    /// Missing, malformed, or oversized body, or an invalid field in it.
    InvalidBody: ValidationFailed RequestTimeout PayloadTooLarge UnsupportedMediaType;

    /// Not signed in.
    SignedOut: NotAuthenticated;

    /// Not signed by the chat.
    NotSigned: InvalidSignature;

    /// The user's role does not allow it.
    Refused: NotPermitted;

    /// The workspace would have no owner.
    LastOwner: LastOwner;

    /// The person is a member of the workspace.
    AlreadyMember: AlreadyMember;

    /// The invitation is not valid.
    InvitationInvalid: InvitationInvalid;

    /// The invitation is not valid, or not for this person.
    InvitationRefused:
        InvitationInvalid InvitationInvalid(FORBIDDEN) OriginNotAllowed EmailTaken AlreadyMember Busy;

    /// Not found in the workspace.
    NotFound: NotFound;

    /// Conflict with the current state.
    Conflict: NameTaken Changing DefinitionUnreadable AlreadyDecided DigestMismatch ActionUnreadable NoVote;
    /// The caller's approval does not count.
    MayNotApprove: NotPermitted MayNotApprove StepUpRequired PasskeyRefused(FORBIDDEN);

    /// There is no passkey to approve with.
    PasskeyMissing: AlreadyDecided DigestMismatch ActionUnreadable PasskeysUnavailable;

    /// The audit log does not support a proof of the request.
    NotProvable: NotProvable;

    /// The condition does not compile.
    NotUnderstood: NotUnderstood;

    /// The document cannot be fetched with the service's credential.
    CredentialRefused: CredentialNotUsable;

    /// Registration is closed, or the email address is taken.
    RegistrationRefused:
        RegistrationClosed SetupCodeRequired SetupCodeInvalid OriginNotAllowed EmailTaken;

    /// Wrong password, unknown user, or a missing or wrong second factor.
    WrongCredentials: InvalidCredentials SecondFactorRequired SecondFactorInvalid;

    /// Passwords are disabled, or the request comes from a page of another origin.
    PasswordsDisabled: PasswordSignInDisabled OriginNotAllowed;

    /// Nobody is signed in.
    SignInRefused: SignInExpired SignInRefused SignInProviderFailed;

    /// Passkeys are unavailable, or the passkey is already registered.
    PasskeyConflict: PasskeyExists PasskeysUnavailable;

    /// The passkey does not sign in.
    PasskeyRefused: PasskeyRefused;

    /// The user has a second factor already.
    SecondFactorConflict: SecondFactorExists;

    /// The cookie was sent by another site's page.
    CrossOrigin: CrossOriginRefused OriginNotAllowed;

    /// The request comes from a page of another origin.
    ForeignPage: OriginNotAllowed;

    /// Missing or invalid agent key, or a stopped agent.
    NoAgent: InvalidAgentKey AgentBlocked KillSwitch;

    /// The request is refused before a decision is made.
    ProposalRefused:
        ValidationFailed InvalidTarget AmbiguousTarget InvalidAgentKey AgentBlocked KillSwitch
        ServiceNotInScope TargetNotAllowed PolicyDenied ActionDenied ActionExpired ActionRevoked
        ServiceNotFound RequestTimeout PayloadTooLarge;

    /// A dry run of the request is refused.
    DryRunRefused:
        ValidationFailed InvalidTarget AmbiguousTarget InvalidAgentKey AgentBlocked KillSwitch
        ServiceNotInScope TargetNotAllowed ServiceNotFound RequestTimeout PayloadTooLarge;

    /// A dry run of the request cannot be decided.
    DryRunFailed: InternalError StorageUnavailable AuthorityUnconfirmed DocumentsUnread;

    /// The upstream did not respond to the request, or the response is not available.
    ProposalFailed:
        IdempotencyInProgress AnswerNotKept OutcomeUnknown ActionStale CallCut IdempotencyKeyReused
        TooManyPending InternalError UpstreamUnreachable CredentialRefused CredentialUnavailable UpstreamBroken
        StorageUnavailable AuthorityUnconfirmed DocumentsUnread UpstreamTimeout;

    /// The agent has no such action.
    NoAction: ActionNotFound ActionUnreadable;

    /// The action cannot be executed.
    NotExecutable:
        AgentBlocked KillSwitch ServiceNotInScope TargetNotAllowed ActionNotApproved
        ActionUnreadable ActionStale OutcomeUnknown CallCut WebSocketLost ActionExpired(GONE)
        InternalError UpstreamUnreachable CredentialRefused CredentialUnavailable UpstreamBroken StorageUnavailable
        AuthorityUnconfirmed UpstreamTimeout;

    /// The agent's rights or its actions cannot be read.
    AgentUnavailable: InternalError StorageUnavailable AuthorityUnconfirmed;

    /// The gateway is not operational.
    Unavailable: InternalError StorageUnavailable;

    /// Too many attempts.
    Throttled: TooManyAttempts Busy;

    /// Too many open invitations.
    TooManyOpen: TooManyInvitations;
}

/// Returns the problem that any operation can respond with, before its handler runs.
pub fn unreadable() -> Response {
    problem(
        "4XX",
        "The request's headers are invalid, too long, or too slow to arrive.",
    )
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
