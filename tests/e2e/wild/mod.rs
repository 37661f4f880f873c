//! Promises about providers, clients, and networks that are not as the standards say.

mod addresses;
mod api_documents;
mod authorization;
mod bodies;
mod credentials;
mod gateway_addresses;
mod mcp_clients;
mod oauth;
mod proxy;
mod retries;
mod reverse_proxies;
mod slow_upstreams;
mod upstream_http;
