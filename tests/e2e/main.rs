//! The gateway as its users meet it: one folder for each kind of person, one module for each thing that
//! they rely on.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod agent;
mod approver;
mod channels;
mod decision;
mod docs;
mod gzip;
mod intercept;
mod operator;
mod ops;
mod people;
mod run;
mod security;
mod votes;
mod wild;
