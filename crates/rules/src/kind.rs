//! The static type of a value, known before there is a request.

use crate::expression::{Fact, Literal};

/// The kind of a part's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Known only with the request.
    Any,
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
    Time,
    Span,
}

impl Kind {
    /// The kind in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Time => "a timestamp",
            Self::Span => "a duration",
        }
    }

    /// Whether a value of this kind may be one of those.
    pub(crate) fn may_be(self, allowed: &[Self]) -> bool {
        self == Self::Any || allowed.contains(&self)
    }

    /// Whether values of the two kinds can be compared for equality.
    pub(crate) fn compares_with(self, other: Self) -> bool {
        self == other
            || [self, other]
                .iter()
                .any(|k| matches!(k, Self::Any | Self::Null))
    }

    /// The kind of what is one or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }

    pub(crate) fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(_) => Self::Bool,
            Literal::Int(_) | Literal::Double(_) => Self::Number,
            Literal::Text(_) => Self::Text,
            Literal::Time(_) => Self::Time,
            Literal::Span(_) => Self::Span,
        }
    }

    pub(crate) fn of_fact(fact: Fact) -> Self {
        match fact {
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::ServiceName
            | Fact::AgentName
            | Fact::Intent => Self::Text,
            Fact::Size | Fact::ServiceId | Fact::AgentId => Self::Number,
            Fact::Query | Fact::Headers => Self::Map,
            Fact::Now => Self::Time,
            Fact::Body
            | Fact::Operation
            | Fact::OperationId
            | Fact::OperationSummary
            | Fact::OperationTags
            | Fact::OperationDeprecated
            | Fact::OperationEffect => Self::Any,
        }
    }
}
