//! The values of a request that the agent was shown before, for `--explain`.

use gaiterguard_history::{Origin, SightingKind};
use serde::Serialize;

/// A value of a request, and where the agent saw it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SeenValue {
    /// Where it is in the request.
    pub(crate) location: String,
    pub(crate) value: String,
    /// `shown`, `created`, `approved` or `never`.
    pub(crate) kind: &'static str,
    /// The call in whose response it was, as in `GET /conversations.list`.
    pub(crate) call: Option<String>,
    /// The part of the object around it.
    pub(crate) piece: Option<String>,
}

impl From<Origin> for SeenValue {
    fn from(one: Origin) -> Self {
        let kind = one.sighting.as_ref().map(|sighting| sighting.kind);
        let (call, piece) = one
            .sighting
            .map(|sighting| (sighting.call, sighting.piece))
            .unzip();
        Self {
            location: one.location,
            value: one.value,
            kind: match kind {
                Some(SightingKind::Shown) => "shown",
                Some(SightingKind::Created) => "created",
                Some(SightingKind::Approved) => "approved",
                None => "never",
            },
            call,
            piece,
        }
    }
}
