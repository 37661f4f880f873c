//! The reason why a text is not a valid condition.

use thiserror::Error;

/// An error in a condition, with its position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ConditionError {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The problem, and what was expected.
    pub message: String,
}

impl ConditionError {
    /// The error at a byte of the text.
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_counted_in_characters_and_lines() {
        let text = "\"é\" ==\n  ü";
        let at = |offset| {
            let error = ConditionError::at(text, offset, "");
            (error.line, error.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(5), (1, 5));
        assert_eq!(at(text.find('ü').unwrap()), (2, 3));
        assert_eq!(at(text.len()), (2, 4));
    }
}
