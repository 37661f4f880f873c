//! The credential of a service in the clear: parsing what an operator enters, injecting it into a
//! request, and fetching and renewing access tokens.
//!
//! A credential is opened for one request and dropped with it. `Debug` shows only its kind.
//!
//! This crate must never hold SQL, a decision about a request, or a secret in a log or an error.

mod authorization;
mod aws;
mod credential;
mod exchange;
mod fields;
mod grant;
mod inject;
mod inject_error;
mod parse;
mod query;
mod ready;
mod renewal;
mod sealed_form;
mod token_endpoint;

pub use authorization::{
    Authorization, AuthorizationError, MetadataError, Participation, PendingAuthorization,
};
pub use aws::{AwsKey, NotSignable, Signable, Unsigned, needs_body};
pub use credential::Credential;
pub use fields::CredentialFields;
pub use grant::{AccessToken, ClientAuthentication, OauthGrant};
pub use inject::inject;
pub use inject_error::InjectError;
pub use query::drop_parameter;
pub use ready::{CredentialUnavailable, Credentials, FailedRenewal, ReadyCredential};
pub use sealed_form::UnreadableCredential;
pub use token_endpoint::TokenError;
