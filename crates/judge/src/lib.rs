//! What is risky: takes a request apart and weighs what it finds.
//!
//! Pure and in microseconds: no waiting, no model. The same request with the same history always gets
//! the same verdict.

mod arena;
pub mod assess;
pub mod history;
pub mod node;
pub mod opened;
pub mod reading;
pub mod rule;

pub use arena::Arena;
pub use assess::{
    Assessment, Certainty, Documented, Effect, Operation, Subject, assess, effect_of_operation,
    features, path_template, signal_codes,
};
pub use node::Node;
pub use opened::{Opened, Request};
pub use reading::Reading;
