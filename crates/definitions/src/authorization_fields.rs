//! The fields of an authorization, as the body of a request.

use gaiterguard_credential::CredentialFields;
use gaiterguard_domain::body::Body;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The description of an authorization. Its values are never returned.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationFields(pub CredentialFields);

impl Body for AuthorizationFields {
    fn take(members: &mut Map<String, Value>) -> Self {
        Self(CredentialFields::take(members))
    }
}

const FIELDS: [(&str, &str); 8] = [
    (
        "authorization_url",
        "URL of the authorization endpoint, with any additional parameters that the provider requires, such \
         as `access_type=offline`. Read from the provider's metadata if it is missing.",
    ),
    (
        "token_url",
        "URL of the token endpoint. Read from the provider's metadata if it is missing.",
    ),
    (
        "server_url",
        "Server whose metadata (RFC 8414, RFC 9728) provides the missing values. Defaults to the \
         service's base URL.",
    ),
    (
        "client_id",
        "Client ID. If it is missing, the gateway registers itself (RFC 7591).",
    ),
    (
        "client_secret",
        "Client secret. A public client does not have one.",
    ),
    ("scope", "Requested scope."),
    (
        "client_auth",
        "How the client authenticates at the token endpoint: `basic`, `form`, or `none`. By default, the \
         gateway detects and remembers what the endpoint accepts.",
    ),
    (
        "response_pointer",
        "JSON Pointer to the object in the token endpoint's response that has `access_token`, if that is not the \
         response itself.",
    ),
];

impl PartialSchema for AuthorizationFields {
    fn schema() -> RefOr<Schema> {
        let optional = |kind| SchemaType::from_iter([kind, Type::Null]);
        let mut object = ObjectBuilder::new()
            .description(Some(
                "How a service is authorized at its provider: `{}` if the service or its provider publishes \
                 metadata and supports dynamic client registration, or `{authorization_url, token_url, \
                 client_id, client_secret?, scope?}`.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        for (name, description) in FIELDS {
            let property = ObjectBuilder::new()
                .schema_type(optional(Type::String))
                .description(Some(description));
            object = object.property(name, property);
        }
        let texts = ObjectBuilder::new().schema_type(Type::String);
        let extra = ObjectBuilder::new()
            .schema_type(optional(Type::Object))
            .description(Some(
                "Additional form fields for the token endpoint. `audience` and `resource` are also sent to \
                 the authorization endpoint.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::from(texts)));
        object.property("extra", extra).into()
    }
}

impl ToSchema for AuthorizationFields {}
