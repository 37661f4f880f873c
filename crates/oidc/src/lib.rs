//! Sign-in at an `OpenID` Connect provider: its metadata, the authorization code flow with PKCE, and the ID
//! token that says who signed in.
//!
//! The provider is the operator's own setting, so it may have a private address. Everything it sends is
//! still checked: the ID token must be signed with one of its present keys, be issued by it for this
//! gateway and this flow, and be valid now.
//!
//! This crate must never hold accounts, sessions, or what a person may do.

mod error;
mod exchange;
mod flow;
mod id_token;
mod keys;
mod metadata;
mod person;
mod provider;
mod role_map;
mod settings;

pub use error::OidcError;
pub use flow::{Flow, Redirected};
pub use person::Person;
pub use provider::Provider;
pub use role_map::RoleMap;
pub use settings::OidcSettings;
