//! Held requests: their storage, the agent's side, and the human's side.
//!
//! The two sides share what is below them and know nothing of each other: `agent` serves agents and
//! reports with `Refusal`, `approvals` serves humans and reports with `RulingRefused`.

pub(crate) mod agent;
mod approvals;
mod damaged;
mod existing;
pub(crate) mod held;
pub(crate) mod kept;
mod ruling;
mod shown;
pub(crate) mod watch;

pub use agent::{ActionReport, STATUS_WAIT_MAX};
pub use approvals::Approvals;
pub use ruling::{ActionView, Approver, Extent, Ruled, Ruling, RulingRefused};
pub use shown::{ShownRequest, ShownResponse};
