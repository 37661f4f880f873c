//! Rows of `services`, each with its credential.

use gaiterguard_domain::id::{DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service, TimeoutMs, Timeouts};
use gaiterguard_domain::target::BaseUrl;
use gaiterguard_domain::time::Timestamp;

use gaiterguard_database::column::RowContext;
use gaiterguard_database::error::StoreError;

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
pub struct ServiceRow {
    pub id: i64,
    pub workspace_id: i64,
    pub name: String,
    pub base_url: String,
    pub auth_type: String,
    pub description: Option<String>,
    pub intent_required: bool,
    pub web_socket: bool,
    pub timeout_ms: Option<i64>,
    pub idle_timeout_ms: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
    pub version: Option<i64>,
    pub data_key_id: Option<i64>,
    pub sealed: Option<Vec<u8>>,
    pub keys: Option<String>,
    pub place: Option<String>,
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
