//! Settings of the log.

use clap::{Args, ValueEnum};
use gaiterguard_logging::{LogFilter, LogFormat};

/// Which lines are logged, and their format.
#[derive(Debug, Args)]
pub struct LogSettings {
    /// Which lines are logged: a level, or `TARGET=LEVEL` pairs.
    #[arg(env = "LOG", default_value = "info", value_parser = LogFilter::parse)]
    pub filter: LogFilter,
    /// Format of a line.
    #[arg(env = "LOG_FORMAT", default_value = "text", ignore_case = true)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl LogSettings {
    /// Returns the format of a line.
    pub fn format(&self) -> LogFormat {
        match self.format {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        }
    }
}
