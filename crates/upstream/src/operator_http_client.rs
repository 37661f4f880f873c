//! The HTTP client for servers that the operator names in this process's own settings. The address rules
//! for upstreams do not apply to them.

use std::time::Duration;

use crate::{Proxy, TlsSetupError, client_config};

/// How long an idle connection is kept. Most servers close theirs after a minute or more.
const IDLE_MAX: Duration = Duration::from_mins(1);

/// Creates a client that follows no redirects, uses this proxy and none of the environment, and never
/// retries.
pub fn operator_http_client(
    connect_timeout: Duration,
    proxy: Option<&Proxy>,
) -> Result<reqwest::Client, TlsSetupError> {
    let library = |error: reqwest::Error| {
        TlsSetupError::Library(rustls::Error::General(error.without_url().to_string()))
    };
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(proxy) = proxy {
        let exceptions = reqwest::NoProxy::from_string(&proxy.exceptions());
        let proxy = reqwest::Proxy::all(proxy.url()).map_err(library)?;
        builder = builder.proxy(proxy.no_proxy(exceptions));
    }
    builder
        .tls_backend_preconfigured(client_config(&[])?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(concat!("gaiterguard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(library)
}
