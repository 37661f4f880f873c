//! Services. A deleted service keeps its row, which old requests refer to.

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::{AnyConnection, execute, fetch_optional, with_connection};
use gaiterguard_database::error::{Abandoned, StoreError, is_unique_violation};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service, TimeoutMs, Timeouts};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::{Stored, all_intact};

use crate::credential::insert_credential;
use crate::store::Store;

/// The contents of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFields {
    /// The service's name, unique in the workspace.
    pub name: String,
    /// The base URL.
    pub base_url: BaseUrl,
    /// How the credential is presented.
    pub auth_type: AuthType,
    /// A description for people and for the risk assessment.
    pub description: Option<String>,
    /// Whether every request must state its intent.
    pub intent_required: bool,
    /// Whether agents may open WebSockets.
    pub web_socket: bool,
    /// Its own time limits.
    pub timeouts: Timeouts,
}

/// The result of creating or changing a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceSaved {
    /// The service was saved.
    Saved(Box<Service>),
    /// Another service of the workspace has this name.
    NameTaken,
    /// The service's revision is no longer the one that the caller saw.
    Changed,
    /// There is no such service.
    Unknown,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ServiceRow {
    id: i64,
    workspace_id: i64,
    name: String,
    base_url: String,
    auth_type: String,
    description: Option<String>,
    intent_required: bool,
    web_socket: bool,
    timeout_ms: Option<i64>,
    idle_timeout_ms: Option<i64>,
    created_at: i64,
    updated_at: i64,
    revision: i64,
    version: Option<i64>,
    data_key_id: Option<i64>,
    sealed: Option<Vec<u8>>,
    keys: Option<String>,
    place: Option<String>,
}

impl TryFrom<ServiceRow> for Service {
    type Error = StoreError;

    fn try_from(row: ServiceRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "services",
            id: &row.id,
        };
        let credential = match (
            row.version,
            row.data_key_id,
            row.sealed,
            row.keys,
            row.place,
        ) {
            (Some(version), Some(data_key), Some(sealed), Some(keys), Some(place)) => {
                let context = RowContext {
                    table: "credentials",
                    id: &row.id,
                };
                Some(SealedCredential {
                    version,
                    data_key: DataKeyId(data_key),
                    sealed: sealed.into(),
                    keys: context.json("keys", &keys)?,
                    place: context.json("place", &place)?,
                })
            }
            _ => None,
        };
        let limit = |column, value: Option<i64>| match value.map(TimeoutMs::new) {
            None => Ok(None),
            Some(limit) => context.required(column, limit).map(Some),
        };
        Ok(Self {
            id: ServiceId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            base_url: BaseUrl::parse(&row.base_url).map_err(|_| context.invalid("base_url"))?,
            auth_type: context.required("auth_type", AuthType::parse(&row.auth_type))?,
            name: row.name,
            description: row.description,
            intent_required: row.intent_required,
            web_socket: row.web_socket,
            timeouts: Timeouts {
                response: limit("timeout_ms", row.timeout_ms)?,
                idle: limit("idle_timeout_ms", row.idle_timeout_ms)?,
            },
            credential,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            revision: row.revision,
        })
    }
}

