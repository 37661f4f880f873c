//! Assembles the engine from the settings.

use std::net::SocketAddr;
use std::sync::Arc;

use gaiterguard_api::SingleSignOn;
use gaiterguard_authority::Authority;
use gaiterguard_chat::{Chats, ChatsDeps, HeldRequestReader};
use gaiterguard_clock::SystemClock;
use gaiterguard_credential::Credentials;
use gaiterguard_definitions::definition_store::DefinitionStore;
use gaiterguard_definitions::library::Library;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Clock;
use gaiterguard_evidence::Checkpoints;
use gaiterguard_familiarity::Familiarity;
use gaiterguard_gateway::{Gateway, GatewayDeps, GatewaySettings};
use gaiterguard_identity::{Identity, IdentitySettings};
use gaiterguard_llm::{Llm, LlmSetupError};
use gaiterguard_notify::{Mail, Notifications, NotificationsDeps};
use gaiterguard_oidc::Provider;
use gaiterguard_sealing::{Sealing, StartError};
use gaiterguard_settings::secrets::Secrets;
use gaiterguard_settings::{Database, ReadDurability, Registration, Settings};
use gaiterguard_store::{Durability, Purpose, Store, StoreError, StoreOptions};
use gaiterguard_upstream::{AddressPolicy, AllowedRange, TlsSetupError, Upstream};
use secrecy::ExposeSecret;
use uuid::Uuid;

/// The parts that the server works with.
pub(crate) struct Engine {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) definition_store: DefinitionStore,
    pub(crate) familiarity: Familiarity,
    pub(crate) notifications: Arc<Notifications>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) chats: Arc<Chats>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Store,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) sealing: Sealing,
    pub(crate) single_sign_on: Option<Arc<SingleSignOn>>,
}

