//! The settings that the dashboard shows, without secrets.

use std::time::Duration;

use gaiterguard_settings::{Database, Registration, Settings};
use serde::Serialize;
use utoipa::ToSchema;

/// The settings that the dashboard may show, in addition to the engine's own limits.
#[derive(Clone, Debug)]
pub struct Configured {
    pub(super) access_token: Duration,
    pub(super) session: Duration,
    pub(super) registration: Registration,
    pub(super) database: DatabaseKind,
    pub(super) request_body_bytes_max: usize,
    pub(super) upstream_connect_timeout: Duration,
    pub(super) upstream_timeout: Duration,
    pub(super) upstream_idle_timeout: Duration,
}

impl Configured {
    /// Selects the settings that may be shown.
    pub fn of(settings: &Settings) -> Self {
        Self {
            access_token: settings.auth.access_ttl,
            session: settings.auth.refresh_ttl,
            registration: settings.auth.registration,
            database: match settings.storage.database {
                Database::Sqlite { .. } => DatabaseKind::Sqlite,
                Database::Postgres { .. } => DatabaseKind::Postgres,
            },
            request_body_bytes_max: settings.listen.request_body_bytes_max,
            upstream_connect_timeout: settings.upstream.connect_timeout,
            upstream_timeout: settings.upstream.timeout,
            upstream_idle_timeout: settings.upstream.idle_timeout,
        }
    }
}

/// Database in use.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = DatabaseSetting)]
#[serde(rename_all = "snake_case")]
pub(super) enum DatabaseKind {
    Sqlite,
    Postgres,
}
