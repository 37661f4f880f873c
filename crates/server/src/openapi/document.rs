//! The whole document.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, Response};
use utoipa::{Modify, OpenApi};

use super::operations::operations;
use super::responses;
use crate::problem::{FieldError, ProblemSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "GaiterGuard",
        description = "An intercepting API gateway for AI agents. Agents say what they want to send \
                       and why; the gateway checks, injects the credential and forwards, or holds \
                       the request until a human approves it.\n\nEvery error that the gateway itself \
                       makes is `application/problem+json` (RFC 9457) with a stable `code`. Times \
                       are RFC 3339, UTC. No text that is stored may hold an agent key in any \
                       spelling (400 `validation_failed`); values of credentials may. A method that a path does not have answers 405 with \
                       `Allow`. Requests whose framing is broken answer 400, heads that come too \
                       slowly 408 and heads that are too long 431, and the connection closes.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemSchema, FieldError)),
    modifiers(&Security),
    tags(
        (name = "agent", description = "The agent's side."),
        (name = "auth", description = "Users and their sessions."),
        (name = "approvals", description = "Held requests: look at them and decide."),
        (name = "services", description = "The upstream APIs, their credentials and documents."),
        (name = "agents", description = "Who may ask, of which services, and with which key."),
        (name = "rules", description = "What was decided beforehand."),
        (name = "kill switch", description = "Stops everything."),
        (name = "requests", description = "Every decision that the gateway took."),
        (name = "audit", description = "Who did what."),
        (name = "overview", description = "Counts and series."),
        (name = "settings", description = "What is configured."),
        (name = "events", description = "What happens, as it happens."),
        (name = "watching", description = "For machines, without a token."),
    ),
)]
struct Base;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut session = Http::new(HttpAuthScheme::Bearer);
        session.bearer_format = Some("JWT".to_owned());
        session.description = Some("The access token of a human's session.".to_owned());
        components.add_security_scheme("session", SecurityScheme::Http(session));
        let description = "The key of an agent: `agt_` and 64 hexadecimal digits. It is taken as a \
                           bearer token too.";
        let key = ApiKeyValue::with_description("Agent-Key", description);
        components.add_security_scheme("agentKey", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// Completes the descriptions of the handlers with the parts that all of them share.
fn document(handlers: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    document.merge(handlers);
    let components = document.components.get_or_insert_default();
    for (name, problem) in responses::all() {
        components.responses.insert(name, RefOr::T(problem));
    }
    for operation in document.paths.paths.values_mut().flat_map(operations) {
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

/// Returns the API's OpenAPI document, given the descriptions of all handlers. It ends with a line feed.
pub(crate) fn to_json(handlers: utoipa::openapi::OpenApi) -> String {
    let mut text = document(handlers)
        .to_pretty_json()
        .unwrap_or_else(|error| unreachable!("the document is plain data: {error}"));
    text.push('\n');
    text
}

fn add_request_id(response: &mut Response) {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    let header = HeaderBuilder::new()
        .description(Some("The request's id, which the log repeats."))
        .schema(Some(id))
        .build();
    response
        .headers
        .insert("X-Request-Id".to_owned(), header.into());
}

/// A parameter may be left out, but there is no way to write null in one.
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
