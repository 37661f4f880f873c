//! What happens: the rooms between a request at the door and the upstream's answer.

pub mod upstream;

pub mod credential;
pub mod field;
mod literal;

pub mod clock;
pub mod identity;

pub mod sealing;
