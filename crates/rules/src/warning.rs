//! Warnings for the author of a valid condition.

/// A place in a condition that may not do what its author wants, with lines and columns counted
/// from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionWarning {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// The risk, and what to write instead.
    pub message: String,
}
