//! Settings of connections to upstreams.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use gaiterguard_upstream::{AllowedRange, parse_private_allow, parse_upstream_hosts};

use super::read;
use super::{SettingError, Source};

/// `UPSTREAM_*` and `MAX_STORED_ANSWER_BYTES`.
#[derive(Debug)]
pub(crate) struct UpstreamSettings {
    /// Connect timeout.
    pub(crate) connect_timeout: Duration,
    /// Timeout until the first byte of a response.
    pub(crate) timeout: Duration,
    /// Maximum pause within a response.
    pub(crate) idle_timeout: Duration,
    /// Maximum length of a stored response, in bytes.
    pub(crate) stored_answer_bytes_max: usize,
    /// Loopback and private addresses that upstreams may have anyway.
    pub(crate) private_allow: Vec<AllowedRange>,
    /// Names and addresses that replace DNS; a name may occur several times.
    pub(crate) hosts: Vec<(String, IpAddr)>,
    /// Additional trusted certificates, in PEM format.
    pub(crate) ca_file: Option<PathBuf>,
}

impl UpstreamSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let stored_answer_bytes_max = read::integer(
            source,
            "MAX_STORED_ANSWER_BYTES",
            1_048_576,
            0..=1_073_741_824,
        )?;
        Ok(Self {
            connect_timeout: read::milliseconds(source, "UPSTREAM_CONNECT_TIMEOUT_MS", 10_000)?,
            timeout: read::milliseconds(source, "UPSTREAM_TIMEOUT_MS", 30_000)?,
            idle_timeout: read::milliseconds(source, "UPSTREAM_IDLE_TIMEOUT_MS", 60_000)?,
            stored_answer_bytes_max: usize::try_from(stored_answer_bytes_max).unwrap_or(usize::MAX),
            private_allow: list(
                source,
                "UPSTREAM_PRIVATE_ALLOW",
                "comma-separated CIDR or CIDR:PORT, such as 127.0.0.1/32:9000 or 10.0.0.0/8",
                parse_private_allow,
            )?,
            hosts: list(
                source,
                "UPSTREAM_HOSTS",
                "comma-separated NAME=IP, such as api.internal=10.0.0.5",
                parse_upstream_hosts,
            )?,
            ca_file: read::path(source, "UPSTREAM_CA_FILE")?,
        })
    }
}
impl UpstreamSettings {
    /// Returns the settings for the gateway, which must also know its own listening addresses.
    pub(crate) fn for_gateway(
        &self,
        own_listeners: Vec<SocketAddr>,
    ) -> gaiterguard_upstream::UpstreamSettings {
        gaiterguard_upstream::UpstreamSettings {
            connect_timeout: self.connect_timeout,
            first_byte_timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            private_allow: self.private_allow.clone(),
            hosts: self.hosts.clone(),
            ca_file: self.ca_file.clone(),
            own_listeners,
        }
    }
}

fn list<T>(
    source: &Source,
    variable: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Result<Vec<T>, String>,
) -> Result<Vec<T>, SettingError> {
    let text = source.get(variable)?.unwrap_or_default();
    parse(text).map_err(|_| SettingError::invalid(variable, expected, text))
}
