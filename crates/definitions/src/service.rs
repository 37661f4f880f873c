//! Services: what an operator may say of an upstream API and of the credential for it.

use gaiterguard_credential::Credential;
use gaiterguard_domain::field::{FieldError, FieldReader};
use gaiterguard_domain::id::{ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_sealing::{Purpose, SealingError, SealingKey};
use gaiterguard_store::{Abandoned, ServiceFields, ServiceSaved, StoreError, Stored};
use gaiterguard_upstream::{AddressPolicy, literal};
use serde_json::{Map, Value, json};

use crate::desk::{DefinitionError, Desk, Editor, listed};

/// The longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 2000;

/// The services of a workspace.
pub async fn list(
    desk: &Desk,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Service>>, DefinitionError> {
    Ok(listed(desk.store().service_list(workspace).await?))
}

/// One service, for who looks at it.
pub async fn find(
    desk: &Desk,
    workspace: WorkspaceId,
    id: ServiceId,
) -> Result<Stored<Service>, DefinitionError> {
    let found = desk.store().service_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("service"))
}

/// One service.
pub async fn get(
    desk: &Desk,
    workspace: WorkspaceId,
    id: ServiceId,
) -> Result<Service, DefinitionError> {
    desk.store()
        .service_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("service"))
}

/// Registers a service: `{name, baseUrl, authType, credentials?, description?, intentRequired?,
/// webSocket?}`.
pub async fn create(
    desk: &Desk,
    editor: Editor,
    fields: &Map<String, Value>,
) -> Result<Service, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    let name = reader.required_name();
    let base_url = read_base_url(&mut reader, desk.policy());
    let auth_type = read_auth_type(&mut reader);
    let description = reader.text("description", DESCRIPTION_CHARS_MAX);
    let intent_required = reader.boolean("intentRequired").unwrap_or(false);
    let web_socket = reader.boolean("webSocket").unwrap_or(false);
    let given = match auth_type {
        Some(auth_type) => read_credentials(&mut reader, auth_type, desk.policy()),
        None => None,
    };
    reader.finish()?;
    let (Some(name), Some(base_url), Some(auth_type)) = (name, base_url, auth_type) else {
        return Err(DefinitionError::Invalid(Vec::new()));
    };
    let fields = ServiceFields {
        name,
        base_url,
        auth_type,
        description,
        intent_required,
        web_socket,
    };
    let prepared = match given {
        Some(given) => Some(Prepared::of(desk, editor.workspace, given).await?),
        None => None,
    };
    let at = desk.now();
    let detail = json!({
        "name": &fields.name,
        "base_url": fields.base_url.to_string(),
        "auth_type": fields.auth_type.as_str(),
        "intent_required": fields.intent_required,
        "web_socket": fields.web_socket,
        "credential_keys": prepared.as_ref().map(|prepared| &prepared.keys),
    });
    let mut refused = None;
    let saved = desk
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
            |id| editor.entry(at, "service.created", subject(id), detail),
        )
        .await;
    match (saved, refused) {
        (Err(StoreError::Abandoned), Some(refused)) => Err(refused.into()),
        (saved, _) => settled(saved?),
    }
}

/// Changes a service, as far as fields are given. Another type or another origin (scheme, host,
/// port) drops the credential, unless a new one is given: a credential is never sent to a server that
/// its operator did not give it for. Where address and credential change together, the old one never
/// meets the new address, nor the new one the old.
pub async fn update(
    desk: &Desk,
    editor: Editor,
    id: ServiceId,
    fields: &Map<String, Value>,
) -> Result<Service, DefinitionError> {
    desk.change(|| change(desk, editor, id, fields)).await
}

async fn change(
    desk: &Desk,
    editor: Editor,
    id: ServiceId,
    fields: &Map<String, Value>,
) -> Result<Service, DefinitionError> {
    let present = get(desk, editor.workspace, id).await?;
    let mut reader = FieldReader::new(fields);
    let name = reader.name();
    let base_url = if reader.has("baseUrl") {
        read_base_url(&mut reader, desk.policy())
    } else {
        None
    };
    let auth_type = if reader.has("authType") {
        read_auth_type(&mut reader)
    } else {
        Some(present.auth_type)
    };
    let description = if reader.has("description") {
        reader.text("description", DESCRIPTION_CHARS_MAX)
    } else {
        present.description.clone()
    };
    let intent_required = reader.boolean("intentRequired");
    let web_socket = reader.boolean("webSocket");
    let given = match auth_type {
        Some(auth_type) => read_credentials(&mut reader, auth_type, desk.policy()),
        None => None,
    };
    reader.finish()?;
    let auth_type = auth_type.unwrap_or(present.auth_type);
    let wanted = ServiceFields {
        name: name.unwrap_or_else(|| present.name.clone()),
        base_url: base_url.unwrap_or_else(|| present.base_url.clone()),
        auth_type,
        description,
        intent_required: intent_required.unwrap_or(present.intent_required),
        web_socket: web_socket.unwrap_or(present.web_socket),
    };
    let prepared = match given {
        Some(given) => Some(Prepared::of(desk, editor.workspace, given).await?),
        None => None,
    };
    let moves = wanted.base_url.origin() != present.base_url.origin();
    let clear_credential = moves || auth_type != present.auth_type || prepared.is_some();
    let at = desk.now();
    let changed: Vec<&String> = fields.keys().collect();
    let entry = editor.entry(
        at,
        "service.updated",
        subject(id),
        json!({
            "fields": changed,
            "name": &wanted.name,
            "base_url": wanted.base_url.to_string(),
            "auth_type": auth_type.as_str(),
            "intent_required": wanted.intent_required,
            "web_socket": wanted.web_socket,
            "credential_dropped": clear_credential && present.credential.is_some(),
        }),
    );
    let seen = present.revision;
    let saved = desk
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
            put(desk, editor, id, seen + 1, &sealed).await
        }
        None => Ok(saved),
    }
}

