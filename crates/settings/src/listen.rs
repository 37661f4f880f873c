//! Settings of the listener and its limits.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use gaiterguard_environment::{SettingError, Source, read, value};

use crate::cors::CorsOrigins;

/// Where the gateway listens, and the limits of a request.
#[derive(Debug, Args)]
pub struct ListenSettings {
    /// IP address or host name that the gateway listens on.
    #[arg(env = "HOST", default_value = "127.0.0.1", value_parser = host)]
    pub host: String,
    /// Port that the gateway listens on.
    #[arg(env = "PORT", default_value = "3000", value_parser = value::port)]
    pub port: u16,
    /// If set, the dashboard and its API listen only on this port, so that agents cannot reach them.
    #[arg(env = "DASHBOARD_PORT", value_parser = value::port)]
    pub dashboard_port: Option<u16>,
    /// Port of the forward proxy, for programs that cannot change their base URL and use it as
    /// `HTTPS_PROXY`. If it is not set, there is no proxy.
    #[arg(env = "INTERCEPT_PORT", value_parser = value::port)]
    pub intercept_port: Option<u16>,
    /// URL at which people open the dashboard; the first start prints it. The dashboard is served
    /// only under this URL's host name, the names in `HOST` and `CORS_ORIGINS`, IP addresses, and
    /// `localhost`. The default is `http://HOST:PORT`.
    #[arg(env = "PUBLIC_URL", hide_env_values = true, value_parser = value::base_url)]
    given_public_url: Option<String>,
    /// Comma-separated origins whose pages may call the API. The dashboard is also served under
    /// their host names. An empty value allows none.
    #[arg(
        env = "CORS_ORIGINS",
        default_value = "http://localhost:*",
        num_args = 0..=1,
        value_parser = CorsOrigins::parse,
    )]
    pub cors_origins: CorsOrigins,
    /// Maximum length of an agent's request body, in bytes.
    #[arg(
        env = "MAX_REQUEST_BODY_BYTES",
        default_value = "10485760",
        value_parser = value::integer::<usize>(1..=1_073_741_824),
    )]
    pub request_body_bytes_max: usize,
    /// Maximum time for the head of a request to arrive, in milliseconds.
    #[arg(
        env = "HEADER_TIMEOUT_MS",
        default_value = "10000",
        value_parser = value::milliseconds,
    )]
    pub header_timeout: Duration,
    /// Maximum pause between two parts of a request body, in milliseconds.
    #[arg(
        env = "BODY_IDLE_TIMEOUT_MS",
        default_value = "30000",
        value_parser = value::milliseconds,
    )]
    pub body_idle_timeout: Duration,
}

impl ListenSettings {
    /// Reads and checks the settings.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let settings: Self = read(source)?;
        if settings.dashboard_port == Some(settings.port) {
            return Err(SettingError::invalid(
                "DASHBOARD_PORT",
                "a different port than PORT, or not set",
                settings.port.to_string(),
            ));
        }
        if let Some(port) = settings.intercept_port
            && (port == settings.port || settings.dashboard_port == Some(port))
        {
            return Err(SettingError::invalid(
                "INTERCEPT_PORT",
                "a different port than PORT and DASHBOARD_PORT, or not set",
                port.to_string(),
            ));
        }
        Ok(settings)
    }

    /// Returns the base of links and notifications, without a trailing slash.
    pub fn public_url(&self) -> String {
        let given = self.given_public_url.clone();
        given.unwrap_or_else(|| http_url(&self.host, self.port))
    }

    /// Returns `PUBLIC_URL`, without a trailing slash, if it is set.
    pub fn given_public_url(&self) -> Option<&str> {
        self.given_public_url.as_deref()
    }

    /// Returns the path of `PUBLIC_URL`, without a trailing slash; empty if the gateway is at the root of its
    /// host.
    pub fn public_path(&self) -> &str {
        let url = self.given_public_url.as_deref().unwrap_or_default();
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// Returns whether `PUBLIC_URL` says that people open the gateway from other machines, as
    /// through a reverse proxy that forwards to a loopback address.
    pub fn is_public(&self) -> bool {
        self.given_public_url
            .as_deref()
            .is_some_and(|url| !is_loopback(url))
    }

    /// Returns where a human opens the dashboard, if that is certain: `PUBLIC_URL`, or this machine if the gateway
    /// listens only there.
    pub fn known_dashboard_url(&self) -> Option<String> {
        let url = self.dashboard_url();
        let is_here = self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        (self.given_public_url.is_some() || is_here).then_some(url)
    }

    /// Returns where a human opens the dashboard, without a trailing slash: `PUBLIC_URL` if it is
    /// set, or else this machine, because the unspecified address cannot be opened.
    pub fn dashboard_url(&self) -> String {
        if let Some(url) = &self.given_public_url {
            return url.clone();
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

/// Returns an IP address or a host name, without brackets.
fn host(text: &str) -> Result<String, &'static str> {
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
        Err("an IP address or a host name")
    }
}
