//! Which requests are forwarded, held or denied.

mod assessment;
mod conditions;
mod llm;
mod llm_outage;
mod llm_provenance;
mod llm_rulings;
mod local_model;
mod refusal_order;
mod risk_eval;
mod rules;
mod spellings;
mod wrapping;
