//! The engine: the owners of its parts, and what runs as long as the process.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_assessment::{Assessor, build_word_lists};
use gaiterguard_authority::{AgentCaller, Authority, LastUsed};
use gaiterguard_credential::Credentials;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Clock;
use gaiterguard_history::HashKey;
use gaiterguard_intake::BigBodies;
use gaiterguard_llm::Llm;
use gaiterguard_provenance::Provenance;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Store, StoreError};
use gaiterguard_upstream::Upstream;
use hyper::upgrade::OnUpgrade;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::action::agent::AgentActions;
use crate::action::held::HeldRequests;
use crate::action::kept::KeptResponses;
use crate::action::watch::ActionWatch;
use crate::action::{ActionReport, Approvals};
use crate::decide::Decider;
use crate::housekeeping::Housekeeping;
use crate::metrics::Metrics;
use crate::prepare::Preparer;
use crate::record::Recorder;
use crate::refusal::Refusal;
use crate::send::dispatch::Sender;
use crate::send::relay::Relay;
use crate::send::tunnel::{Tunnel, Tunnels};
use crate::settings::GatewaySettings;

/// The engine. It composes its parts; each part holds only what it needs.
pub struct Gateway {
    pub(crate) authority: Arc<Authority>,
    pub(crate) preparer: Preparer,
    pub(crate) decider: Decider,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) sender: Sender,
    pub(crate) relay: Arc<Relay>,
    pub(crate) agent_actions: AgentActions,
    pub(crate) held_requests: HeldRequests,
    pub(crate) kept_responses: KeptResponses,
    pub(crate) provenance: Arc<Provenance>,
    pub(crate) big_bodies: BigBodies,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
    approvals: Approvals,
    tunnels: Tunnels,
    housekeeping: Arc<Housekeeping>,
    last_used: Arc<LastUsed>,
    metrics: Arc<Metrics>,
    llm: Option<Arc<Llm>>,
    store: Store,
    settings: GatewaySettings,
}

/// The parts that a [`Gateway`] is made of.
pub struct GatewayDeps {
    /// This run of the gateway.
    pub replica: ReplicaId,
    /// The database.
    pub store: Store,
    /// The snapshot of the definitions.
    pub authority: Arc<Authority>,
    /// The vault over the database.
    pub sealing: Sealing,
    /// The services' credentials.
    pub credentials: Credentials,
    /// The connections to upstreams.
    pub upstream: Arc<Upstream>,
    /// The language model, if there is one.
    pub llm: Option<Llm>,
    /// The operator's settings.
    pub settings: GatewaySettings,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Assembles a gateway.
    pub fn new(deps: GatewayDeps) -> Arc<Self> {
        let GatewayDeps {
            replica,
            store,
            authority,
            sealing,
            credentials,
            upstream,
            llm,
            settings,
            clock,
        } = deps;
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let (watch, big_bodies) = (ActionWatch::default(), BigBodies::default());
        let last_used = Arc::<LastUsed>::default();
        let llm = llm.map(Arc::new);
        let metrics = Arc::new(Metrics::new(llm.as_deref().map(Llm::metrics)));
        let held_requests = HeldRequests::new(store.clone(), sealing.clone());
        let kept_responses = KeptResponses::new(store.clone(), sealing.clone());
        let provenance = Arc::new(Provenance::new(
            store.clone(),
            Arc::clone(&clock),
            settings.provenance_lifetime,
            HashKey::new(sealing.derived_key("provenance")),
        ));
        let assessor = Assessor {
            llm: llm.clone(),
            store: store.clone(),
            clock: Arc::clone(&clock),
            risk_threshold: settings.risk_threshold,
            failure_mode: settings.llm_failure_mode,
        };
        let recorder = Arc::new(Recorder::new(
            store.clone(),
            Arc::clone(&clock),
            Arc::clone(&metrics),
            Arc::clone(&provenance),
            held_requests.clone(),
            big_bodies.clone(),
            &settings,
        ));
        Arc::new(Self {
            preparer: Preparer::new(
                Arc::clone(&authority),
                Arc::clone(&upstream),
                big_bodies.clone(),
            ),
            decider: Decider::new(assessor, Arc::clone(&provenance), big_bodies.clone()),
            sender: Sender::new(upstream, credentials.clone(), Arc::clone(&metrics)),
            relay: Relay::new(
                Arc::clone(&recorder),
                tasks.clone(),
                settings.stored_response_bytes_max,
            ),
            recorder,
            agent_actions: AgentActions::new(
                store.clone(),
                Arc::clone(&clock),
                kept_responses.clone(),
                Arc::clone(&authority),
                watch.clone(),
                stopping.clone(),
            ),
            approvals: Approvals::new(
                store.clone(),
                sealing.clone(),
                Arc::clone(&clock),
                held_requests.clone(),
                kept_responses.clone(),
                settings.approval_lifetime,
            ),
            tunnels: Tunnels::new(tasks.clone(), stopping.clone()),
            housekeeping: Arc::new(Housekeeping {
                replica,
                store: store.clone(),
                authority: Arc::clone(&authority),
                sealing,
                credentials,
                llm: llm.clone(),
                provenance: Arc::clone(&provenance),
                watch,
                last_used: Arc::clone(&last_used),
                clock: Arc::clone(&clock),
                ended_bytes: settings.ended_bytes,
                ledger_retention: settings.ledger_retention,
                result_retention: settings.result_retention,
                provenance_lifetime: settings.provenance_lifetime,
            }),
            authority,
            held_requests,
            kept_responses,
            provenance,
            big_bodies,
            clock,
            tasks,
            stopping,
            last_used,
            metrics,
            llm,
            store,
            settings,
        })
    }

