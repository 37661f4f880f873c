//! Settings of connections to upstreams.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gaiterguard_environment::{InvalidEntry, value};
use gaiterguard_upstream::{
    AllowedRange, Proxy, ProxyExceptions, parse_private_allow, parse_upstream_hosts,
};

/// Loopback and private addresses that upstreams may have anyway. An alias, because clap would read
/// one value for each element of a plain `Vec`.
type PrivateAllow = Vec<AllowedRange>;
/// Names and addresses that replace DNS; a name may occur several times.
type Hosts = Vec<(String, IpAddr)>;

/// Connections to upstreams, and what is stored of their responses.
#[derive(Debug, Args)]
pub struct UpstreamSettings {
    /// Maximum time to open a connection to an upstream, in milliseconds.
    #[arg(
        env = "UPSTREAM_CONNECT_TIMEOUT_MS",
        default_value = "10000",
        value_parser = value::milliseconds,
    )]
    pub connect_timeout: Duration,
    /// Maximum time until an upstream's response begins, in milliseconds.
    #[arg(
        env = "UPSTREAM_TIMEOUT_MS",
        default_value = "30000",
        value_parser = value::milliseconds,
    )]
    pub timeout: Duration,
    /// Maximum pause between two parts of an upstream's response, in milliseconds.
    #[arg(
        env = "UPSTREAM_IDLE_TIMEOUT_MS",
        default_value = "60000",
        value_parser = value::milliseconds,
    )]
    pub idle_timeout: Duration,
    /// Responses up to this many bytes are stored for replay.
    #[arg(
        env = "MAX_STORED_ANSWER_BYTES",
        default_value = "1048576",
        value_parser = value::integer::<usize>(0..=1_073_741_824),
    )]
    pub stored_answer_bytes_max: usize,
    /// Private addresses that upstreams may use, as `CIDR` or `CIDR:PORT`, separated by commas
    /// (`127.0.0.1/32:9000,10.0.0.0/8`). Link-local and cloud metadata addresses are always refused.
    #[arg(env = "UPSTREAM_PRIVATE_ALLOW", default_value = "", value_parser = private_allow)]
    pub private_allow: PrivateAllow,
    /// `NAME=IP` pairs that are used instead of DNS, separated by commas.
    #[arg(env = "UPSTREAM_HOSTS", default_value = "", value_parser = hosts)]
    pub hosts: Hosts,
    /// HTTP proxy through which all connections to upstreams, token endpoints, documents, and the model leave,
    /// as `http://[USER:PASSWORD@]HOST[:PORT]`. A name that resolves here is still subject to the address rules.
    #[arg(env = "UPSTREAM_PROXY", hide_env_values = true, value_parser = proxy)]
    proxy: Option<Proxy>,
    /// Hosts that are reached without the proxy: names with those below them, addresses, and ranges, separated
    /// by commas; `*` stands for all. Loopback addresses never use it.
    #[arg(env = "UPSTREAM_NO_PROXY", default_value = "", value_parser = proxy_exceptions)]
    no_proxy: ProxyExceptions,
    /// PEM file with additional certificates to trust for upstreams.
    #[arg(env = "UPSTREAM_CA_FILE")]
    pub ca_file: Option<PathBuf>,
}

impl UpstreamSettings {
    /// Returns the settings for the gateway, which must also know its own listening addresses.
    pub fn for_gateway(
        &self,
        own_listeners: Vec<SocketAddr>,
    ) -> gaiterguard_upstream::UpstreamSettings {
        gaiterguard_upstream::UpstreamSettings {
            connect_timeout: self.connect_timeout,
            first_byte_timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            private_allow: self.private_allow.clone(),
            hosts: self.hosts.clone(),
            proxy: self.proxy(),
            ca_file: self.ca_file.clone(),
            own_listeners,
        }
    }

    /// Returns the proxy through which connections leave.
    pub fn proxy(&self) -> Option<Proxy> {
        let proxy = self.proxy.clone()?;
        Some(proxy.except(self.no_proxy.clone()))
    }
}

fn proxy(text: &str) -> Result<Proxy, String> {
    Proxy::parse(text).ok_or_else(|| "an http URL such as http://proxy.example:3128".to_owned())
}

fn proxy_exceptions(text: &str) -> Result<ProxyExceptions, InvalidEntry> {
    let expected =
        "comma-separated names, addresses, or ranges, such as .internal.example,10.0.0.0/8";
    ProxyExceptions::parse(text).map_err(|entry| InvalidEntry::new(expected, entry))
}

fn private_allow(text: &str) -> Result<PrivateAllow, InvalidEntry> {
    let expected = "comma-separated CIDR or CIDR:PORT, such as 127.0.0.1/32:9000 or 10.0.0.0/8";
    parse_private_allow(text).map_err(|entry| InvalidEntry::new(expected, entry))
}

fn hosts(text: &str) -> Result<Hosts, InvalidEntry> {
    let expected = "comma-separated NAME=IP, such as api.internal=10.0.0.5";
    parse_upstream_hosts(text).map_err(|entry| InvalidEntry::new(expected, entry))
}
