//! The assessor that asks a language model about requests that rules and the built-in assessor leave
//! open, and that proposes conditions for rules in words.
//!
//! A question has two parts: what the request does (`description`), and whether that is what the intent
//! and the operator's rules in words ask for (`comparison`). Both are asked in one round trip
//! (`assessment`), or one after the other if the server does not manage that. The model chooses from
//! closed lists of words; the score is ours (`weigh`). Where the model is sure, the request is forwarded
//! or held as it says, except below a floor. Where it is not, the built-in assessor decides.
//!
//! Text by agents and from documents is shown between fences (`fence`) and without secrets (`conceal`).
//!
//! This crate must never hold a credential of the vault, an agent's key, or the decision about a request.

pub mod excerpt;

mod ask;
mod assessment;
mod breaker;
mod combine;
mod comparison;
mod conceal;
mod condition;
mod description;
mod dialect;
mod error;
mod fence;
mod key;
mod llm;
mod material;
mod metrics;
mod origin;
mod question;
mod readiness;
mod ruling;
mod server;
mod shown;
mod spending;
mod text_rule;
mod together;
mod weigh;
mod word;

pub use condition::{Coverage, ExampleRequest, ProposedCondition, WordedRule};
pub use error::LlmError;
pub use llm::{FailureMode, Llm, LlmSettings};
pub use metrics::LlmMetrics;
pub use origin::ORIGINS_MAX;
pub use question::{LlmQuestion, LlmVerdict};
pub use server::LlmSetupError;
pub use spending::{Ceilings, Spent, Tokens};
pub use text_rule::TextRule;
