//! Services: registered upstream APIs and their credentials.

use std::cmp::Reverse;

use gaiterguard_credential::{Credential, FailedRenewal};
use gaiterguard_domain::all;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{Checked, FieldError, refused};
use gaiterguard_domain::id::{ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::text::{Name, Text};
use gaiterguard_sealing::{Purpose, SealingError, SealingKey};
use gaiterguard_store::{Abandoned, ServiceFields, ServiceSaved, StoreError, Stored};
use gaiterguard_upstream::{AddressPolicy, literal};
use serde_json::json;

use crate::credentials::Credentials;
use crate::definition_store::{DefinitionError, DefinitionStore, Editor, listed};
use crate::service_body::timeouts;

pub use crate::service_body::{NewService, ServiceChange};

/// Returns the services of a workspace.
pub async fn list(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Service>>, DefinitionError> {
    Ok(listed(definitions.store().service_list(workspace).await?))
}

/// Returns up to `limit` services for which this process could not fetch an access token, the latest failure
/// first. Damaged services are left out.
pub async fn failed_renewals(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    limit: usize,
) -> Result<Vec<(Service, FailedRenewal)>, DefinitionError> {
    let services = definitions.store().service_list(workspace).await?;
    let mut failed: Vec<_> = services
        .into_iter()
        .filter_map(|service| {
            let Stored::Intact(service) = service else {
                return None;
            };
            let failed = definitions.credentials().failed_renewal(&service)?;
            Some((service, failed))
        })
        .collect();
    failed.sort_by_key(|(service, failed)| (Reverse(failed.last_at), service.id.0));
    failed.truncate(limit);
    Ok(failed)
}

/// Returns one service, even if it is damaged.
pub async fn find(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: ServiceId,
) -> Result<Stored<Service>, DefinitionError> {
    let found = definitions.store().service_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("service"))
}

/// Returns one service.
pub async fn get(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: ServiceId,
) -> Result<Service, DefinitionError> {
    definitions
        .store()
        .service_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("service"))
}

/// Registers a service.
pub async fn create(
    definitions: &DefinitionStore,
    editor: Editor,
    new: NewService,
) -> Result<Service, DefinitionError> {
    let NewService {
        name,
        base_url,
        auth_type,
        credentials,
        description,
        intent_required,
        web_socket,
        timeout_ms,
        idle_timeout_ms,
    } = new;
    let base_url = base_url.and_then(|base_url| allowed(base_url, definitions.policy()));
    let given = given(&auth_type, credentials, definitions.policy());
    let timeouts = timeouts(timeout_ms, idle_timeout_ms);
    let (name, base_url, auth_type, description, intent_required, web_socket, timeouts, given) = all!(
        name,
        base_url,
        auth_type,
        description,
        intent_required,
        web_socket,
        timeouts,
        given
    )?;
    let fields = ServiceFields {
        name: name.into_string(),
        base_url,
        auth_type,
        description: description.and_then(Text::into_filled),
        intent_required: intent_required.unwrap_or(false),
        web_socket: web_socket.unwrap_or(false),
        timeouts,
    };
    let prepared = match given {
        Some(given) => Some(Prepared::of(definitions, editor.workspace, given).await?),
        None => None,
    };
    let at = definitions.now();
    let detail = json!({
        "name": &fields.name,
        "base_url": fields.base_url.to_string(),
        "auth_type": fields.auth_type.as_str(),
        "intent_required": fields.intent_required,
        "web_socket": fields.web_socket,
        "timeout_ms": fields.timeouts.response,
        "idle_timeout_ms": fields.timeouts.idle,
        "credential_keys": prepared.as_ref().map(|prepared| &prepared.keys),
    });
    let mut refused = None;
    let saved = definitions
        .store()
        .service_create(
            editor.workspace,
            &fields,
            at,
            |id| match prepared.map(|prepared| prepared.seal(id, 1)).transpose() {
                Ok(sealed) => Ok(sealed),
                Err(error) => {
                    refused = Some(error);
                    Err(Abandoned)
                }
            },
            |id| editor.entry(at, Event::ServiceCreated, Subject::Service(id), detail),
        )
        .await;
    match (saved, refused) {
        (Err(StoreError::Abandoned), Some(refused)) => Err(refused.into()),
        (saved, _) => settled(saved?),
    }
}

