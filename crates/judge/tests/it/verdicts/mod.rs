//! The promises of the assessor.

mod attacks;
mod intents;
mod operations;
mod paths;
mod random;
mod secrets;
