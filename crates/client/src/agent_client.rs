//! HTTP client for the commands that call a gateway as an agent.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use gaiterguard_environment::{Source, Variable, read};
use gaiterguard_upstream::operator_http_client::operator_http_client;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// Connect timeout. A gateway that is there accepts within milliseconds; ten seconds allow for lost packets.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Time limit of a call in addition to the wait for a human. The gateway waits 30 seconds for an
/// upstream's first byte by default.
pub(crate) const RESPONSE_WAIT: Duration = Duration::from_mins(2);

/// The variables of the commands.
#[derive(Debug, Args)]
struct AgentVariables {
    /// URL of the gateway.
    #[arg(
        env = "GAITERGUARD_URL",
        default_value = "http://127.0.0.1:3000",
        hide_env_values = true,
        value_parser = url,
    )]
    url: String,
    /// Key of the agent. There is no command-line option for it, because other processes on the
    /// machine can read command lines.
    #[arg(env = "GAITERGUARD_AGENT_KEY", hide_env_values = true, value_parser = key)]
    key: Option<SecretString>,
}

/// Returns the variables that the commands read.
pub fn variables() -> Vec<Variable> {
    gaiterguard_environment::variables::<AgentVariables>()
}

/// A gateway and an agent's key for it.
pub struct AgentClient {
    /// URL of the gateway, without a trailing slash.
    pub url: String,
    /// Value of `Agent-Key`, marked as sensitive.
    pub key: HeaderValue,
    /// Client without a proxy, which follows no redirects.
    pub http: reqwest::Client,
}

impl AgentClient {
    /// Reads `GAITERGUARD_URL`, and the key from `GAITERGUARD_AGENT_KEY` or a file.
    pub fn read(key_file: Option<&Path>) -> Result<Self, String> {
        let source = Source::read(Path::new("."));
        let variables = source.and_then(|source| read::<AgentVariables>(&source));
        let AgentVariables { url, key } = variables.map_err(|error| error.to_string())?;
        let key = match key_file {
            Some(file) => std::fs::read_to_string(file)
                .map(SecretString::from)
                .map_err(|error| format!("--key-file {}: {error}", file.display()))?,
            None => key.ok_or("no agent key: set GAITERGUARD_AGENT_KEY or use --key-file")?,
        };
        Ok(Self {
            url,
            key: header_value(&key)?,
            http: operator_http_client(CONNECT_WAIT, None).map_err(|error| error.to_string())?,
        })
    }

    /// Describes in one sentence why a call failed. Only without a connection is it certain that
    /// nothing was sent.
    pub fn describe(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        // The innermost cause is the most specific.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let url = self.shown_url();
        if error.is_connect() {
            format!("cannot reach the gateway at {url}: {cause}")
        } else {
            format!(
                "the connection to the gateway at {url} failed, and the request may have been \
                 sent: {cause}"
            )
        }
    }

    /// Returns the URL for messages, without a user name and password.
    pub fn shown_url(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &*self.url));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}{path}")
    }
}

/// Returns the value of `Agent-Key`.
fn header_value(key: &SecretString) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::from_str(key.expose_secret().trim())
        .map_err(|_| "the agent key must be one line: agt_ and 64 hexadecimal digits")?;
    value.set_sensitive(true);
    Ok(value)
}

fn url(text: &str) -> Result<String, &'static str> {
    let is_base = reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().or(url.fragment()).is_none()
    });
    if is_base {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("an http or https URL without query or fragment")
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a value parser returns a result")]
fn key(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}
