//! `POST /auth/passkeys/options` and `POST /auth/passkeys`: adding a passkey.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_domain::id::PasskeyId;
use gaiterguard_domain::text::NAME_CHARS_MAX;
use gaiterguard_identity::{Identity, LoginSource, PasskeyError};
use gaiterguard_store::StoredPasskey;
use gaiterguard_web::extract::ApiJson;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{InvalidBody, PasskeyConflict, Throttled};
use gaiterguard_webauthn::{ALGORITHMS, Registration};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::base64url::Base64Url;
use super::timeout;
use crate::auth::cookie;
use crate::auth::login::user_agent;
use crate::caller::Caller;

/// The name of the gateway, which authenticators may show.
const SITE_NAME: &str = "GaiterGuard";

/// The password, if the user has one.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasskeyBegin)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginBody {
    /// The current password. Required if the user has a password.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, max_length = 4096)]
    password: Option<SecretString>,
}

/// Argument of `PublicKeyCredential.parseCreationOptionsFromJSON` (Web Authentication, level 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyCreationOptions)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationOptions {
    /// The site that the passkey is for.
    rp: SiteBody,
    /// The user.
    user: UserEntity,
    /// Challenge in base64url.
    challenge: String,
    /// Kinds of keys that are accepted, the preferred one first.
    pub_key_cred_params: Vec<KeyKind>,
    /// Time limit in milliseconds.
    timeout: u64,
    /// Passkeys that the user already has.
    exclude_credentials: Vec<Descriptor>,
    /// Kinds of authenticators that are accepted.
    authenticator_selection: Selection,
    /// `none`: the gateway does not ask for the model of the authenticator.
    #[schema(value_type = String)]
    attestation: &'static str,
}

/// A site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeySite)]
struct SiteBody {
    /// Host name.
    #[schema(example = "gateway.example.com")]
    id: String,
    /// Name for people.
    #[schema(value_type = String)]
    name: &'static str,
}

/// A user, as an authenticator stores it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyUser)]
#[serde(rename_all = "camelCase")]
struct UserEntity {
    /// User handle in base64url.
    id: String,
    /// Email address.
    name: String,
    /// Email address.
    display_name: String,
}

/// A kind of key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyKeyKind)]
struct KeyKind {
    /// `public-key`.
    #[schema(value_type = String)]
    r#type: &'static str,
    /// COSE algorithm.
    alg: i64,
}

/// A passkey, by the ID of its credential.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyDescriptor)]
pub(crate) struct Descriptor {
    /// `public-key`.
    #[schema(value_type = String)]
    r#type: &'static str,
    /// ID of the credential in base64url.
    id: String,
}

impl Descriptor {
    pub(crate) fn of(passkey: &StoredPasskey) -> Self {
        Self {
            r#type: "public-key",
            id: URL_SAFE_NO_PAD.encode(&passkey.credential_id),
        }
    }
}

/// Kinds of authenticators.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeySelection)]
#[serde(rename_all = "camelCase")]
struct Selection {
    /// `required`: the passkey can be found without an email address.
    #[schema(value_type = String)]
    resident_key: &'static str,
    /// Same as `residentKey`, for older browsers.
    require_resident_key: bool,
    /// `required`: the authenticator verifies the person.
    #[schema(value_type = String)]
    user_verification: &'static str,
}

/// Begin to add a passkey
///
/// Returns the argument of `navigator.credentials.create` as JSON. Wrong passwords count toward the limits of
/// `POST /auth/login`.
#[utoipa::path(
    post,
    path = "/auth/passkeys/options",
    operation_id = "beginPasskey",
    tag = "auth",
    request_body = BeginBody,
    responses(
        (status = 200, description = "The options.", body = CreationOptions),
        InvalidBody, PasskeyConflict, Throttled,
    )
)]
pub(in crate::auth) async fn begin(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<BeginBody>,
) -> Result<Json<CreationOptions>, Problem> {
    let device_token = cookie::get_device(&headers);
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: device_token.as_ref(),
    };
    let begun = identity.passkey_begin(&caller, body.password, from).await;
    let (challenge, user, known) = begun?;
    let site = identity.passkey_site();
    let site = site.ok_or(PasskeyError::Unavailable)?;
    let email = user.email.as_str();
    Ok(Json(CreationOptions {
        rp: SiteBody {
            id: site.id.clone(),
            name: SITE_NAME,
        },
        user: UserEntity {
            id: URL_SAFE_NO_PAD.encode(user.id.0.to_be_bytes()),
            name: email.to_owned(),
            display_name: email.to_owned(),
        },
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        pub_key_cred_params: ALGORITHMS
            .map(|alg| KeyKind {
                r#type: "public-key",
                alg,
            })
            .into(),
        timeout: timeout(),
        exclude_credentials: known.iter().map(Descriptor::of).collect(),
        authenticator_selection: Selection {
            resident_key: "required",
            require_resident_key: true,
            user_verification: "required",
        },
        attestation: "none",
    }))
}

/// A passkey that an authenticator has made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPasskey)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewPasskeyBody {
    /// Name for the user, for example the device's.
    #[schema(min_length = 1, max_length = 100, example = "Phone")]
    name: String,
    /// `response.clientDataJSON` in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String, max_length = 16384)]
    client_data_json: Base64Url,
    /// `response.attestationObject` in base64url.
    #[schema(value_type = String, max_length = 16384)]
    attestation_object: Base64Url,
}

/// ID of a passkey that was added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyAdded)]
pub(crate) struct AddedBody {
    /// Unique identifier of the passkey.
    id: i64,
}

/// Add a passkey
///
/// Stores the passkey that the authenticator has made for `POST /auth/passkeys/options`. A user may have 20.
#[utoipa::path(
    post,
    path = "/auth/passkeys",
    operation_id = "addPasskey",
    tag = "auth",
    request_body = NewPasskeyBody,
    responses(
        (status = 201, description = "The passkey was added.", body = AddedBody),
        InvalidBody, PasskeyConflict,
    )
)]
pub(in crate::auth) async fn add(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiJson(body): ApiJson<NewPasskeyBody>,
) -> Result<(StatusCode, Json<AddedBody>), Problem> {
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::field("name", "must be 1 to 100 characters long"));
    }
    let registration = Registration {
        client_data_json: &body.client_data_json.0,
        attestation_object: &body.attestation_object.0,
    };
    let added = identity.passkey_register(&caller, name, registration).await;
    let PasskeyId(id) = added?;
    Ok((StatusCode::CREATED, Json(AddedBody { id })))
}
