//! `gaiterguard run`: starts a program behind the gateway's forward proxy.
//!
//! The program is not changed. Environment variables make its HTTP client use the proxy, trust the gateway's
//! certificate authority, and find placeholders instead of API keys. Nothing here decides about a request. A program
//! can ignore the variables, unless it is confined.

mod arguments;
mod authority;
mod bundle;
mod check;
mod child;
mod command;
#[cfg(target_os = "linux")]
mod confine;
mod folder;
mod gateway;
mod inherited;
mod java;
mod no_proxy;
mod own_user;
mod pkcs12;
mod placeholder;
mod preload;
mod proxy;
mod relay;
mod shell;
mod signals;
mod variables;

pub use arguments::RunArguments;
pub use command::run;
#[cfg(target_os = "linux")]
pub use confine::{ConfinedArguments, run as run_confined};
pub use gateway::variables;
