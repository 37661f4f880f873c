//! The arguments of `gaiterguard call`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gaiterguard_environment::value;

/// The request to send, and how to send it.
#[derive(Debug, Args)]
pub struct CallArguments {
    /// GET, POST, PUT, PATCH, DELETE, HEAD, or OPTIONS. Case-insensitive.
    pub(super) method: String,
    /// Complete URL, or with --service the path below the service's base URL.
    pub(super) target: String,
    /// Why the request is sent. Shown to the human who decides.
    #[arg(long)]
    pub(super) intent: String,
    /// Name of the service.
    #[arg(long)]
    pub(super) service: Option<String>,
    /// Header, as in `Accept: text/plain`. Can be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// Body. `@FILE` reads it from a file, `@-` from standard input.
    #[arg(long)]
    pub(super) data: Option<String>,
    /// How long to wait for a human, as in 30s, 10m, or 2h.
    #[arg(long, default_value = "10m", value_parser = wait)]
    pub(super) wait: Duration,
    /// File that contains the agent key. Replaces `GAITERGUARD_AGENT_KEY`.
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

fn wait(text: &str) -> Result<Duration, &'static str> {
    value::duration(text).map_err(|_| "must be a duration such as 30s, 10m, or 2h")
}
