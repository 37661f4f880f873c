//! Settings of the listener and its limits.

use std::net::IpAddr;
use std::time::Duration;

use super::read;
use super::{CorsOrigins, SettingError, Source};

/// `HOST`, `PORT`, `DASHBOARD_PORT`, `PUBLIC_URL`, `CORS_ORIGINS`, and the limits of a request.
#[derive(Debug)]
pub(crate) struct ListenSettings {
    /// An IP address or a host name, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Port of the dashboard and its API, if not `port`.
    pub(crate) dashboard_port: Option<u16>,
    /// Base of links and notifications, without a trailing slash.
    pub(crate) public_url: String,
    /// Whether `PUBLIC_URL` was set.
    is_public_url_set: bool,
    pub(crate) cors_origins: CorsOrigins,
    /// Time until a request head must be complete.
    pub(crate) header_timeout: Duration,
    /// Maximum time between two parts of a request body.
    pub(crate) body_idle_timeout: Duration,
    /// Maximum length of a request body on an agent route, in bytes.
    pub(crate) request_body_bytes_max: usize,
}

impl ListenSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let host = host(source)?;
        let port = read::port(source, "PORT")?.unwrap_or(3000);
        let dashboard_port = read::port(source, "DASHBOARD_PORT")?;
        if dashboard_port == Some(port) {
            return Err(SettingError::invalid(
                "DASHBOARD_PORT",
                "a different port than PORT, or not set",
                port.to_string(),
            ));
        }
        let given_url = read::base_url(source, "PUBLIC_URL")?;
        let is_public_url_set = given_url.is_some();
        let public_url = given_url.unwrap_or_else(|| http_url(&host, port));
        let request_body_bytes_max = read::integer(
            source,
            "MAX_REQUEST_BODY_BYTES",
            10_485_760,
            1..=1_073_741_824,
        )?;
        Ok(Self {
            host,
            port,
            dashboard_port,
            public_url,
            is_public_url_set,
            cors_origins: CorsOrigins::from_source(source)?,
            header_timeout: read::milliseconds(source, "HEADER_TIMEOUT_MS", 10_000)?,
            body_idle_timeout: read::milliseconds(source, "BODY_IDLE_TIMEOUT_MS", 30_000)?,
            request_body_bytes_max: usize::try_from(request_body_bytes_max).unwrap_or(usize::MAX),
        })
    }
}

impl ListenSettings {
    /// Returns whether `PUBLIC_URL` says that people open the gateway from other machines, as
    /// through a reverse proxy that forwards to a loopback address.
    pub(crate) fn is_public(&self) -> bool {
        self.is_public_url_set && !is_loopback(&self.public_url)
    }

    /// Returns where a human opens the dashboard, without a trailing slash: `PUBLIC_URL` if it is
    /// set, or else this machine, because the unspecified address cannot be opened.
    pub(crate) fn dashboard_url(&self) -> String {
        if self.is_public_url_set {
            return self.public_url.clone();
        }
        let is_any = self
            .host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_unspecified());
        let host = if is_any { "localhost" } else { &self.host };
        http_url(host, self.dashboard_port.unwrap_or(self.port))
    }
}

/// Returns whether the host of a URL is the machine of the person who opens it: a loopback address
/// or `localhost` (RFC 6761, section 6.3).
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn http_url(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("http://[{host}]:{port}")
    } else {
        format!("http://{host}:{port}")
    }
}

fn host(source: &Source) -> Result<String, SettingError> {
    let Some(text) = source.get("HOST")? else {
        return Ok("127.0.0.1".to_owned());
    };
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let is_address = bare.parse::<IpAddr>().is_ok();
    let is_name = bare
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if is_address || is_name {
        Ok(bare.to_owned())
    } else {
        Err(SettingError::invalid(
            "HOST",
            "an IP address or a host name",
            text,
        ))
    }
}
