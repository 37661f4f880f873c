//! `gaiterguard serve`: runs the gateway.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use gaiterguard_api::{
    Certificates, Configured, ConfiguredSingleSignOn, DashboardState, GivenPublicUrl, PublicOrigin,
};
use gaiterguard_console::{self as console, EXIT_SETTINGS};
use gaiterguard_environment::Source;
use gaiterguard_intercept::{AuthorityError, Interceptor, OtherHostTunnels};
use gaiterguard_listener::{Lifecycle, Limits, Listener, Socket, StopSignals};
use gaiterguard_logging as logging;
use gaiterguard_pages::Pages;
use gaiterguard_settings::secrets::Secrets;
use gaiterguard_settings::{KnownHosts, ListenSettings, Settings};
use gaiterguard_store::StoreError;
use gaiterguard_web::problem::missing;

use crate::doors;
use crate::engine::{Engine, EngineError};
use crate::middleware::Boundary;
use crate::routes;
use crate::state::AgentState;

/// How long running requests may take to finish during shutdown. systemd kills a process after 90
/// seconds by default; `compose.yaml` and `deploy/kubernetes` wait longer than this too.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// How long background work that nothing waits for may take to end.
const SHUTDOWN_MAX: Duration = Duration::from_millis(500);

/// Serves until a signal stops it.
pub(crate) fn run() -> ExitCode {
    let settings = match Source::read(Path::new(".")).and_then(|source| Settings::read(&source)) {
        Ok(settings) => settings,
        Err(error) => return console::fail(error, EXIT_SETTINGS),
    };
    let _log = logging::start(&settings.log.filter, settings.log.format());
    let secrets = match Secrets::settle(&settings.secret, &settings.storage) {
        Ok(secrets) => secrets,
        Err(error) => return console::fail(error, EXIT_SETTINGS),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return console::fail(error, 1),
    };
    let served = runtime.block_on(serve(&settings, &secrets));
    // Parsing a document cannot be interrupted, so shutdown does not wait for it.
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => console::fail(error, 1),
    }
}

