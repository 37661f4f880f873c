//! The log: lines on standard error, in which no key or token can stand.
//!
//! Events are formatted where they happen and written by a thread of their own, so that a slow
//! terminal or pipe holds up no request. That thread also looks through every line for what has the
//! form of a key or token and masks it, whatever path led there.

mod redact;
mod writer;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{LogFormat, LogSettings};

pub(crate) use writer::LogGuard;

/// Starts the log. Dropping the guard writes what is still waiting; keep it to the end of `main`.
pub(crate) fn start(settings: &LogSettings) -> LogGuard {
    let (writer, guard) = writer::start();
    // The filter was checked with the settings.
    let filter = EnvFilter::new(&settings.filter);
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    match settings.format {
        LogFormat::Text => registry.with(layer).init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).init(),
    }
    log_panics();
    guard
}

/// Sends panics to the log: on standard error they would not be looked through.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        if let Some(location) = panic.location() {
            tracing::error!("panic at {location}: {message}");
        } else {
            tracing::error!("panic: {message}");
        }
    }));
}
