//! Rows of the database as domain values, and back, with the digests that the audit log keeps of them. Nothing here
//! runs a statement; the crate `store` does.

pub mod action_row;
pub mod action_state;
pub mod audit_row;
pub mod channel_row;
pub mod claim_row;
pub mod covered;
pub mod delivery_row;
pub mod membership;
pub mod outcome;
pub mod proven_request;
pub mod stored;
pub mod user_row;
pub mod vote_row;
