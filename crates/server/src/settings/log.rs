//! Settings of the log.

use super::read;
use super::{SettingError, Source};

/// `LOG` and `LOG_FORMAT`.
#[derive(Debug)]
pub(crate) struct LogSettings {
    /// A valid filter such as `info` or `warn,gaiterguard=debug`.
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

/// Format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl LogSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let filter = source.get("LOG")?.unwrap_or("info");
        if tracing_subscriber::EnvFilter::builder()
            .parse(filter)
            .is_err()
            || !is_plain(filter)
        {
            let expected = "off, error, warn, info, debug, trace, or a list of target=level";
            return Err(SettingError::invalid("LOG", expected, filter));
        }
        Ok(Self {
            filter: filter.to_owned(),
            format: read::word(
                source,
                "LOG_FORMAT",
                LogFormat::Text,
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )?,
        })
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
