//! Rows and columns as domain values, and back. Nothing here runs a statement.

pub(crate) mod action_state;
pub(crate) mod audit_row;
pub(crate) mod claim_row;
pub(crate) mod covered;
pub(crate) mod outcome;
pub(crate) mod stored;