    /// Settles what an earlier run left behind and starts the background work. Serve nothing before this
    /// returns.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn start(&self) -> Result<(), StoreError> {
        self.housekeeping.settle_earlier_run().await?;
        if let Some(llm) = &self.llm {
            llm.recall_spending(&self.store).await?;
        }
        build_word_lists();
        self.housekeeping.start(&self.tasks, &self.stopping);
        Ok(())
    }

    /// Returns the agent of a key.
    ///
    /// # Errors
    ///
    /// If the key does not open anything now.
    pub fn caller(&self, key: &str) -> Result<AgentCaller, Refusal> {
        let caller = self.authority.caller(key)?;
        self.last_used.note(caller.agent.id, self.clock.now());
        Ok(caller)
    }

    /// Returns the status of an agent's action. With `wait`, a pending or executing action is returned
    /// as soon as its status changes, or when the time is over.
    ///
    /// # Errors
    ///
    /// If the agent does not have the action, or the database fails.
    pub async fn status(
        &self,
        caller: &AgentCaller,
        id: ActionId,
        wait: Duration,
    ) -> Result<ActionReport, Refusal> {
        self.agent_actions.status(caller, id, wait).await
    }

    /// Joins a WebSocket of an upstream with the agent's connection, as soon as that has switched.
    pub fn carry(&self, tunnel: Tunnel, agent: OnUpgrade) {
        self.tunnels.carry(tunnel, agent);
    }

    /// Runs work on a body that is longer than [`gaiterguard_intake::INLINE_BYTES_MAX`] on a
    /// separate thread.
    ///
    /// # Errors
    ///
    /// If the work panicked.
    pub async fn work_on_big_body<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        Ok(self.big_bodies.run(work).await?)
    }

    /// Returns the human's side of held requests.
    pub fn approvals(&self) -> &Approvals {
        &self.approvals
    }

    /// Returns the snapshot of the definitions.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns the database, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the operator's settings.
    pub fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    /// Returns the language model, if there is one.
    pub fn llm(&self) -> Option<&Llm> {
        self.llm.as_deref()
    }

    /// Returns the gateway's metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }

    /// Ends waiting calls, and returns when everything that was begun has ended or `patience` is over.
    pub async fn stop(&self, patience: Duration) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("calls were still running at the end; their outcome will be recovered");
        }
        if let Err(error) = self.store.agent_touch(&self.last_used.take()).await {
            tracing::warn!(%error, "the last use of agent keys is not recorded");
        }
        if let Some(llm) = &self.llm
            && let Err(error) = llm.write_spending(&self.store).await
        {
            tracing::warn!(%error, "the last use of the language model is not recorded");
        }
    }
}
