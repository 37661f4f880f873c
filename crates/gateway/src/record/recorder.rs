//! The owner of the request path's writes.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::digested_request::DigestedRequest;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::ByteBudget;
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_intake::BigBodies;
use gaiterguard_provenance::Provenance;
use gaiterguard_store::Store;
use serde_json::json;

use crate::action::held::HeldRequests;
use crate::metrics::Metrics;
use crate::record::permit::Permit;
use crate::refusal::Refusal;
use crate::settings::GatewaySettings;

/// Writes decisions, executions and their ends.
pub(crate) struct Recorder {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) provenance: Arc<Provenance>,
    pub(super) held_requests: HeldRequests,
    pub(super) big_bodies: BigBodies,
    pub(super) idempotency_lifetime: Duration,
    pub(super) holds: HoldLimits,
}

/// The limits of held requests.
pub(super) struct HoldLimits {
    pub(super) lifetime: Duration,
    pub(super) denial_memory: Duration,
    pub(super) per_agent_max: u32,
    pub(super) bytes: ByteBudget,
}

impl Recorder {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        provenance: Arc<Provenance>,
        held_requests: HeldRequests,
        big_bodies: BigBodies,
        settings: &GatewaySettings,
    ) -> Self {
        Self {
            store,
            clock,
            metrics,
            provenance,
            held_requests,
            big_bodies,
            idempotency_lifetime: settings.idempotency_lifetime,
            holds: HoldLimits {
                lifetime: settings.pending_lifetime,
                denial_memory: settings.denial_memory,
                per_agent_max: settings.pending_per_agent_max,
                bytes: settings.pending_bytes,
            },
        }
    }

    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Records a test call of a human and permits it; `None`, and no record, if its method is not safe.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn test_call(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        service: ServiceId,
        request: &DigestedRequest,
    ) -> Result<Option<Permit>, Refusal> {
        if !is_safe(&request.method) {
            return Ok(None);
        }
        self.store
            .audit_append(NewAuditEntry {
                workspace: Some(workspace),
                at: self.clock.now(),
                actor: Actor::User(user),
                event: Event::ServiceTestCalled,
                subject: Subject::Service(service),
                detail: json!({ "method": request.method.as_str(), "path": request.target.path() }),
            })
            .await?;
        Ok(Some(Permit::of_read(request.digest())))
    }
}
