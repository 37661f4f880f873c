//! Promises about requests that more than one person must approve.

mod authenticator;
mod break_glass;
mod counting;
mod races;
mod rules;
mod scene;
mod step_up;
