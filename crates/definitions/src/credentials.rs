//! The values of a credential, as the body of a request and as a field of a service.

use std::borrow::Cow;

use gaiterguard_credential::CredentialFields;
use gaiterguard_domain::body::Body;
use gaiterguard_domain::field::FieldValue;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Values of a credential. They are never returned.
#[derive(Clone, Debug, Default)]
pub struct Credentials(pub CredentialFields);

impl FieldValue for Credentials {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        CredentialFields::parse(value).map(Self)
    }
}

impl Body for Credentials {
    fn take(members: &mut Map<String, Value>) -> Self {
        Self(CredentialFields::take(members))
    }
}

/// A field of the schema. Which fields are valid together depends on the service's type, and the
/// fields of `api_key` are named by the operator, so no struct has them.
struct Field {
    name: &'static str,
    description: &'static str,
    is_secret: bool,
    length_max: Option<usize>,
}

const fn field(name: &'static str, description: &'static str, length_max: Option<usize>) -> Field {
    Field {
        name,
        description,
        is_secret: false,
        length_max,
    }
}

const fn secret(name: &'static str, description: &'static str) -> Field {
    Field {
        name,
        description,
        is_secret: true,
        length_max: Some(8192),
    }
}

const FIELDS: [Field; 20] = [
    secret("token", "`bearer`: the token."),
    field("username", "`basic`: user name.", Some(8192)),
    secret("password", "`basic`: password."),
    field(
        "header",
        "`api_key`: header name. Defaults to `X-API-Key`.",
        None,
    ),
    field("param", "`query`: name of the query parameter.", Some(256)),
    field(
        "placeholder",
        "`path`: name of the placeholder that the credential replaces. The placeholder is written in braces in \
         the path of the base URL or of each request. Example: `token` for `/bot{token}/sendMessage`.",
        Some(64),
    ),
    secret("value", "`api_key`, `query`, and `path`: the key."),
    secret(
        "access_token",
        "`oauth2`: an access token that does not expire.",
    ),
    field("token_url", "`oauth2`: URL of the token endpoint.", None),
    field("client_id", "`oauth2`: client ID.", Some(8192)),
    secret(
        "client_secret",
        "`oauth2`: client secret. A public client that has a refresh token does not need one.",
    ),
    secret("refresh_token", "`oauth2`: refresh token."),
    field("scope", "`oauth2`: requested scope.", Some(8192)),
    field(
        "client_auth",
        "`oauth2`: how the client authenticates at the token endpoint: `basic`, `form`, or `none`. By \
         default, the gateway detects and remembers what the endpoint accepts.",
        None,
    ),
    field(
        "response_pointer",
        "`oauth2`: JSON Pointer to the object in the token endpoint's response that has \
         `access_token`, if that is not the response itself.",
        Some(8192),
    ),
    field(
        "access_key_id",
        "`aws_sigv4`: access key ID, such as `AKIAIOSFODNN7EXAMPLE`.",
        Some(8192),
    ),
    secret("secret_access_key", "`aws_sigv4`: secret access key."),
    secret(
        "session_token",
        "`aws_sigv4`: session token of a temporary key.",
    ),
    field(
        "region",
        "`aws_sigv4`: region to sign for, such as `eu-central-1`. By default, the region that the client \
         signed for, or that of the host name.",
        Some(64),
    ),
    field(
        "service",
        "`aws_sigv4`: signing name of the AWS service, such as `s3`. By default, the service that the client \
         signed for, or that of the host name.",
        Some(64),
    ),
];

impl PartialSchema for Credentials {
    fn schema() -> RefOr<Schema> {
        let headers = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("`api_key`: header names, each with its value."));
        let mut object = ObjectBuilder::new()
            .description(Some(
                "Values of a credential, by the service's `authType`: `bearer` takes `{token}`; `basic` \
                 `{username, password}`; `api_key` `{header?, value}` or `{HEADER-NAME: value}`; \
                 `query` `{param, value}`; `path` `{placeholder, value}`; `oauth2` `{access_token}` or `{token_url, client_id, \
                 client_secret?, refresh_token?, scope?, extra?, client_auth?, response_pointer?}`; \
                 `aws_sigv4` `{access_key_id, secret_access_key, session_token?, region?, service?}`. \
                 They are never returned.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::from(headers)));
        for field in FIELDS {
            let format = SchemaFormat::KnownFormat(KnownFormat::Password);
            let property = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .description(Some(field.description))
                .max_length(field.length_max)
                .format(field.is_secret.then_some(format));
            object = object.property(field.name, property);
        }
        let texts = ObjectBuilder::new().schema_type(Type::String);
        let extra = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
            .description(Some(
                "`oauth2`: additional form fields for the token endpoint, such as `audience` or `resource`. \
                 A `grant_type` among them replaces `client_credentials`.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::from(texts)));
        object.property("extra", extra).into()
    }
}

impl ToSchema for Credentials {}
