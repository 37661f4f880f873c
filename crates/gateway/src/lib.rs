//! What happens: the engine behind every door.
//!
//! [`Gateway`] holds everything that lives as long as the process. [`Gateway::submit`] is the way
//! of a request, [`Gateway::execute`] that of an approved one, [`Gateway::rule`] the human's word.
//! Nothing here knows an HTTP framework, and nothing here calls back up into a door.

pub mod operation_effect;

pub mod answer;
pub mod body;
pub mod refusal;

pub mod forward;
mod sealed;
mod submit;

pub mod action;

pub mod propose;
pub mod simulate;
pub mod test_call;
pub mod trial;

pub mod housekeeping;
pub mod metrics;

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_authority::{AgentCaller, Authority};
use gaiterguard_credential::Credentials;
use gaiterguard_domain::ledger::{ByteBudget, ReplicaId};
use gaiterguard_domain::time::Clock;
use gaiterguard_history::HashKey;
use gaiterguard_llm::{FailureMode, Llm};
use gaiterguard_provenance::Provenance;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Store, StoreError};
use gaiterguard_upstream::Upstream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::action::watch::ActionWatch;
use crate::body::big_body::BigBodies;
use crate::forward::tunnel::TUNNELS_MAX;
use crate::housekeeping::Touches;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// The lifetimes and bounds that the operator sets.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The score from which a request is held, from 0.0 to 1.0.
    pub risk_threshold: f64,
    /// How long an undecided action waits.
    pub pending_lifetime: Duration,
    /// How long an approved action may be executed.
    pub approval_lifetime: Duration,
    /// How long an idempotency key is remembered.
    pub idempotency_lifetime: Duration,
    /// Up to which length an answer is kept, in bytes of its body.
    pub stored_answer_bytes_max: usize,
    /// How many actions of one agent may wait for a human.
    pub pending_per_agent_max: u32,
    /// How many bytes of requests may wait for a human.
    pub pending_bytes: ByteBudget,
    /// How many bytes of requests of ended actions are kept.
    pub ended_bytes: ByteBudget,
    /// What is held where a language model is needed and there is none.
    pub llm_failure_mode: FailureMode,
    /// How long the ledger's rows are kept.
    pub ledger_retention: Duration,
    /// How long the answers to executed actions are kept.
    pub result_retention: Duration,
    /// How long the values of a response count as seen by its agent; zero turns that off.
    pub provenance_lifetime: Duration,
}

/// The engine.
pub struct Gateway {
    pub(crate) replica: ReplicaId,
    pub(crate) store: Store,
    pub(crate) authority: Arc<Authority>,
    pub(crate) sealing: Sealing,
    pub(crate) credentials: Credentials,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) llm: Option<Llm>,
    pub(crate) provenance: Provenance,
    pub(crate) settings: GatewaySettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) watch: ActionWatch,
    pub(crate) touches: Touches,
    pub(crate) tasks: TaskTracker,
    pub(crate) tunnels: Arc<Semaphore>,
    pub(crate) big_bodies: BigBodies,
    pub(crate) stopping: CancellationToken,
}

/// What a [`Gateway`] is made of.
pub struct Parts {
    /// This run of the gateway.
    pub replica: ReplicaId,
    /// The database.
    pub store: Store,
    /// The present definitions.
    pub authority: Arc<Authority>,
    /// The vault over the database.
    pub sealing: Sealing,
    /// The services' credentials.
    pub credentials: Credentials,
    /// The way out.
    pub upstream: Arc<Upstream>,
    /// Who is asked where rules and the built-in assessor leave a request open.
    pub llm: Option<Llm>,
    /// The operator's settings.
    pub settings: GatewaySettings,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let provenance = Provenance::new(
            parts.store.clone(),
            Arc::clone(&parts.clock),
            parts.settings.provenance_lifetime,
            HashKey::new(parts.sealing.derived_key("provenance")),
        );
        Arc::new(Self {
            replica: parts.replica,
            store: parts.store,
            authority: parts.authority,
            provenance,
            sealing: parts.sealing,
            credentials: parts.credentials,
            upstream: parts.upstream,
            metrics: Metrics::new(parts.llm.as_ref().map(Llm::metrics)),
            llm: parts.llm,
            settings: parts.settings,
            clock: parts.clock,
            watch: ActionWatch::default(),
            touches: Touches::default(),
            tasks: TaskTracker::new(),
            tunnels: Arc::new(Semaphore::new(TUNNELS_MAX)),
            big_bodies: BigBodies::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// Settles what an earlier run left behind and starts everything that runs beside requests.
    /// Nothing is to be served before this returns.
    pub async fn start(self: &Arc<Self>) -> Result<(), StoreError> {
        self.settle_earlier_run().await?;
        if let Some(llm) = &self.llm {
            llm.recall_spending(&self.store).await?;
        }
        submit::judge::prepare_words();
        self.start_housekeeping();
        Ok(())
    }

    /// The agent that shows this key, if it may ask for anything now.
    pub fn caller(&self, key: &str) -> Result<AgentCaller, Refusal> {
        let caller = self.authority.caller(key)?;
        self.touches.note(caller.agent.id, self.clock.now());
        Ok(caller)
    }

    /// Does work on a body that is longer than [`body::big_body::INLINE_BYTES_MAX`], on a thread that serves
    /// nobody else.
    ///
    /// # Errors
    ///
    /// If the work broke off.
    pub async fn work_on_big_body<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        self.big_bodies.run(work).await
    }

    /// The present definitions.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The database, for what is only read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The lifetimes and bounds that the operator set.
    pub fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    /// The language model, if there is one.
    pub fn llm(&self) -> Option<&Llm> {
        self.llm.as_ref()
    }

    /// The gateway's numbers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }

    /// Lets those who wait go, and returns when everything that was begun has ended or `patience`
    /// is over.
    pub async fn stop(&self, patience: Duration) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("calls were still running at the end; their outcome will be recovered");
        }
        if let Some(llm) = &self.llm
            && let Err(error) = llm.write_spending(&self.store).await
        {
            tracing::warn!(%error, "what the language model used last is not written down");
        }
    }
}
