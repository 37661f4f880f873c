//! `gaiterguard serve`: the gateway itself, from its settings to its last request.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::console::{self, EXIT_SETTINGS};
use crate::lifecycle::{DRAIN_MAX, Lifecycle, StopSignals};
use crate::listen::{self, Limits, Listener};
use crate::logging;
use crate::middleware::Boundary;
use crate::routes;
use crate::secrets::Secrets;
use crate::settings::{Settings, Source};

/// Serves until it is told to stop.
pub(crate) fn run() -> ExitCode {
    let settings =
        match Source::read(Path::new(".")).and_then(|source| Settings::from_source(&source)) {
            Ok(settings) => settings,
            Err(error) => return console::fail(error, EXIT_SETTINGS),
        };
    let _log = logging::start(&settings.log);
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
    match runtime.block_on(serve(&settings, &secrets)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => console::fail(error, 1),
    }
}

/// Why the gateway does not run. Each text is one line for the operator.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("the signals of the system cannot be taken over: {0}")]
    Signals(std::io::Error),
    #[error("{host}:{port} cannot be listened on: {error}")]
    Bind {
        host: String,
        port: u16,
        error: std::io::Error,
    },
}

async fn serve(settings: &Settings, _secrets: &Secrets) -> Result<(), ServeError> {
    let mut signals = StopSignals::take().map_err(ServeError::Signals)?;
    let lifecycle = Lifecycle::new();
    let listeners = bind(settings).await?;
    for listener in &listeners {
        if let Ok(address) = listener.address() {
            tracing::info!("listening on http://{address}");
        }
    }

    let limits = Limits::from(&settings.listen);
    tokio::select! {
        () = listen::serve(listeners, limits, &lifecycle) => {}
        () = signals.next() => {}
    }
    tracing::info!(
        "stopping: running requests have {} s to end",
        DRAIN_MAX.as_secs()
    );
    lifecycle.drain();
    if lifecycle.finish(DRAIN_MAX, signals.next()).await {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped with requests still running");
    }
    Ok(())
}

/// One listener for everything, or two if the dashboard has a port of its own.
async fn bind(settings: &Settings) -> Result<Vec<Listener>, ServeError> {
    let cors_origins = Arc::new(settings.listen.cors_origins.clone());
    let mut listeners = Vec::new();
    for (port, router) in routes::by_port(&settings.listen) {
        let boundary = Boundary::new(router, Arc::clone(&cors_origins));
        let host = settings.listen.host.as_str();
        let listener = Listener::bind(host, port, boundary)
            .await
            .map_err(|error| ServeError::Bind {
                host: host.to_owned(),
                port,
                error,
            })?;
        listeners.push(listener);
    }
    Ok(listeners)
}
