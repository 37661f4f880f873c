//! Slack: what people do with messages and commands (<https://docs.slack.dev/interactivity>).

pub(crate) mod interaction;
pub(crate) mod request;
pub(crate) mod socket;
