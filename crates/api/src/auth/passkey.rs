//! `/auth/passkeys`: passkeys of the signed-in user, and signing in with one.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_domain::id::PasskeyId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_identity::{
    CHALLENGE_LIFETIME, Identity, LoginError, LoginSource, PasskeyError, PasskeyUse,
};
use gaiterguard_problem::Code;
use gaiterguard_store::StoredPasskey;
use gaiterguard_webauthn::{ALGORITHMS, Assertion, Registration, WebauthnError};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::cookie;
use super::login::{LoggedInBody, SessionKind, user_agent};
use super::oidc::NoFields;
use super::origin::PublicOrigin;
use super::public_json::PublicJson;
use super::user::TokensBody;
use crate::caller::Caller;
use crate::list::{Done, List, PageQuery};
use gaiterguard_web::extract::{ApiJson, ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{
    ForeignPage, InvalidBody, InvalidParameter, NotFound, PasskeyConflict, PasskeyRefused,
    Throttled, Unavailable,
};

/// The longest name of a passkey, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The longest part of an authenticator's response, in characters. An RSA key and its certificate have some
/// 4 KiB.
const PART_CHARS_MAX: usize = 16 * 1024;

/// The name of the gateway, which authenticators may show.
const SITE_NAME: &str = "GaiterGuard";

/// Bytes in base64url without padding.
pub(crate) struct Base64Url(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if text.len() > PART_CHARS_MAX {
            return Err(serde::de::Error::custom(
                "must be at most 16384 characters long",
            ));
        }
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        let expected = |_| serde::de::Error::custom("must be base64url without padding");
        bytes.map(Self).map_err(expected)
    }
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyBody {
    /// Unique identifier.
    id: i64,
    /// Name that the user gave it.
    #[schema(example = "Phone")]
    name: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used to sign in.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

impl From<StoredPasskey> for PasskeyBody {
    fn from(passkey: StoredPasskey) -> Self {
        Self {
            id: passkey.id.0,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// List passkeys
///
/// Returns the passkeys of the signed-in user, newest first.
#[utoipa::path(
    get,
    path = "/auth/passkeys",
    operation_id = "listPasskeys",
    tag = "auth",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of passkeys.", body = List<PasskeyBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<PasskeyBody>>, Problem> {
    let all = identity.passkeys(&caller).await.map_err(refused)?;
    let page = List::cut(all, &query, |passkey| -passkey.id.0);
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

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
    /// Passkeys that the user has already.
    exclude_credentials: Vec<Descriptor>,
    /// Kinds of authenticators that are accepted.
    authenticator_selection: Selection,
    /// `none`: the make of the authenticator is not asked for.
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
pub(super) async fn begin(
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
    let (challenge, user, known) = begun.map_err(refused)?;
    let site = identity.passkey_site();
    let site = site.ok_or_else(|| refused(PasskeyError::Unavailable))?;
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
    /// Name for the user, such as that of the device.
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
pub(super) async fn add(
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
    let PasskeyId(id) = added.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(AddedBody { id })))
}

/// Remove a passkey
///
/// It no longer signs in. Sessions that it began continue.
#[utoipa::path(
    delete,
    path = "/auth/passkeys/{id}",
    operation_id = "removePasskey",
    tag = "auth",
    params(("id" = i64, Path, description = "ID of the passkey.")),
    responses(
        (status = 200, description = "The passkey was removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn remove(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiPath(id): ApiPath<PasskeyId>,
) -> Result<Json<Done>, Problem> {
    if identity
        .passkey_remove(&caller, id)
        .await
        .map_err(refused)?
    {
        Ok(Json(Done {
            message: "Passkey removed.",
        }))
    } else {
        Err(Problem::not_found("you have no passkey with this ID"))
    }
}

/// Argument of `PublicKeyCredential.parseRequestOptionsFromJSON` (Web Authentication, level 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyRequestOptions)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    /// Challenge in base64url.
    challenge: String,
    /// Host name of the site.
    #[schema(example = "gateway.example.com")]
    rp_id: String,
    /// Time limit in milliseconds.
    timeout: u64,
    /// `required`: the authenticator verifies the person.
    #[schema(value_type = String)]
    user_verification: &'static str,
}

/// Begin to sign in with a passkey
///
/// Returns the argument of `navigator.credentials.get` as JSON. The browser finds the passkey without an
/// email address.
#[utoipa::path(
    post,
    path = "/auth/passkeys/sign-in/options",
    operation_id = "beginPasskeySignIn",
    tag = "auth",
    request_body = NoFields,
    responses(
        (status = 200, description = "The options.", body = RequestOptions),
        InvalidBody, ForeignPage, PasskeyConflict, Throttled,
    )
)]
pub(super) async fn begin_sign_in(
    State(identity): State<Arc<Identity>>,
    Extension(context): Extension<RequestContext>,
    PublicJson { .. }: PublicJson<NoFields>,
) -> Result<Json<RequestOptions>, Problem> {
    identity.count_attempt(context.peer.ip())?;
    let challenge = identity.passkey_challenge().map_err(refused)?;
    let site = identity.passkey_site();
    let site = site.ok_or_else(|| refused(PasskeyError::Unavailable))?;
    Ok(Json(RequestOptions {
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        rp_id: site.id.clone(),
        timeout: timeout(),
        user_verification: "required",
    }))
}

/// The use of a passkey.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasskeySignIn)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SignInBody {
    /// `rawId` in base64url.
    #[schema(value_type = String, max_length = 16384)]
    credential_id: Base64Url,
    /// `response.clientDataJSON` in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String, max_length = 16384)]
    client_data_json: Base64Url,
    /// `response.authenticatorData` in base64url.
    #[schema(value_type = String, max_length = 16384)]
    authenticator_data: Base64Url,
    /// `response.signature` in base64url.
    #[schema(value_type = String, max_length = 16384)]
    signature: Base64Url,
    /// How to return the refresh token.
    #[serde(default)]
    session: SessionKind,
}

/// Sign in with a passkey
///
/// The passkey is the only factor: neither the password nor a one-time code is asked for. Each challenge and
/// each signature counts once.
#[utoipa::path(
    post,
    path = "/auth/passkeys/sign-in",
    operation_id = "signInWithPasskey",
    tag = "auth",
    request_body = SignInBody,
    responses(
        (
            status = 200,
            description = "The new session.",
            body = LoggedInBody,
            headers(("Set-Cookie" = Option<String>, description = "The refresh token and a device \
                 token, if the session was requested as a cookie.")),
        ),
        InvalidBody, PasskeyRefused, ForeignPage, PasskeyConflict, Throttled, Unavailable,
    )
)]
pub(super) async fn sign_in(
    State(identity): State<Arc<Identity>>,
    State(public_origin): State<Arc<PublicOrigin>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    PublicJson { body, page }: PublicJson<SignInBody>,
) -> Result<Response, Problem> {
    let is_cookie = body.session == SessionKind::Cookie;
    if is_cookie {
        page.refuse_all_but_own()?;
    }
    identity.count_attempt(context.peer.ip())?;
    let used = PasskeyUse {
        credential_id: &body.credential_id.0,
        assertion: Assertion {
            client_data_json: &body.client_data_json.0,
            authenticator_data: &body.authenticator_data.0,
            signature: &body.signature.0,
        },
    };
    let from = LoginSource {
        address: context.peer.ip(),
        user_agent: user_agent(&headers),
        device_token: None,
    };
    let logged_in = identity.passkey_login(used, from).await;
    let logged_in = logged_in.map_err(|error| match error {
        PasskeyError::Expired | PasskeyError::Refused(_) => {
            Problem::new(Code::PasskeyRefused, error.to_string())
        }
        other => refused(other),
    })?;
    let response = Json(LoggedInBody {
        tokens: TokensBody::of(&logged_in.tokens, !is_cookie),
        user: logged_in.user.into(),
    });
    if !is_cookie {
        return Ok(response.into_response());
    }
    let session = cookie::set(&logged_in.tokens.refresh_token, &public_origin);
    let device = cookie::set_device(&logged_in.device_token, &public_origin);
    let cookies = AppendHeaders([(SET_COOKIE, session), (SET_COOKIE, device)]);
    Ok((cookies, response).into_response())
}