/// Replaces a service's credential with what is given for its type.
pub async fn set_credentials(
    desk: &Desk,
    editor: Editor,
    id: ServiceId,
    fields: &Map<String, Value>,
) -> Result<Service, DefinitionError> {
    desk.change(|| async {
        let present = get(desk, editor.workspace, id).await?;
        let given = Given {
            credential: Credential::parse(present.auth_type, fields, desk.policy())?,
            keys: keys(fields),
        };
        let prepared = Prepared::of(desk, editor.workspace, given).await?;
        // The one before may be renewed at the same moment, which makes its version another.
        let version = present.credential.map_or(1, |sealed| sealed.version + 1);
        let sealed = prepared.seal(id, version)?;
        put(desk, editor, id, present.revision, &sealed).await
    })
    .await
}

/// Removes a service.
pub async fn delete(desk: &Desk, editor: Editor, id: ServiceId) -> Result<(), DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(at, "service.deleted", subject(id), json!({}));
    let found = desk
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

fn subject(id: ServiceId) -> String {
    format!("service:{id}")
}

/// Puts a credential in its place that was sealed for the service as it was `seen`.
async fn put(
    desk: &Desk,
    editor: Editor,
    id: ServiceId,
    seen: i64,
    sealed: &SealedCredential,
) -> Result<Service, DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(
        at,
        "credential.replaced",
        subject(id),
        json!({ "keys": &sealed.keys, "place": &sealed.place, "version": sealed.version }),
    );
    let is_put = desk
        .store()
        .credential_put(editor.workspace, id, seen, sealed, at, entry)
        .await?;
    if is_put {
        get(desk, editor.workspace, id).await
    } else {
        Err(DefinitionError::Changing)
    }
}

/// A credential as it was given, with the names of its fields.
struct Given {
    credential: Credential,
    keys: Vec<String>,
}

/// A credential with the data key for it: what is left to do needs no waiting.
struct Prepared {
    key: SealingKey,
    credential: Credential,
    keys: Vec<String>,
}

impl Prepared {
    async fn of(desk: &Desk, workspace: WorkspaceId, given: Given) -> Result<Self, SealingError> {
        Ok(Self {
            key: desk.sealing().new_credential_key(workspace).await?,
            credential: given.credential,
            keys: given.keys,
        })
    }

    fn seal(self, id: ServiceId, version: i64) -> Result<SealedCredential, SealingError> {
        let form = self.credential.to_sealed_form();
        let sealed = self.key.seal(&Purpose::credential(id, version), &form)?;
        Ok(SealedCredential {
            version,
            data_key: sealed.data_key,
            sealed: sealed.bytes.into(),
            keys: self.keys,
            place: self.credential.place(),
        })
    }
}

fn keys(fields: &Map<String, Value>) -> Vec<String> {
    fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| name.clone())
        .collect()
}

fn read_base_url(reader: &mut FieldReader<'_>, policy: &AddressPolicy) -> Option<BaseUrl> {
    let text = reader.required_string("baseUrl")?;
    let checked = BaseUrl::parse(text)
        .map_err(|refused| format!("must be an http or https URL: {refused}"))
        .and_then(|base_url| literal::check(base_url.origin(), policy).map(|()| base_url));
    match checked {
        Ok(base_url) => Some(base_url),
        Err(message) => {
            reader.refuse("baseUrl", message);
            None
        }
    }
}

fn read_auth_type(reader: &mut FieldReader<'_>) -> Option<AuthType> {
    let auth_type = AuthType::parse(reader.required_string("authType")?);
    if auth_type.is_none() {
        let words: Vec<&str> = AuthType::ALL.iter().map(|kind| kind.as_str()).collect();
        reader.refuse("authType", format!("must be one of {}", words.join(", ")));
    }
    auth_type
}

/// The member `credentials`. An empty object says no more than its absence.
fn read_credentials(
    reader: &mut FieldReader<'_>,
    auth_type: AuthType,
    policy: &AddressPolicy,
) -> Option<Given> {
    let Some(fields) = reader.value("credentials")?.as_object() else {
        reader.refuse("credentials", "must be an object");
        return None;
    };
    if fields.is_empty() {
        return None;
    }
    match Credential::parse(auth_type, fields, policy) {
        Ok(credential) => Some(Given {
            credential,
            keys: keys(fields),
        }),
        Err(errors) => {
            let (whole, members): (Vec<FieldError>, Vec<FieldError>) = errors
                .into_iter()
                .partition(|error| error.field == "credentials");
            for error in whole {
                reader.refuse("credentials", error.message);
            }
            reader.refuse_members("credentials", members);
            None
        }
    }
}
