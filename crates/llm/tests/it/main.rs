//! The assessor that asks a language model, with a scripted server on a real socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up what it tests has failed"
)]

mod conditions;
mod dialects;
mod duplicates;
mod failures;
mod provenance;
mod rulings;
mod secrets;
mod setup;
mod spending;
mod verdicts;
