//! Values of a condition while it is evaluated, borrowed from the request where they can be.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use gaiterguard_request::node::{Member, Node};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::expression::Literal;
use crate::facts::Query;
use crate::failure::Cause;
use crate::number::{self, Number};

/// A value.
///
/// Its tag takes a whole word. Values are moved all the time, and one whose parts begin at odd bytes is moved
/// in pieces that wait for one another.
#[derive(Clone, Debug)]
#[repr(u64)]
pub(crate) enum Value<'v> {
    Null,
    /// A field of an undocumented operation: equal to null, and an error in any other use.
    Unknown,
    Bool(bool),
    Number(Number),
    Text(Cow<'v, str>),
    Time(Timestamp),
    Span(SignedDuration),
    List(List<'v>),
    Map(Map<'v>),
    /// The documented operation as a whole.
    Operation,
}

/// A list.
#[derive(Clone, Debug)]
pub(crate) enum List<'v> {
    Nodes(&'v [Node<'v>]),
    Texts(&'v [String]),
    Built(Rc<[Value<'v>]>),
}

/// The members of a map of the body.
pub(crate) type Members<'v> = &'v [Member<'v>];

/// A map.
#[derive(Clone, Debug)]
pub(crate) enum Map<'v> {
    Members(Members<'v>),
    Query(&'v Query<'v>),
    Headers(&'v HeaderMap),
    Built(Rc<[(Value<'v>, Value<'v>)]>),
}

impl<'v> Value<'v> {
    pub(crate) fn of_literal(literal: &'v Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Int(int) => Self::int(*int),
            Literal::Double(double) => Self::Number(Number::Double(*double)),
            Literal::Text(text) => Self::text(text),
            Literal::Time(time) => Self::Time(*time),
            Literal::Span(span) => Self::Span(*span),
        }
    }

    pub(crate) fn of_node(node: &'v Node<'v>) -> Result<Self, Cause> {
        Ok(match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Number(spelled) => Self::Number(number::read(spelled).ok_or(Cause::Arithmetic)?),
            Node::Text(text) => Self::text(text),
            Node::List(items) => Self::List(List::Nodes(items)),
            Node::Map(members) => Self::Map(Map::Members(members)),
        })
    }

    pub(crate) fn int(int: i64) -> Self {
        Self::Number(Number::Int(int))
    }

    pub(crate) fn text(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'v> List<'v> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Nodes(items) => items.len(),
            Self::Texts(items) => items.len(),
            Self::Built(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Result<Option<Value<'v>>, Cause> {
        Ok(match self {
            Self::Nodes(items) => items.get(index).map(Value::of_node).transpose()?,
            Self::Texts(items) => items.get(index).map(|text| Value::text(text)),
            Self::Built(items) => items.get(index).cloned(),
        })
    }
}

/// Orders two values of one kind that has an order.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>) -> Result<Ordering, Cause> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            number::compare(*left, *right).ok_or(Cause::Arithmetic)
        }
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Ok(left.cmp(right)),
        (Value::Span(left), Value::Span(right)) => Ok(left.cmp(right)),
        _ => Err(Cause::Kind),
    }
}
