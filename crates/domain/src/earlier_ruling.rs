//! A human's ruling on an earlier request, and how that request compares with the present one.

use crate::action::{HumanDecision, Ruling};
use crate::id::ActionId;

/// A human's ruling on an earlier request to the same operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierRuling {
    /// The action that was ruled on.
    pub action: ActionId,
    /// How the human ruled.
    pub ruling: Ruling,
    /// Who ruled, when, and what they wrote to the agent.
    pub decision: HumanDecision,
    /// How its request compares with the present one.
    pub likeness: Likeness,
}

/// How two requests to the same operation compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They are the same in every byte.
    Request,
    /// The method and the address, including the query, are the same. The body or a header differs.
    Address,
    /// Only the operation is the same.
    Operation,
}
