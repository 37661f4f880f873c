//! Promises about providers, clients, and networks that are not as the standards say.

mod addresses;
mod api_documents;
mod authorization;
mod bodies;
mod compressed_responses;
mod credentials;
mod gateway_addresses;
pub(crate) mod mcp_clients;
mod nginx;
mod oauth;
mod proxy;
mod retries;
mod reverse_proxies;
mod slow_upstreams;
mod upstream_http;