/// Returns how long a person may take to use a passkey, in milliseconds.
pub(crate) fn timeout() -> u64 {
    u64::try_from(CHALLENGE_LIFETIME.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the problem. Where the session is valid, it is never a 401, which would end it in a browser.
pub(crate) fn refused(error: PasskeyError) -> Problem {
    let detail = error.to_string();
    match error {
        PasskeyError::Unavailable | PasskeyError::NoneYet => {
            Problem::new(Code::PasskeysUnavailable, detail)
        }
        PasskeyError::Exists | PasskeyError::TooMany => Problem::new(Code::PasskeyExists, detail),
        PasskeyError::Replayed | PasskeyError::Unknown => {
            Problem::new(Code::PasskeyRefused, detail)
        }
        PasskeyError::Expired => Problem::field("clientDataJSON", detail),
        PasskeyError::Refused(refused) => {
            let field = match refused {
                WebauthnError::OtherPurpose
                | WebauthnError::OtherChallenge
                | WebauthnError::OtherSite => "clientDataJSON",
                _ => "attestationObject",
            };
            Problem::field(field, detail)
        }
        PasskeyError::Login(LoginError::InvalidCredentials) => {
            Problem::field("password", "must be the current password")
        }
        PasskeyError::Login(other) => other.into(),
    }
}
