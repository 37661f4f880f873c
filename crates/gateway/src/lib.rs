//! The engine behind every door: decides, holds and sends requests.
//!
//! [`Gateway::submit`] is the path of a request, [`Gateway::execute`] that of an approved one, and
//! [`action::Approvals`] the human's side. The parts are owners with private state: `prepare` and
//! `decide` return values, `record` makes them durable and issues permits, `send` consumes permits, and
//! `action` holds requests for humans. `submit`, `hold`, `forward` and `execute` conduct them.
//!
//! This crate must never hold an HTTP framework or SQL, and nothing in it calls a door.

pub mod refusal;

mod detached;
mod settings;
mod storage;

mod decide;
mod prepare;

pub mod action;
mod record;
pub mod response;
pub mod send;

mod execute;
mod forward;
mod gateway;
mod hold;
mod submit;
pub mod test_call;

mod housekeeping;
pub mod metrics;

pub use gateway::{Gateway, GatewayDeps};
pub use settings::GatewaySettings;
