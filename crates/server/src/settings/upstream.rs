//! How upstreams are reached, and which addresses they may have.

use std::path::PathBuf;
use std::time::Duration;

use super::read;
use super::{SettingError, Source};

/// `UPSTREAM_*` and `MAX_STORED_ANSWER_BYTES`.
#[derive(Debug)]
pub(crate) struct UpstreamSettings {
    /// In how long a connection must stand.
    pub(crate) connect_timeout: Duration,
    /// In how long the first byte of the answer must come.
    pub(crate) timeout: Duration,
    /// The longest pause within an answer.
    pub(crate) idle_timeout: Duration,
    /// Up to which length answers are kept.
    pub(crate) stored_answer_bytes_max: usize,
    /// `CIDR` or `CIDR:PORT` entries, separated by commas; empty for none.
    pub(crate) private_allow: String,
    /// `name=IP` pairs, separated by commas; empty for none.
    pub(crate) hosts: String,
    /// Further trusted certificates, PEM.
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
            private_allow: source
                .get("UPSTREAM_PRIVATE_ALLOW")?
                .unwrap_or_default()
                .to_owned(),
            hosts: source.get("UPSTREAM_HOSTS")?.unwrap_or_default().to_owned(),
            ca_file: read::path(source, "UPSTREAM_CA_FILE")?,
        })
    }
}
