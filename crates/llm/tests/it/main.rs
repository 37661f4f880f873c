//! The assessor that asks a language model, against a scripted server on a real socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up what it tests has failed"
)]

mod conditions;
mod desk;
mod dialects;
mod failures;
mod provenance;
mod rulings;
mod secrets;
mod spending;
mod twins;
mod verdicts;
