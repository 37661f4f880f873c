//! Accounts of humans: registration, login, sessions, and the throttling of guesses.
//!
//! A login begins a session: a family of refresh tokens with one that is unused, and the access
//! tokens issued with them. An access token is valid until it expires, and only while its session
//! lives. Every use asks the store for the session, so ending a session ends its tokens immediately and
//! on every replica. A refresh token works once. If one is shown a second time, it was stolen or its
//! response was lost. The two look alike, so the whole session ends.
//!
//! This crate must never hold HTTP, SQL, or what a human may do to services, agents and requests.

mod access_token;
mod account;
mod account_key;
mod challenge;
mod device;
mod error;
mod federated;
mod flow;
mod identity;
mod needed;
mod new_password;
mod passkey;
mod password;
mod people;
mod queue;
mod refresh_token;
mod registration;
mod second_factor;
mod setup_code;
mod step_up;
mod throttle;
mod window;

pub use access_token::{Caller, NotSigned, SignedIn};
pub use account::Accounts;
pub use challenge::CHALLENGE_LIFETIME;
pub use device::DEVICE_LIFETIME;
pub use error::{
    AccountError, FactorError, Fault, FederatedError, InvitationError, LoginError, PasskeyError,
    PeopleError, RegisterError, SessionError,
};
pub use flow::FLOW_LIFETIME;
pub use identity::{
    Identity, IdentitySettings, LoggedIn, LoginSource, Presented, Registration, TokenPair,
};
pub use new_password::{NewPassword, PasswordRefused};
pub use passkey::PasskeyUse;
pub use password::PasswordFault;
pub use people::{Accepting, InvitationPreview, Invited};
pub use registration::{Registrant, RegistrationState};
pub use second_factor::{PendingTotp, SecondFactor};
pub use setup_code::SetupCode;
