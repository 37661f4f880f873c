//! The authorization of a service at its provider: an operator signs in there, and the gateway gets the credential.

use std::time::Duration;

use gaiterguard_credential::{Authorization, Credential, Participation, PendingAuthorization};
use gaiterguard_domain::body;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::service::{AuthType, Service};
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::Purpose;
use gaiterguard_store::StoredAuthorization;
use gaiterguard_upstream::PoolKey;
use gaiterguard_vault::token;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::authorization_fields::AuthorizationFields;
use crate::definition_store::{DefinitionError, DefinitionStore, Editor};
use crate::service::{self, Prepared};

/// How long an operator may take at the provider. Long enough to find a second factor and read a consent page.
const LIFETIME: Duration = Duration::from_mins(15);

/// The address at the provider to which an operator goes.
#[derive(Debug)]
pub struct Begun {
    /// The address.
    pub address: String,
    /// When the provider's response is no longer accepted.
    pub expires_at: Timestamp,
}

/// The service with its new credential.
#[derive(Debug)]
pub struct Completed {
    /// The service.
    pub service: Service,
    /// Whether the credential can be renewed. If not, the operator has to connect again when it expires.
    pub can_be_renewed: bool,
}

body! {
    /// A provider's response: the parameters of its redirect to the dashboard.
    pub struct Redirected {
        /// Parameter `state` of the redirect URL.
        state "state": String as String,
        /// Parameter `code` of the redirect URL.
        code "code": String as String,
        /// Parameter `iss` of the redirect URL, if present.
        issuer "iss": Option<String> as Option<String>,
    }
}

/// Begins the authorization of a service.
///
/// # Errors
///
/// If a field is invalid, if the provider's metadata is needed and cannot be used, or if the database fails.
pub async fn begin(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
    AuthorizationFields(fields): AuthorizationFields,
    redirect_uri: &str,
) -> Result<Begun, DefinitionError> {
    let service = service::get(definitions, editor.workspace, id).await?;
    check_type(&service)?;
    let authorization = Authorization::parse(&fields, definitions.policy())?;
    let (state, verifier) = (token::generate_hex()?, token::generate_hex()?);
    let participation = Participation {
        redirect_uri,
        state: &state,
        verifier,
    };
    let service_url = Target::parse(&service.base_url.to_string());
    let service_url =
        service_url.map_err(|refused| vec![FieldError::new("baseUrl", refused.to_string())])?;
    let upstream = definitions.upstream();
    let beginning = authorization.begin(upstream, pool(&service), &service_url, participation);
    let (pending, address) = beginning
        .await
        .map_err(|error| vec![FieldError::new("server_url", error.to_string())])?;
    let digest = token::sha256(state.expose_secret());
    let key = definitions.sealing().payload_key(editor.workspace).await?;
    let sealed = key.seal(&purpose(&digest), &pending.to_sealed_form())?;
    let stored = StoredAuthorization {
        workspace: editor.workspace,
        user: editor.user,
        service: id,
        origin: service.base_url.origin().to_string(),
        sealed,
    };
    let at = definitions.now();
    let expires_at = at.after(LIFETIME);
    let entry = editor.entry(
        at,
        Event::CredentialRequested,
        Subject::Service(id),
        json!({ "keys": fields.keys() }),
    );
    let store = definitions.store();
    store
        .authorization_insert(&digest, &stored, expires_at, at, entry)
        .await?;
    Ok(Begun {
        address,
        expires_at,
    })
}

/// Ends an authorization: exchanges the code for a credential and stores that.
///
/// # Errors
///
/// If the user has begun no such authorization in the last minutes, if the provider gives no token, or if the
/// service was moved to another origin or type in between.
pub async fn complete(
    definitions: &DefinitionStore,
    editor: Editor,
    redirected: Redirected,
) -> Result<Completed, DefinitionError> {
    let Redirected {
        state,
        code,
        issuer,
    } = redirected;
    let (state, code, issuer) = gaiterguard_domain::all!(state, code, issuer)?;
    let digest = token::sha256(&state);
    let now = definitions.now();
    let store = definitions.store();
    let taking = store.authorization_take(&digest, editor.workspace, editor.user, now);
    let Some(stored) = taking.await? else {
        return Err(invalid(
            "state",
            "belongs to no authorization that you began in the last 15 minutes; connect again",
        ));
    };
    let service = service::get(definitions, editor.workspace, stored.service).await?;
    check_same(&service, &stored)?;
    let purpose = purpose(&digest);
    let opening = definitions.sealing().open(
        editor.workspace,
        stored.sealed.data_key,
        &stored.sealed.bytes,
        &purpose,
    );
    let opened = opening.await?;
    let pending = PendingAuthorization::from_sealed_form(&opened)
        .map_err(|_| DefinitionError::Unreadable("authorization"))?;
    let code = SecretString::from(code);
    let redeeming = pending.redeem(
        definitions.upstream(),
        pool(&service),
        &code,
        issuer.as_deref(),
        now,
    );
    let credential = redeeming
        .await
        .map_err(|error| vec![FieldError::new("code", error.to_string())])?;
    let can_be_renewed = matches!(credential, Credential::Oauth2Grant(_));
    let keys = credential.names_of_values();
    let prepared = Prepared::of_credential(definitions, editor.workspace, credential, keys).await?;
    let (prepared, stored) = (&prepared, &stored);
    let service = definitions
        .change(|| async move {
            let present = service::get(definitions, editor.workspace, stored.service).await?;
            check_same(&present, stored)?;
            service::replace_credential(definitions, editor, present, prepared).await
        })
        .await?;
    Ok(Completed {
        service,
        can_be_renewed,
    })
}

/// Refuses a service whose credential is not of OAuth.
fn check_type(service: &Service) -> Result<(), DefinitionError> {
    if service.auth_type == AuthType::Oauth2 {
        return Ok(());
    }
    Err(invalid(
        "authType",
        "must be oauth2 for a service that is authorized at its provider",
    ))
}

/// Refuses a service that is not the one for which the operator gave consent.
fn check_same(service: &Service, stored: &StoredAuthorization) -> Result<(), DefinitionError> {
    check_type(service)?;
    if service.base_url.origin().to_string() == stored.origin {
        return Ok(());
    }
    Err(invalid(
        "baseUrl",
        "was moved to another server since the authorization began; connect again",
    ))
}

fn invalid(field: &str, message: &str) -> DefinitionError {
    DefinitionError::Invalid(vec![FieldError::new(field, message)])
}

/// Requests to the provider use connections of their own.
fn pool(service: &Service) -> PoolKey {
    PoolKey {
        service_id: service.id.0,
        target_version: service
            .credential
            .as_ref()
            .map_or(0, |sealed| sealed.version),
    }
}

fn purpose(digest: &[u8; 32]) -> Purpose {
    Purpose::authorization(Digest(*digest))
}
