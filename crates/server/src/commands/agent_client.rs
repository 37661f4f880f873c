//! HTTP client for the commands that call a gateway as an agent.

use std::path::Path;
use std::time::Duration;

use gaiterguard_upstream::operator_http_client::operator_http_client;
use secrecy::SecretString;

use crate::settings::Source;

/// Default URL of the gateway.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

/// Connect timeout.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Time limit of a call in addition to the wait for a human. The gateway waits 30 seconds for an
/// upstream's first byte by default.
pub(super) const RESPONSE_WAIT: Duration = Duration::from_mins(2);

/// A gateway and an agent's key for it.
pub(super) struct AgentClient {
    /// URL of the gateway, without a trailing slash.
    pub(super) url: String,
    pub(super) key: SecretString,
    pub(super) http: reqwest::Client,
}

impl AgentClient {
    /// Reads `GAITERGUARD_URL`, and the key from `GAITERGUARD_AGENT_KEY` or a file. A command-line
    /// option for the key does not exist, because every process of the machine can read it.
    pub(super) fn read(key_file: Option<&Path>) -> Result<Self, String> {
        let source = Source::read(Path::new(".")).map_err(|error| error.to_string())?;
        let get = |variable| source.get(variable).map_err(|error| error.to_string());
        let url = get("GAITERGUARD_URL")?.unwrap_or(DEFAULT_URL);
        let url = url.trim_end_matches('/').to_owned();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err("GAITERGUARD_URL must be an http or https URL".to_owned());
        }
        let key = match key_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| format!("--key-file {}: {error}", file.display()))?
                .trim()
                .to_owned(),
            None => get("GAITERGUARD_AGENT_KEY")?
                .ok_or("no agent key: set GAITERGUARD_AGENT_KEY or use --key-file")?
                .to_owned(),
        };
        Ok(Self {
            url,
            key: SecretString::from(key),
            http: operator_http_client(CONNECT_WAIT).map_err(|error| error.to_string())?,
        })
    }

    /// Describes in one sentence why a call failed.
    pub(super) fn describe(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        // The innermost cause is the most specific.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let url = &self.url;
        format!("cannot reach the gateway at {url}, or the connection failed: {cause}")
    }
}
