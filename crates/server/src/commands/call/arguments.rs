//! The arguments of `gaiterguard call`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::settings::parse_duration;

/// The request to send, and how to send it.
#[derive(Debug, Args)]
pub(crate) struct CallArguments {
    /// GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS, in any case.
    pub(super) method: String,
    /// The absolute URL, or with --service the path below the service's base URL.
    pub(super) target: String,
    /// The intent: why the request is sent, for the human who may have to decide.
    #[arg(long)]
    pub(super) intent: String,
    /// The service, by its name.
    #[arg(long)]
    pub(super) service: Option<String>,
    /// A header, as in `Accept: text/plain`; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// The body; `@FILE` reads it from a file, `@-` from standard input.
    #[arg(long)]
    pub(super) data: Option<String>,
    /// How long to stay while a human decides, as in 30s, 10m or 2h.
    #[arg(long, default_value = "10m", value_parser = parse_duration)]
    pub(super) wait: Duration,
    /// A file that holds the agent's key, in place of `GAITERGUARD_AGENT_KEY`.
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Print one JSON object about what happened, for programs.
    #[arg(long)]
    pub(super) json: bool,
}
