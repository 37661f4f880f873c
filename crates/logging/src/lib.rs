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

pub use writer::LogGuard;

/// Which lines are logged: `info`, or `warn,gaiterguard=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

/// Format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFilter {
    /// Parses a filter. The error is what it must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if EnvFilter::builder().parse(text).is_err() || !is_plain(text) {
            return Err("off, error, warn, info, debug, trace, or a list of target=level");
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a bare word in the filter is a level. The parser takes any other word for the
/// name of a target, so a misspelled level would silently disable the log.
fn is_plain(filter: &str) -> bool {
    filter
        .split(',')
        .map(str::trim)
        .filter(|part| !part.contains(['=', '[']))
        .all(|part| {
            ["off", "error", "warn", "info", "debug", "trace"]
                .iter()
                .any(|level| part.eq_ignore_ascii_case(level))
        })
}

/// Starts the log. Dropping the guard writes the remaining lines; keep it to the end of `main`.
pub fn start(filter: &LogFilter, format: LogFormat) -> LogGuard {
    let (writer, guard) = writer::start();
    let filter = EnvFilter::new(filter.as_str());
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    match format {
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