impl Store {
    /// Creates a service, with the credential that `credential` seals for its id, if any.
    pub async fn service_create(
        &self,
        workspace: WorkspaceId,
        fields: &ServiceFields,
        at: Timestamp,
        credential: impl FnOnce(ServiceId) -> Result<Option<SealedCredential>, Abandoned>,
        audit: impl FnOnce(ServiceId) -> NewAuditEntry,
    ) -> Result<ServiceSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let row = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO services
                (workspace_id, name, base_url, auth_type, description, created_at, updated_at,
                 intent_required, web_socket, timeout_ms, idle_timeout_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
            workspace.0,
            &fields.name,
            fields.base_url.to_string(),
            fields.auth_type.as_str(),
            &fields.description,
            at.0,
            fields.intent_required,
            fields.web_socket,
            milliseconds(fields.timeouts.response),
            milliseconds(fields.timeouts.idle),
        );
        let Some((id,)) = row else {
            tx.rollback().await?;
            return Ok(ServiceSaved::NameTaken);
        };
        let id = ServiceId(id);
        let credential = match credential(id) {
            Ok(credential) => credential,
            Err(abandoned) => {
                tx.rollback().await?;
                return Err(abandoned.into());
            }
        };
        if let Some(credential) = &credential {
            insert_credential(&mut tx, id, credential).await?;
        }
        tx.audit(audit(id));
        tx.commit().await?;
        Ok(ServiceSaved::Saved(Box::new(Service {
            id,
            workspace,
            name: fields.name.clone(),
            base_url: fields.base_url.clone(),
            auth_type: fields.auth_type,
            description: fields.description.clone(),
            intent_required: fields.intent_required,
            web_socket: fields.web_socket,
            timeouts: fields.timeouts,
            credential,
            created_at: at,
            updated_at: at,
            revision: 0,
        })))
    }

    /// Returns a service that is not deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if its row is damaged.
    pub async fn service_get(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
    ) -> Result<Option<Service>, StoreError> {
        let stored = self.service_find(workspace, service).await?;
        stored.map(Stored::intact).transpose()
    }

    /// Returns a service for display; a damaged one as far as it can be read.
    pub async fn service_find(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
    ) -> Result<Option<Stored<Service>>, StoreError> {
        let mut reader = self.reader().await?;
        let stored = fetch_stored!(
            reader,
            "services",
            "name",
            convert,
            "SELECT services.*, version, data_key_id, sealed, keys, place
             FROM services LEFT JOIN credentials ON credentials.service_id = services.id
             WHERE services.id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            service.0,
        );
        Ok(stored.into_iter().next())
    }

    /// Lists the services of a workspace that are not deleted.
    pub async fn service_list(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<Stored<Service>>, StoreError> {
        stored_services(self.reader().await?.any(), workspace).await
    }

    /// Changes a service whose revision is still `revision`. `clear_credential` also removes its
    /// credential, for when that no longer fits the service's type.
    #[expect(
        clippy::too_many_arguments,
        reason = "each says one thing of the change, as with its siblings"
    )]
    pub async fn service_update(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        revision: i64,
        fields: &ServiceFields,
        clear_credential: bool,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<ServiceSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = async {
            Ok::<_, sqlx::Error>(with_connection!(tx, connection => sqlx::query(
                "UPDATE services
                 SET name = $3, base_url = $4, auth_type = $5, description = $6, updated_at = $7,
                    intent_required = $9, web_socket = $10,
                    timeout_ms = $11, idle_timeout_ms = $12,
                    revision = revision + 1
                 WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL AND revision = $8",
            )
            .bind(workspace.0)
            .bind(service.0)
            .bind(&fields.name)
            .bind(fields.base_url.to_string())
            .bind(fields.auth_type.as_str())
            .bind(&fields.description)
            .bind(at.0)
            .bind(revision)
            .bind(fields.intent_required)
            .bind(fields.web_socket)
            .bind(milliseconds(fields.timeouts.response))
            .bind(milliseconds(fields.timeouts.idle))
            .execute(connection)
            .await?
            .rows_affected()))
        }
        .await;
        let updated = match updated {
            Ok(updated) => updated,
            Err(error) if is_unique_violation(&error) => {
                tx.rollback().await?;
                return Ok(ServiceSaved::NameTaken);
            }
            Err(error) => return Err(error.into()),
        };
        if updated > 0 && clear_credential {
            execute!(
                tx,
                "DELETE FROM credentials WHERE service_id = $1",
                service.0
            );
        }
        let is_saved = tx.end(updated, audit).await?;
        Ok(match self.service_get(workspace, service).await? {
            Some(service) if is_saved => ServiceSaved::Saved(Box::new(service)),
            Some(_) => ServiceSaved::Changed,
            None => ServiceSaved::Unknown,
        })
    }

    /// Deletes a service, with its credential, its documents, and every agent's right to use it.
    /// Returns false if there is no such service.
    pub async fn service_delete(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let deleted = execute!(
            tx,
            "UPDATE services SET deleted_at = $3, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            service.0,
            at.0,
        );
        if deleted > 0 {
            for text in [
                "DELETE FROM credentials WHERE service_id = $1",
                "DELETE FROM documents WHERE service_id = $1",
                "DELETE FROM grants WHERE service_id = $1",
            ] {
                execute!(tx, text, service.0);
            }
        }
        tx.end(deleted, audit).await
    }
}

fn milliseconds(limit: Option<TimeoutMs>) -> Option<i64> {
    limit.map(|limit| limit.get().into())
}

fn convert(row: ServiceRow) -> Result<Service, StoreError> {
    row.try_into()
}

async fn stored_services(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Service>>, StoreError> {
    Ok(fetch_stored!(
        connection,
        "services",
        "name",
        convert,
        "SELECT services.*, version, data_key_id, sealed, keys, place
         FROM services LEFT JOIN credentials ON credentials.service_id = services.id
         WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY services.id",
        workspace.0,
    ))
}

/// Returns the services of a workspace that are not deleted. Fails if one is damaged.
pub(crate) async fn services_intact(
    connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Service>, StoreError> {
    all_intact(stored_services(connection, workspace).await?)
}
