//! Sends what is permitted, and passes the response on.

pub(crate) mod after_sending;
pub(crate) mod dispatch;
mod masked;
pub mod relay;
pub(crate) mod sent;
pub mod tunnel;
pub(crate) mod upload;
