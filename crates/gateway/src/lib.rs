//! What happens: the rooms between a request at the door and the upstream's answer.

pub mod upstream;
