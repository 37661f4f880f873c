//! `gaiterguard run`: starts a program behind the gateway's forward proxy.
//!
//! The program is not changed. Environment variables make its HTTP client use the proxy, trust the gateway's
//! certificate authority, and find placeholders instead of API keys. Nothing here decides about a request, and
//! nothing forces a program to read the variables.

mod arguments;
mod authority;
mod bundle;
mod check;
mod child;
mod command;
mod folder;
mod gateway;
mod inherited;
mod no_proxy;
mod placeholder;
mod preload;
mod proxy;
mod shell;
mod signals;
mod variables;

pub use arguments::RunArguments;
pub use command::run;
pub use gateway::variables;