/// Changes a service. A different type or origin (scheme, host, port) removes the credential unless
/// a new one is given: a credential is never sent to a server that its operator did not choose for
/// it. If URL and credential change together, the old credential is never used with the new URL, nor
/// the new credential with the old URL.
pub async fn update(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
    change: ServiceChange,
) -> Result<Service, DefinitionError> {
    definitions
        .change(|| apply(definitions, editor, id, change.clone()))
        .await
}

async fn apply(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
    change: ServiceChange,
) -> Result<Service, DefinitionError> {
    let present = get(definitions, editor.workspace, id).await?;
    let changed = change.fields();
    let ServiceChange {
        name,
        base_url,
        auth_type,
        credentials,
        description,
        intent_required,
        web_socket,
        timeout_ms,
        idle_timeout_ms,
    } = change;
    // A present URL stays, even if the policy has changed since.
    let base_url = base_url.and_then(|new| match new.0 {
        Some(base_url) => allowed(base_url, definitions.policy()),
        None => Ok(present.base_url.clone()),
    });
    let auth_type = auth_type.map(|new| new.over(present.auth_type));
    let credentials = credentials.map(|new| new.over(None));
    let given = given(&auth_type, credentials, definitions.policy());
    let timeouts = timeouts(
        timeout_ms.map(|new| new.over(present.timeouts.response)),
        idle_timeout_ms.map(|new| new.over(present.timeouts.idle)),
    );
    let (name, base_url, auth_type, description, intent_required, web_socket, timeouts, given) = all!(
        name,
        base_url,
        auth_type,
        description,
        intent_required,
        web_socket,
        timeouts,
        given
    )?;
    let description = description.0.map(|new| new.and_then(Text::into_filled));
    let wanted = ServiceFields {
        name: name
            .0
            .map_or_else(|| present.name.clone(), Name::into_string),
        base_url,
        auth_type,
        description: description.unwrap_or_else(|| present.description.clone()),
        intent_required: intent_required
            .over(None)
            .unwrap_or(present.intent_required),
        web_socket: web_socket.over(None).unwrap_or(present.web_socket),
        timeouts,
    };
    let prepared = match given {
        Some(given) => Some(Prepared::of(definitions, editor.workspace, given).await?),
        None => None,
    };
    let moves = wanted.base_url.origin() != present.base_url.origin();
    let clear_credential = moves || auth_type != present.auth_type || prepared.is_some();
    let at = definitions.now();
    let entry = editor.entry(
        at,
        Event::ServiceUpdated,
        Subject::Service(id),
        json!({
            "fields": changed,
            "name": &wanted.name,
            "base_url": wanted.base_url.to_string(),
            "auth_type": auth_type.as_str(),
            "intent_required": wanted.intent_required,
            "web_socket": wanted.web_socket,
            "timeout_ms": wanted.timeouts.response,
            "idle_timeout_ms": wanted.timeouts.idle,
            "credential_dropped": clear_credential && present.credential.is_some(),
        }),
    );
    let seen = present.revision;
    let saved = definitions
        .store()
        .service_update(
            editor.workspace,
            id,
            seen,
            &wanted,
            clear_credential,
            at,
            entry,
        )
        .await?;
    let saved = settled(saved)?;
    match prepared {
        Some(prepared) => {
            let version = present.credential.map_or(1, |sealed| sealed.version + 1);
            let sealed = prepared.seal(id, version)?;
            put(definitions, editor, id, seen + 1, &sealed).await
        }
        None => Ok(saved),
    }
}

/// Replaces a service's credential.
pub async fn set_credentials(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
    Credentials(fields): Credentials,
) -> Result<Service, DefinitionError> {
    definitions
        .change(|| async {
            let present = get(definitions, editor.workspace, id).await?;
            let given = Given {
                credential: Credential::parse(present.auth_type, &fields, definitions.policy())?,
                keys: fields.keys(),
            };
            let prepared = Prepared::of(definitions, editor.workspace, given).await?;
            replace_credential(definitions, editor, present, &prepared).await
        })
        .await
}

