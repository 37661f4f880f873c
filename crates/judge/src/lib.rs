//! What is risky: takes a request apart and weighs what it finds.
//!
//! Pure and in microseconds: no waiting, no model, no memory of earlier requests. The same request
//! always gets the same verdict.

mod assess;
mod effect;
pub mod node;
pub mod rule;
mod words;

pub use assess::{Subject, assess};
pub use effect::Effect;
pub use node::Node;
