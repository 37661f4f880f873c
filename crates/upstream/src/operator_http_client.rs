//! The HTTP client for servers that the operator names in this process's own settings. The address rules
//! for upstreams do not apply to them.

use std::time::Duration;

use crate::{TlsSetupError, client_config};

/// How long an idle connection is kept. Most servers close theirs after a minute or more.
const IDLE_MAX: Duration = Duration::from_mins(1);

/// Creates a client that follows no redirects, ignores proxy variables in the environment, and never
/// retries.
pub fn operator_http_client(connect_timeout: Duration) -> Result<reqwest::Client, TlsSetupError> {
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
