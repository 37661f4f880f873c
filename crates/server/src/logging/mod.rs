//! The log: lines on standard error without keys or tokens.
//!
//! Events are formatted where they occur and written by a dedicated thread, so that a slow terminal
//! or pipe blocks no request. The thread also masks everything in a line that looks like a key or
//! token, wherever it came from.

mod redact;
mod writer;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{LogFormat, LogSettings};

pub(crate) use writer::LogGuard;

/// Starts the log. Dropping the guard writes the remaining lines; keep it to the end of `main`.
pub(crate) fn start(settings: &LogSettings) -> LogGuard {
    let (writer, guard) = writer::start();
    // The settings have validated the filter.
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

/// Logs panics, because on standard error they would not be masked.
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