/// Reasons why the engine does not start. Each message is a line for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("UPSTREAM_CA_FILE cannot be used: {0}")]
    Tls(#[from] TlsSetupError),
    #[error(transparent)]
    Llm(#[from] LlmSetupError),
    #[error("{0}")]
    Mail(&'static str),
}

impl Engine {
    /// Migrates the database and starts the engine. Upstreams must not have the addresses in
    /// `own_listeners`.
    pub(crate) async fn start(
        settings: &Settings,
        secrets: &Secrets,
        own_listeners: Vec<SocketAddr>,
    ) -> Result<Self, EngineError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let replica = ReplicaId(Uuid::new_v4());
        let policy = AddressPolicy {
            private_allow: settings.upstream.private_allow.clone(),
            own_listeners: own_listeners.clone(),
        };
        let upstream = Arc::new(Upstream::new(
            settings.upstream.for_gateway(own_listeners.clone()),
        )?);
        let options = StoreOptions {
            response_budget: settings.storage.kept_bytes,
            read_durability: match settings.storage.read_durability {
                ReadDurability::Process => Durability::Process,
                ReadDurability::Fsync => Durability::Storage,
            },
            ..StoreOptions::new(replica, Purpose::Serve)
        };
        let store = Store::open(settings.storage.database.url().expose_secret(), options)?;
        store.migrate().await?;
        let salt = &settings.secret.encryption_salt;
        let sealing =
            Sealing::open_or_create(store.clone(), &secrets.encryption, salt, Arc::clone(&clock))
                .await?;
        let is_shared = matches!(settings.storage.database, Database::Postgres { .. });
        let library = Library::new(store.clone(), sealing.clone());
        let authority = Authority::load(
            store.clone(),
            Arc::clone(&library),
            Arc::clone(&clock),
            is_shared,
        )
        .await?;
        let credentials = Credentials::new(
            store.clone(),
            sealing.clone(),
            Arc::clone(&upstream),
            Arc::clone(&clock),
        );
        let identity = Identity::new(
            store.clone(),
            sealing.clone(),
            &IdentitySettings {
                jwt_secret: secrets.jwt.clone(),
                access_expiry: settings.auth.access_ttl,
                refresh_expiry: settings.auth.refresh_ttl,
                registration: registration(settings.auth.registration),
                provider_only: settings.single_sign_on.only,
                public_url: settings.listen.public_url(),
                setup_code_needed: settings.listen.is_public()
                    || own_listeners
                        .iter()
                        .any(|address| !address.ip().to_canonical().is_loopback()),
            },
            Arc::clone(&clock),
        );
        let llm = settings
            .assessor
            .llm(settings.upstream.proxy())
            .map(|llm| Llm::new(&llm, Arc::clone(&clock)))
            .transpose()?;
        let definition_store = DefinitionStore::new(
            store.clone(),
            sealing.clone(),
            policy,
            Arc::clone(&upstream),
            credentials.clone(),
            library,
            Arc::clone(&clock),
        );
        let familiarity = Familiarity::new(store.clone(), sealing.clone());
        let gateway = Gateway::new(GatewayDeps {
            replica,
            store: store.clone(),
            authority: Arc::new(authority),
            sealing: sealing.clone(),
            credentials,
            upstream: Arc::clone(&upstream),
            llm,
            settings: gateway_settings(settings),
            clock: Arc::clone(&clock),
        });
        let notifications = Arc::new(Notifications::new(NotificationsDeps {
            replica,
            store: store.clone(),
            sealing: sealing.clone(),
            upstream: Arc::clone(&upstream),
            mail: mail(settings)?,
            requests: Arc::new(HeldRequestReader(Arc::clone(&gateway))),
            clock: Arc::clone(&clock),
            public_url: settings.listen.dashboard_url(),
        }));
        let chats = Chats::new(ChatsDeps {
            replica,
            store: store.clone(),
            gateway: Arc::clone(&gateway),
            notifications: Arc::clone(&notifications),
            clock: Arc::clone(&clock),
        });
        let single_sign_on = single_sign_on(settings, own_listeners, &clock)?;
        let checkpoints = Checkpoints::new(store.clone(), sealing.clone(), Arc::clone(&clock));
        gateway.start().await?;
        notifications.start();
        checkpoints.start();
        chats.start();
        Ok(Self {
            gateway,
            identity: Arc::new(identity),
            upstream,
            definition_store,
            familiarity,
            notifications,
            checkpoints,
            chats,
            clock,
            store,
            sealing,
            single_sign_on,
        })
    }
}

/// Returns single sign-on, if it is configured. The provider is the operator's own setting, so it may have a
/// private address, over connections of its own that agents cannot use.
fn single_sign_on(
    settings: &Settings,
    own_listeners: Vec<SocketAddr>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<SingleSignOn>>, TlsSetupError> {
    let Some((provider, name)) = settings.single_sign_on.provider() else {
        return Ok(None);
    };
    let mut upstream = settings.upstream.for_gateway(own_listeners);
    upstream.private_allow = AllowedRange::all();
    Ok(Some(Arc::new(SingleSignOn {
        provider: Provider::new(provider, Upstream::new(upstream)?),
        name: name.to_owned(),
        workspace_of: settings.single_sign_on.workspace_of.clone(),
        clock: Arc::clone(clock),
    })))
}

/// Returns how mail is sent, if a mail server is set.
fn mail(settings: &Settings) -> Result<Option<Mail>, EngineError> {
    let settings = &settings.notification;
    let both = settings.smtp_url.as_ref().zip(settings.mail_from.as_ref());
    both.map(|(url, from)| Mail::new(url, from).map_err(EngineError::Mail))
        .transpose()
}

fn gateway_settings(settings: &Settings) -> GatewaySettings {
    GatewaySettings {
        risk_threshold: settings.approval.risk_threshold,
        pending_lifetime: settings.approval.pending_ttl,
        denial_memory: settings.approval.denied_memory,
        approval_lifetime: settings.approval.execute_ttl,
        idempotency_lifetime: settings.retention.idempotency_ttl,
        stored_response_bytes_max: settings.upstream.stored_answer_bytes_max,
        pending_per_agent_max: settings.approval.pending_per_agent_max,
        pending_bytes: settings.approval.pending_bytes(),
        ended_bytes: settings.storage.kept_bytes,
        llm_failure_mode: settings.assessor.failure_mode(),
        ledger_retention: settings.retention.ledger,
        result_retention: settings.retention.result,
        provenance_lifetime: settings.retention.provenance,
    }
}

fn registration(setting: Registration) -> gaiterguard_identity::Registration {
    match setting {
        Registration::First => gaiterguard_identity::Registration::First,
        Registration::Open => gaiterguard_identity::Registration::Open,
        Registration::Closed => gaiterguard_identity::Registration::Closed,
    }
}
