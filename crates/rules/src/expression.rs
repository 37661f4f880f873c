//! A condition as it is kept: names looked up, patterns built, kinds checked.

use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::calendar::{CalendarPart, Zone};
use crate::path::Location;

/// A part of a condition.
#[derive(Debug)]
pub(crate) struct Expression {
    /// Its byte position in the text.
    pub(crate) at: u32,
    /// The operation.
    pub(crate) operation: Operation,
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Box<str>),
    Time(Timestamp),
    Span(SignedDuration),
}

/// A fact about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Method,
    Path,
    Host,
    Query,
    Headers,
    Body,
    Size,
    ServiceId,
    ServiceName,
    AgentId,
    AgentName,
    Intent,
    Operation,
    OperationId,
    OperationSummary,
    OperationTags,
    OperationDeprecated,
    OperationEffect,
    Now,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    StartsWith,
    EndsWith,
    Contains,
}

impl Search {
    /// Whether a text has another in this way.
    pub(crate) fn find(self) -> fn(&str, &str) -> bool {
        match self {
            Self::StartsWith => |text, needle| text.starts_with(needle),
            Self::EndsWith => |text, needle| text.ends_with(needle),
            Self::Contains => |text, needle| text.contains(needle),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rewrite {
    LowerAscii,
    UpperAscii,
    Trim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    Int,
    Double,
    Text,
    Bool,
    Time,
    Span,
}

/// A quantifier over the items of a list or the keys of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    All,
    Exists,
    ExistsOne,
    Map,
}

/// `range.all(item, body)` and its like.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) quantifier: Quantifier,
    pub(crate) range: Expression,
    /// Which items count; all of them where there is none.
    pub(crate) filter: Option<Expression>,
    pub(crate) body: Expression,
}

impl Expression {
    /// Whether it is the request's path.
    pub(crate) fn is_path(&self) -> bool {
        matches!(self.operation, Operation::Fact(Fact::Path))
    }

    /// Whether it is a field of the request's body, at any depth.
    pub(crate) fn is_field_of_body(&self) -> bool {
        match &self.operation {
            Operation::Select(part, _) | Operation::Index(part, _) => {
                matches!(part.operation, Operation::Fact(Fact::Body)) || part.is_field_of_body()
            }
            _ => false,
        }
    }

    /// Returns the parts that it consists of.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match &self.operation {
            Operation::Literal(_) | Operation::Fact(_) | Operation::Item | Operation::Under(_) => {
                Vec::new()
            }
            Operation::Select(part, _)
            | Operation::Has(part)
            | Operation::Not(part)
            | Operation::Negate(part)
            | Operation::Size(part)
            | Operation::Convert(_, part)
            | Operation::Matches(part, _)
            | Operation::Rewrite(_, part)
            | Operation::Calendar(_, part, _) => vec![part],
            Operation::Index(one, other)
            | Operation::And(one, other)
            | Operation::Or(one, other)
            | Operation::Equal(one, other)
            | Operation::NotEqual(one, other)
            | Operation::Compare(_, one, other)
            | Operation::Calculate(_, one, other)
            | Operation::In(one, other)
            | Operation::Money(one, other)
            | Operation::Search(_, one, other) => vec![one, other],
            Operation::Choose(test, then, otherwise) => vec![test, then, otherwise],
            Operation::List(items) => items.iter().collect(),
            Operation::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| [key, value])
                .collect(),
            Operation::Each(each) => {
                let filter = each.filter.iter();
                [&each.range, &each.body]
                    .into_iter()
                    .chain(filter)
                    .collect()
            }
        }
    }

    /// Whether it is the item of an [`Each`], as it is or rewritten.
    pub(crate) fn is_item(&self) -> bool {
        match &self.operation {
            Operation::Item => true,
            Operation::Rewrite(_, operand) | Operation::Convert(Conversion::Text, operand) => {
                operand.is_item()
            }
            _ => false,
        }
    }
}

type Part = Box<Expression>;

/// The kinds of parts.
#[derive(Debug)]
pub(crate) enum Operation {
    Literal(Literal),
    Fact(Fact),
    /// The item that an [`Each`] is at.
    Item,
    Select(Part, Box<str>),
    Index(Part, Part),
    Has(Part),
    Not(Part),
    Negate(Part),
    And(Part, Part),
    Or(Part, Part),
    Choose(Part, Part, Part),
    Equal(Part, Part),
    NotEqual(Part, Part),
    Compare(Comparison, Part, Part),
    Calculate(Arithmetic, Part, Part),
    In(Part, Part),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Each(Box<Each>),
    Size(Part),
    Convert(Conversion, Part),
    /// An amount and its currency, as an amount in units of the currency.
    Money(Part, Part),
    Search(Search, Part, Part),
    Matches(Part, Box<Regex>),
    /// Whether the request's path is this place or lies below it.
    Under(Location),
    Rewrite(Rewrite, Part),
    Calendar(CalendarPart, Part, Zone),
}
