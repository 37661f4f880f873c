//! Promises about requests that more than one person must approve.

mod break_glass;
mod counting;
mod races;
mod rules;
mod scene;