/// Reasons why the gateway does not run. Each message is one line for the operator.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("cannot install signal handlers: {0}")]
    Signals(std::io::Error),
    #[error("cannot listen on {host}:{port}: {error}")]
    Bind {
        host: String,
        port: u16,
        error: std::io::Error,
    },
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn serve(settings: &Settings, secrets: &Secrets) -> Result<(), ServeError> {
    let mut signals = StopSignals::take().map_err(ServeError::Signals)?;
    let lifecycle = Lifecycle::new();
    if let Some(warning) = settings.assessor.warning() {
        tracing::warn!("{warning}");
    }
    let sockets = bind(&settings.listen).await?;
    let own_listeners = sockets.iter().map(Socket::address).collect();
    let engine = tokio::select! {
        engine = Engine::start(settings, secrets, own_listeners) => engine?,
        () = signals.next() => return Ok(()),
    };
    let limits = Limits {
        header_timeout: settings.listen.header_timeout,
        body_idle_timeout: settings.listen.body_idle_timeout,
    };
    let interceptor = match settings.listen.intercept_port {
        Some(_) => Some(open_interceptor(&engine, limits, &lifecycle).await?),
        None => None,
    };
    let cors_origins = Arc::new(settings.listen.cors_origins.clone());
    let path: Arc<str> = settings.listen.public_path().into();
    let agents = AgentState {
        gateway: Arc::clone(&engine.gateway),
        request_body_bytes_max: settings.listen.request_body_bytes_max,
        public_url: settings.listen.given_public_url().map(Arc::from),
        dashboard_url: settings.listen.known_dashboard_url().map(Arc::from),
        path: Arc::clone(&path),
        cors_origins: Arc::clone(&cors_origins),
        lifecycle: lifecycle.clone(),
    };
    let routers = routes::by_port(
        settings.listen.dashboard_port.is_some(),
        agents.clone(),
        DashboardState {
            gateway: Arc::clone(&engine.gateway),
            definition_store: engine.definition_store.clone(),
            familiarity: engine.familiarity.clone(),
            chats: Arc::clone(&engine.chats),
            notifications: Arc::clone(&engine.notifications),
            checkpoints: engine.checkpoints.clone(),
            identity: Arc::clone(&engine.identity),
            single_sign_on: ConfiguredSingleSignOn(engine.single_sign_on.clone()),
            given_public_url: GivenPublicUrl(settings.listen.given_public_url().map(Arc::from)),
            public_origin: Arc::new(PublicOrigin::of(&settings.listen.public_url())),
            cors_origins: Arc::clone(&cors_origins),
            configured: Arc::new(Configured::of(settings)),
            clock: Arc::clone(&engine.clock),
            lifecycle: lifecycle.clone(),
        },
        KnownHosts::of(&settings.listen),
        &Pages::new(&path, missing),
        interceptor
            .as_ref()
            .zip(sockets.last())
            .map(|(interceptor, port)| {
                let interceptor = interceptor.clone();
                let certificates = move || interceptor.trusted_certificates();
                let certificates: Certificates = Arc::new(certificates);
                (certificates, port.address().port())
            }),
    );
    let boundaries = routers.into_iter().map(|router| {
        let boundary = Boundary::new(router, Arc::clone(&cors_origins), Arc::clone(&path));
        (boundary, false)
    });
    let proxy = interceptor.map(|interceptor| {
        let other_hosts = OtherHostTunnels::new(
            Arc::clone(&engine.upstream),
            engine.store.clone(),
            Arc::clone(&engine.clock),
            lifecycle.clone(),
        );
        let url = settings.listen.public_url();
        let boundary = doors::proxy_port(agents, interceptor, other_hosts, &url);
        (boundary, true)
    });
    let listeners: Vec<_> = sockets
        .into_iter()
        .zip(boundaries.chain(proxy))
        .map(|(socket, (handler, is_proxy))| Listener {
            socket,
            handler,
            is_proxy,
        })
        .collect();
    for listener in &listeners {
        tracing::info!("listening on http://{}", listener.socket.address());
    }
    invite(settings, &engine).await?;

    tokio::select! {
        () = gaiterguard_listener::serve(listeners, limits, &lifecycle) => {}
        () = signals.next() => {}
    }
    tracing::info!(
        "shutting down: running requests have {} s to finish",
        DRAIN_MAX.as_secs()
    );
    lifecycle.drain();
    let urged = signals.next().shared();
    let gateway = async {
        tokio::select! {
            () = engine.gateway.stop(DRAIN_MAX) => true,
            // A call that lost its connection continues here; the next start recovers its outcome.
            () = urged.clone() => false,
        }
    };
    let connections = lifecycle.finish(DRAIN_MAX, urged.clone());
    let (connections_ended, gateway_ended, (), ()) = tokio::join!(
        connections,
        gateway,
        engine.notifications.stop(),
        engine.chats.stop(),
    );
    engine.checkpoints.stop().await;
    engine.store.close().await;
    if connections_ended && gateway_ended {
        tracing::info!("stopped");
    } else {
        tracing::warn!("shut down with requests still running");
    }
    Ok(())
}

/// Logs where to create the first account, and with which code. Logged as a warning, because
/// without the code nobody can create the account; if the log contains only errors, it is printed
/// as a line of its own.
async fn invite(settings: &Settings, engine: &Engine) -> Result<(), StoreError> {
    let url = settings.listen.dashboard_url();
    if let Some(code) = engine.identity.setup_code_to_print().await? {
        let code = code.reveal();
        let text = format!("open {url}/app/ to create your account, setup code {code}");
        if tracing::enabled!(tracing::Level::WARN) {
            tracing::warn!("{text}");
        } else {
            console::note(text);
        }
    } else if engine.identity.registration_state().await?.is_first {
        tracing::info!("open {url}/app/ to create your account");
    }
    Ok(())
}

/// Opens the certificate authority of the proxy port, or creates it.
async fn open_interceptor(
    engine: &Engine,
    limits: Limits,
    lifecycle: &Lifecycle,
) -> Result<Interceptor, AuthorityError> {
    let clock = Arc::clone(&engine.clock);
    let lifecycle = lifecycle.clone();
    Interceptor::open_or_create(&engine.store, &engine.sealing, clock, limits, lifecycle).await
}

/// Binds `PORT` and, if set, `DASHBOARD_PORT` and `INTERCEPT_PORT`, in this order.
async fn bind(settings: &ListenSettings) -> Result<Vec<Socket>, ServeError> {
    let mut sockets = Vec::new();
    let ports = [
        Some(settings.port),
        settings.dashboard_port,
        settings.intercept_port,
    ];
    for port in ports.into_iter().flatten() {
        let socket =
            Socket::bind(&settings.host, port)
                .await
                .map_err(|error| ServeError::Bind {
                    host: settings.host.clone(),
                    port,
                    error,
                })?;
        sockets.push(socket);
    }
    Ok(sockets)
}
