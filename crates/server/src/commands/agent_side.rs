//! What the commands for agents need to speak to a gateway as one of them.

use std::path::Path;
use std::time::Duration;

use gaiterguard_upstream::own_client::own_client;
use secrecy::SecretString;

use crate::settings::Source;

/// Where the gateway is if nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

/// How long a connection may take.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// How long a call may take beyond what it waits for a human: the gateway gives upstreams half a minute
/// to begin.
pub(super) const ANSWER_WAIT: Duration = Duration::from_mins(2);

/// The gateway and an agent's key to it.
pub(super) struct AgentSide {
    /// The gateway's address, without a slash at its end.
    pub(super) url: String,
    pub(super) key: SecretString,
    pub(super) client: reqwest::Client,
}

impl AgentSide {
    /// Reads `GAITERGUARD_URL`, and the key from `GAITERGUARD_AGENT_KEY` or a file. It is never taken
    /// from the command line, which every process of the machine can read.
    pub(super) fn read(key_file: Option<&Path>) -> Result<Self, String> {
        let source = Source::read(Path::new(".")).map_err(|error| error.to_string())?;
        let get = |variable| source.get(variable).map_err(|error| error.to_string());
        let url = get("GAITERGUARD_URL")?.unwrap_or(DEFAULT_URL);
        let url = url.trim_end_matches('/').to_owned();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err("GAITERGUARD_URL must begin with http:// or https://".to_owned());
        }
        let key = match key_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| format!("--key-file {}: {error}", file.display()))?
                .trim()
                .to_owned(),
            None => get("GAITERGUARD_AGENT_KEY")?
                .ok_or(
                    "GAITERGUARD_AGENT_KEY must hold the agent's key, or --key-file name its file",
                )?
                .to_owned(),
        };
        Ok(Self {
            url,
            key: SecretString::from(key),
            client: own_client(CONNECT_WAIT).map_err(|error| error.to_string())?,
        })
    }

    /// Why a call came to nothing, as a sentence.
    pub(super) fn told(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        // The innermost cause says most.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let url = &self.url;
        format!("the gateway at {url} cannot be reached or broke off: {cause}")
    }
}
