//! Things other than pending actions that need a human.

use gaiterguard_database::column::{Text, time};
use gaiterguard_database::connection::{fetch_all, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;

use crate::action::read::pending_count;
use crate::store::Store;

/// The most services and documents that an inbox lists. A person handles them one by one, and the next ones follow.
const LISTED_MAX: i64 = 20;

/// How many of the latest requests are searched for one that a service has accepted since it refused the
/// credential. No index leads to accepted requests: it would be written for every request, and read only here.
const SEARCHED_MAX: i64 = 2000;

/// Everything in a workspace that needs a human.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// How many actions are pending.
    pub pending: i64,
    /// How many executions have an unknown outcome.
    pub outcome_unknown: i64,
    /// How many approvals have not been used and expire within a fifth of their lifetime.
    pub expiring_approvals: i64,
    /// When the first of those expires.
    pub next_expiry: Option<Timestamp>,
    /// The services that refused the credential and have accepted nothing since, the latest refusal first.
    pub refused_credentials: Vec<RefusedCredential>,
    /// The documents in which nothing could be read, the oldest first.
    pub empty_documents: Vec<EmptyDocument>,
}

/// A service whose upstream refused the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCredential {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// How many responses had the status 401 or 403.
    pub count: i64,
    /// When the last of them arrived.
    pub last_at: Timestamp,
}

/// A document in which nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyDocument {
    /// The document.
    pub id: DocumentId,
    /// The service that it describes.
    pub service: ServiceId,
    /// The name of that service.
    pub service_name: String,
    /// Its title.
    pub title: Option<String>,
}

impl Store {
    /// Returns everything in a workspace that needs a human. Refusals of a credential count since
    /// `since`, and since its service was last changed; a request that the service accepts ends them.
    pub async fn inbox(
        &self,
        workspace: WorkspaceId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Inbox, StoreError> {
        let mut reader = self.reader().await?;
        let pending = pending_count(&mut reader, workspace, now).await?;
        let (outcome_unknown,) = fetch_one!(
            reader,
            (i64,),
            "SELECT COUNT(*) FROM actions WHERE workspace_id = $1 AND status = 'INDETERMINATE'",
            workspace.0,
        );
        let (expiring_approvals, next_expiry) = fetch_one!(
            reader,
            (i64, Option<i64>),
            "SELECT COUNT(*), MIN(expires_at) FROM actions
             WHERE workspace_id = $1 AND status = 'APPROVED' AND expires_at > $2
               AND (expires_at - $2) * 5 <= expires_at - approved_at",
            workspace.0,
            now.0,
        );
        let refused = fetch_all!(
            reader,
            (i64, Text, i64, i64),
            "SELECT services.id, services.name, COUNT(*), MAX(completed_at) FROM requests
             JOIN services ON services.id = requests.service_id AND services.deleted_at IS NULL
             WHERE requests.workspace_id = $1 AND upstream_status IN (401, 403)
               AND completed_at >= $2 AND completed_at >= services.updated_at
               AND services.auth_type <> 'none'
             GROUP BY services.id, services.name ORDER BY 4 DESC LIMIT $3",
            workspace.0,
            since.0,
            LISTED_MAX,
        );
        let accepted = match refused.iter().map(|(.., last_at)| *last_at).min() {
            Some(earliest) => fetch_all!(
                reader,
                (i64, i64),
                "SELECT service_id, MAX(completed_at) FROM (
                     SELECT service_id, completed_at, upstream_status FROM requests
                     WHERE workspace_id = $1 AND created_at >= $2
                     ORDER BY created_at DESC, id DESC LIMIT $3
                 ) AS latest
                 WHERE upstream_status BETWEEN 200 AND 299 AND completed_at > $2
                 GROUP BY service_id",
                workspace.0,
                earliest,
                SEARCHED_MAX,
            ),
            None => Vec::new(),
        };
        let works_again = |service: i64, last_at: i64| {
            let mut accepted = accepted.iter();
            accepted.any(|(accepting, at)| *accepting == service && *at > last_at)
        };
        let empty = fetch_all!(
            reader,
            (i64, i64, Text, Option<Text>),
            "SELECT documents.id, services.id, services.name, title FROM services
             JOIN documents ON documents.service_id = services.id
             WHERE services.workspace_id = $1 AND services.deleted_at IS NULL
               AND operations = 0 AND sections = 0
             ORDER BY documents.id LIMIT $2",
            workspace.0,
            LISTED_MAX,
        );
        Ok(Inbox {
            pending,
            outcome_unknown,
            expiring_approvals,
            next_expiry: time(next_expiry),
            refused_credentials: refused
                .into_iter()
                .filter(|(service, .., last_at)| !works_again(*service, *last_at))
                .map(|(service, name, count, last_at)| RefusedCredential {
                    service: ServiceId(service),
                    name: name.lossy().to_owned(),
                    count,
                    last_at: Timestamp(last_at),
                })
                .collect(),
            empty_documents: empty
                .into_iter()
                .map(|(id, service, name, title)| EmptyDocument {
                    id: DocumentId(id),
                    service: ServiceId(service),
                    service_name: name.lossy().to_owned(),
                    title: title.map(|title| title.lossy().to_owned()),
                })
                .collect(),
        })
    }
}
