//! Assembles the OpenAPI document.

use gaiterguard_domain::field::FieldError;
use gaiterguard_web::operations;
use gaiterguard_web::problem::ProblemBody;
use gaiterguard_web::responses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "GaiterGuard",
        description = "An API gateway for AI agents. An agent sends a request and the intent \
                       behind it. The gateway checks the request, injects the service's \
                       credential, and forwards it, or holds it until a human approves \
                       it.\n\nErrors that the gateway itself returns are \
                       `application/problem+json` (RFC 9457) with a stable `code`. Times are RFC \
                       3339 in UTC. Except in credential values, stored text must not contain an \
                       agent key, encoded or not (400 `validation_failed`). If a path does not \
                       support a method, the gateway returns 405 with `Allow`. If the HTTP \
                       framing is invalid, it returns 400 and closes the connection; if the \
                       request headers arrive too slowly, 408; if they are too long, 431.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "GaiterGuard", url = "https://github.com/gaiterguard/gaiterguard"),
    ),
    servers((url = "/", description = "The gateway that serves this document.")),
    components(schemas(ProblemBody, FieldError)),
    modifiers(&Security),
    tags(
        (name = "agent", description = "Send requests through the gateway, as an agent."),
        (name = "auth", description = "Users and sessions."),
        (name = "approvals", description = "Review, approve, and deny held requests."),
        (name = "services", description = "Upstream APIs with their credentials and documents."),
        (name = "agents", description = "Agents, their keys, and the services they may use."),
        (name = "rules", description = "Rules that deny, hold, or allow requests."),
        (name = "members", description = "People of a workspace, their roles, and invitations."),
        (name = "kill switch", description = "Stop all agents of a workspace."),
        (name = "requests", description = "Requests that agents made, with their decisions."),
        (name = "audit", description = "The audit log: who did what, and when."),
        (name = "channels", description = "Where a workspace is notified of what happens."),
        (name = "push", description = "Push notifications in the browsers of the signed-in user."),
        (name = "overview", description = "Statistics for the dashboard."),
        (name = "settings", description = "The gateway's configuration."),
        (name = "events", description = "Live updates as server-sent events."),
        (name = "monitoring", description = "Health, readiness, and metrics. No authentication."),
    ),
)]
struct Base;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut session = Http::new(HttpAuthScheme::Bearer);
        session.bearer_format = Some("JWT".to_owned());
        session.description = Some("Access token of a user's session.".to_owned());
        components.add_security_scheme("session", SecurityScheme::Http(session));
        let description =
            "Agent key: `agt_` and 64 hexadecimal digits. Also accepted as a bearer token.";
        let key = ApiKeyValue::with_description("Agent-Key", description);
        components.add_security_scheme("agentKey", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// Completes the descriptions of the handlers with the parts that all of them share.
fn document(handlers: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    document.merge(handlers);
    let components = document.components.get_or_insert_default();
    // Some fields of a proposed request have a second spelling, which the document does not list.
    let proposed = components.schemas.get_mut("ProposedRequest");
    if let Some(RefOr::T(Schema::Object(object))) = proposed {
        object.additional_properties = None;
    }
    components.responses.insert(
        "Unreadable4XX".to_owned(),
        RefOr::T(responses::unreadable()),
    );
    for (name, problem) in responses::all() {
        components.responses.insert(name, RefOr::T(problem));
    }
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        // An operation that needs no key or session says so.
        operation.security.get_or_insert_default();
        let has_refusal = |status: &String| status.starts_with('4');
        if !operation.responses.responses.keys().any(has_refusal) {
            let unreadable = RefOr::Ref(Ref::new("#/components/responses/Unreadable4XX"));
            operation
                .responses
                .responses
                .insert("4XX".to_owned(), unreadable);
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            forbid_null(parameter);
        }
    }
    let own = document
        .paths
        .paths
        .values_mut()
        .flat_map(operations)
        .flat_map(|operation| operation.responses.responses.values_mut());
    for response in own.chain(components.responses.values_mut()) {
        if let RefOr::T(response) = response {
            add_request_id(response);
        }
    }
    document
}

/// Returns the API's OpenAPI document, given the descriptions of all handlers and the path of the gateway's URL
/// without a slash at its end. It ends with a line feed.
pub(crate) fn to_json(handlers: utoipa::openapi::OpenApi, path: &str) -> String {
    let plain = |error| -> ! { unreachable!("the document is plain data: {error}") };
    let mut document =
        serde_json::to_value(document(handlers)).unwrap_or_else(|error| plain(error));
    gaiterguard_openapi::complete(&mut document);
    if !path.is_empty() {
        document["servers"][0]["url"] = path.into();
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_else(|error| plain(error));
    text.push('\n');
    text
}

fn add_request_id(response: &mut Response) {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    let header = HeaderBuilder::new()
        .description(Some(
            "ID of this request. It also appears in the gateway's log.",
        ))
        .schema(Some(id))
        .build();
    response
        .headers
        .insert("X-Request-Id".to_owned(), header.into());
}

/// Removes `null` from a parameter's types: an optional parameter can be omitted, but not be null.
fn forbid_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(Parameter {
        schema: Some(RefOr::T(Schema::Object(object))),
        ..
    }) = parameter
        && let SchemaType::Array(types) = &mut object.schema_type
    {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
}
