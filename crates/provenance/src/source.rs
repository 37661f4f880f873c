//! Where the values of a held request were seen: stored with the action and shown to the approver.

use std::time::Duration;

use gaiterguard_domain::action::Action;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::{History, Origin, SightingKind, origins};
use gaiterguard_request::{Arena, Opened};
use gaiterguard_sealing::{Purpose, Sealing};
use gaiterguard_store::Store;
use serde::{Deserialize, Serialize};

/// The most values that are stored for an action. The approver sees them on one card.
const SOURCES_MAX: usize = 10;

/// Where a value of a held request was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSource {
    /// Its location in the request: `path`, `query/NAME`, or `body` and a JSON Pointer.
    pub location: String,
    /// The value, or the beginning of it.
    pub value: String,
    /// In what kind of exchange the value was seen.
    pub kind: SourceKind,
    /// The call in which it was seen, as in `GET /conversations.list`.
    pub seen_in: String,
    /// The time of that call.
    pub at: Timestamp,
    /// The values that identify the object around it; empty if unknown.
    pub object: String,
}

/// The kind of exchange in which a value was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum SourceKind {
    /// In a response.
    Shown,
    /// In the response to the request with which the agent created the thing that it names.
    Created,
    /// In a request that a human approved.
    Approved,
}

impl ValueSource {
    /// Returns `None` for a value that was never seen.
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

/// Returns where values of a request were seen, serialized to be sealed; `None` if none was seen.
pub fn sources(
    request: &CanonicalRequest,
    history: &dyn History,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let arena = Arena::for_body(request.body.len());
    let origins = origins(&Opened::of(request, &arena), "", history, SOURCES_MAX);
    let origins = origins.into_iter();
    let sources = origins.filter_map(|origin| ValueSource::of(origin, now));
    let sources: Vec<ValueSource> = sources.collect();
    if sources.is_empty() {
        return None;
    }
    serde_json::to_vec(&sources).ok()
}

/// Reads where values of a held request had been seen. A failure is logged and returns nothing, because a
/// human decides on the request itself, which can still be shown.
pub async fn read_sources(store: &Store, sealing: &Sealing, action: &Action) -> Vec<ValueSource> {
    let sealed = match store.action_provenance(action.id).await {
        Ok(Some(sealed)) => sealed,
        Ok(None) => return Vec::new(),
        Err(error) => {
            tracing::error!(%error, action_id = %action.id, "provenance cannot be read");
            return Vec::new();
        }
    };
    let purpose = Purpose::action_provenance(action.id);
    let opened = sealing
        .open(action.workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await;
    match opened {
        Ok(form) => serde_json::from_slice(&form).unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, action_id = %action.id, "provenance cannot be opened");
            Vec::new()
        }
    }
}
