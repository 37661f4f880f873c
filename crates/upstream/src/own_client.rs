//! The client for servers that are no upstreams: whoever runs this process named them in its
//! settings, so the rules for upstreams' addresses do not apply to them.

use std::time::Duration;

use crate::{TlsSetupError, client_config};

/// How long an idle connection is kept.
const IDLE_MAX: Duration = Duration::from_mins(1);

/// A client that follows no redirect, takes no proxy from the environment and sends nothing twice.
pub fn own_client(connect_timeout: Duration) -> Result<reqwest::Client, TlsSetupError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(&[])?)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(concat!("gaiterguard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| {
            TlsSetupError::Library(rustls::Error::General(error.without_url().to_string()))
        })
}