/// Replaces the credential of a service as it was read. If that credential is renewed at the same moment, its
/// version changes, and the store refuses this one.
pub(crate) async fn replace_credential(
    definitions: &DefinitionStore,
    editor: Editor,
    present: Service,
    prepared: &Prepared,
) -> Result<Service, DefinitionError> {
    let version = present.credential.map_or(1, |sealed| sealed.version + 1);
    let sealed = prepared.seal(present.id, version)?;
    put(definitions, editor, present.id, present.revision, &sealed).await
}

/// Deletes a service.
pub async fn delete(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
) -> Result<(), DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(at, Event::ServiceDeleted, Subject::Service(id), json!({}));
    let found = definitions
        .store()
        .service_delete(editor.workspace, id, at, entry)
        .await?;
    found
        .then_some(())
        .ok_or(DefinitionError::NotFound("service"))
}

fn settled(saved: ServiceSaved) -> Result<Service, DefinitionError> {
    match saved {
        ServiceSaved::Saved(service) => Ok(*service),
        ServiceSaved::Changed => Err(DefinitionError::Changing),
        ServiceSaved::NameTaken => Err(DefinitionError::NameTaken),
        ServiceSaved::Unknown => Err(DefinitionError::NotFound("service")),
    }
}

/// Stores a credential that was sealed for revision `seen` of the service.
async fn put(
    definitions: &DefinitionStore,
    editor: Editor,
    id: ServiceId,
    seen: i64,
    sealed: &SealedCredential,
) -> Result<Service, DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(
        at,
        Event::CredentialReplaced,
        Subject::Service(id),
        json!({ "keys": &sealed.keys, "place": &sealed.place, "version": sealed.version }),
    );
    let is_put = definitions
        .store()
        .credential_put(editor.workspace, id, seen, sealed, at, entry)
        .await?;
    if is_put {
        get(definitions, editor.workspace, id).await
    } else {
        Err(DefinitionError::Changing)
    }
}

/// A credential as it was entered, with the names of its fields.
struct Given {
    credential: Credential,
    keys: Vec<String>,
}

/// A credential with the data key for it, so that sealing it needs no further waiting.
pub(crate) struct Prepared {
    key: SealingKey,
    credential: Credential,
    keys: Vec<String>,
}

impl Prepared {
    async fn of(
        definitions: &DefinitionStore,
        workspace: WorkspaceId,
        given: Given,
    ) -> Result<Self, SealingError> {
        Self::of_credential(definitions, workspace, given.credential, given.keys).await
    }

    pub(crate) async fn of_credential(
        definitions: &DefinitionStore,
        workspace: WorkspaceId,
        credential: Credential,
        keys: Vec<String>,
    ) -> Result<Self, SealingError> {
        Ok(Self {
            key: definitions.sealing().new_credential_key(workspace).await?,
            credential,
            keys,
        })
    }

    fn seal(&self, id: ServiceId, version: i64) -> Result<SealedCredential, SealingError> {
        let form = self.credential.to_sealed_form();
        let sealed = self.key.seal(&Purpose::credential(id, version), &form)?;
        Ok(SealedCredential {
            version,
            data_key: sealed.data_key,
            sealed: sealed.bytes.into(),
            keys: self.keys.clone(),
            place: self.credential.place(),
        })
    }
}

/// Returns the base URL unless it is a literal address that upstreams may not have.
fn allowed(base_url: BaseUrl, policy: &AddressPolicy) -> Checked<BaseUrl> {
    match literal::check(base_url.origin(), policy) {
        Ok(()) => Ok(base_url),
        Err(message) => refused("baseUrl", message),
    }
}

/// Parses the field `credentials`, if the type is known. An empty object counts as absent.
fn given(
    auth_type: &Checked<AuthType>,
    credentials: Checked<Option<Credentials>>,
    policy: &AddressPolicy,
) -> Checked<Option<Given>> {
    let (Ok(auth_type), Some(Credentials(fields))) = (auth_type, credentials?) else {
        return Ok(None);
    };
    if fields.is_empty() {
        return Ok(None);
    }
    let within = |error: FieldError| {
        if error.field == "credentials" {
            error
        } else {
            error.within("credentials")
        }
    };
    match Credential::parse(*auth_type, &fields, policy) {
        Ok(credential) => Ok(Some(Given {
            credential,
            keys: fields.keys(),
        })),
        Err(errors) => Err(errors.into_iter().map(within).collect()),
    }
}
