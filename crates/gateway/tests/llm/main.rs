//! The assessor that asks a language model, against a scripted server on a real socket.

mod desk;
mod dialects;
mod failures;
mod secrets;
mod twins;
mod verdicts;
