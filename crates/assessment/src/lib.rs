//! How risky a request is, and what follows: the operator's rules, the built-in assessor and, if
//! both leave a request undecided, a language model, combined into one `Evaluation`.
//!
//! This crate must never hold a socket, a credential, or a write to the database. A language model
//! may raise a score; it never lowers what a rule or the floor decided.

mod assessor;
mod considered;
mod earlier_ruling;
mod model_input;
mod offline_eval;
mod operation;

pub use assessor::{Assessed, Assessor, build_word_lists};
pub use considered::Considered;
pub use gaiterguard_judge::opens_access;
pub use offline_eval::OfflineRequest;
pub use operation::{effect_of, effect_of_recorded};
