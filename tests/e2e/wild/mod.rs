//! Promises about providers, clients, and networks that are not as the standards say.

mod addresses;
mod oauth;
mod upstream_http;
