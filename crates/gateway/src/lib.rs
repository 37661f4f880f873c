//! What happens: the rooms between a request at the door and the upstream's answer.

pub mod upstream;

pub mod credential;
pub mod field;
mod literal;

pub mod clock;
pub mod identity;

pub mod sealing;

pub mod agent;
pub mod desk;
pub mod document;
pub mod kill_switch;
pub mod rule;
pub mod service;
