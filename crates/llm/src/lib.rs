//! The assessor that asks a language model about requests that rules and the built-in assessor leave
//! open, and that proposes conditions for plain-language rules.
//!
//! A question has two parts: what the request does (`description`), and whether the intent and the
//! operator's plain-language rules ask for that (`comparison`). Both are asked in one round trip
//! (`assessment`), or separately if the server cannot handle that (`combined`). The model chooses words
//! from closed lists, and this crate computes the score from them (`score`). If the model is sure, the
//! request is forwarded or held as it says, except below a floor. If not, the built-in assessor decides.
//!
//! Text by agents and from documents is shown between fences (`fence`) and without secrets (`conceal`).
//!
//! This crate must never hold a credential of the vault, an agent's key, or the decision about a request.

pub mod excerpt;

mod assessment;
mod breaker;
mod combine;
mod combined;
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
mod model_client;
mod origin;
mod outage;
mod question;
mod readiness;
mod ruling;
mod score;
mod server;
mod shown;
mod spending;
mod text_rule;
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
