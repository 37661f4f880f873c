//! The store's contract, run on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod audit;
mod ledger;
mod nouns;
mod outage;
mod support;
