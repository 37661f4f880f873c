//! Where the values of a held request were seen, kept with the action and shown to whoever decides.

use std::time::Duration;

use gaiterguard_domain::action::Action;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::{History, Origin, SightingKind, origins};
use gaiterguard_request::Arena;
use gaiterguard_sealing::Purpose;
use serde::{Deserialize, Serialize};

use crate::Gateway;
use crate::submit::judge::opened;

/// The most values that are listed for an action.
const SOURCES_MAX: usize = 10;

/// Where a value of a held request was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSource {
    /// Where in the request it is: `path`, `query/NAME`, or `body` and a JSON Pointer.
    pub location: String,
    /// The value, or the beginning of it.
    pub value: String,
    /// How it was seen.
    pub kind: SourceKind,
    /// The call that it was seen with, as in `GET /conversations.list`.
    pub seen_in: String,
    /// When.
    pub at: Timestamp,
    /// What identifies the object around it; empty where that is not known.
    pub object: String,
}

/// How a value of a request was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum SourceKind {
    /// In a response.
    Shown,
    /// In the response to a request by which the agent created what it names.
    Created,
    /// In a request that a human approved.
    Approved,
}

impl ValueSource {
    /// `None` for a value that was never seen.
    fn of(origin: Origin, now: Timestamp) -> Option<Self> {
        let Origin {
            location,
            value,
            sighting,
        } = origin;
        let sighting = sighting?;
        Some(Self {
            location,
            value,
            kind: match sighting.kind {
                SightingKind::Shown => SourceKind::Shown,
                SightingKind::Created => SourceKind::Created,
                SightingKind::Approved => SourceKind::Approved,
            },
            seen_in: sighting.call,
            at: now.before(Duration::from_secs(sighting.age)),
            object: sighting.piece,
        })
    }
}

/// Where values of a request were seen, as it is sealed; `None` for nowhere.
pub(crate) fn sources(
    request: &CanonicalRequest,
    history: &dyn History,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let arena = Arena::for_body(request.body.len());
    let origins = origins(&opened(request, &arena), "", history, SOURCES_MAX);
    let origins = origins.into_iter();
    let sources = origins.filter_map(|origin| ValueSource::of(origin, now));
    let sources: Vec<ValueSource> = sources.collect();
    if sources.is_empty() {
        return None;
    }
    serde_json::to_vec(&sources).ok()
}

impl Gateway {
    /// Where values of a held request had been seen. What cannot be read is not worth more than a line
    /// in the log: the request itself is what a human decides on.
    pub(crate) async fn value_sources(&self, action: &Action) -> Vec<ValueSource> {
        let sealed = match self.store.action_provenance(action.id).await {
            Ok(Some(sealed)) => sealed,
            Ok(None) => return Vec::new(),
            Err(error) => {
                tracing::error!(%error, action_id = %action.id, "provenance cannot be read");
                return Vec::new();
            }
        };
        let purpose = Purpose::action_provenance(action.id);
        let opened = self
            .sealing
            .open(action.workspace, sealed.data_key, &sealed.bytes, &purpose)
            .await;
        match opened {
            Ok(form) => serde_json::from_slice(&form).unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, action_id = %action.id, "provenance does not open");
                Vec::new()
            }
        }
    }
}
