//! Settings of users and sessions.

use std::time::Duration;

use clap::{Args, ValueEnum};
use gaiterguard_environment::value;

/// Who may register, and how long a session lasts.
#[derive(Debug, Args)]
pub struct AuthSettings {
    /// How long an access token is valid: a number with s, m, h, or d.
    #[arg(env = "JWT_ACCESS_EXPIRY", default_value = "15m", value_parser = value::duration)]
    pub access_ttl: Duration,
    /// How long an unused session lasts: a number with s, m, h, or d.
    #[arg(env = "JWT_REFRESH_EXPIRY", default_value = "7d", value_parser = value::duration)]
    pub refresh_ttl: Duration,
    /// Who may register: `first` (only while there is no user), `open`, or `closed`. If `HOST` or the
    /// host in `PUBLIC_URL` is not a loopback address, the first account requires the setup code in
    /// the log.
    #[arg(env = "REGISTRATION", default_value = "first", ignore_case = true)]
    pub registration: Registration,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Only while there is no user.
    First,
    Open,
    Closed,
}
