//! What a condition may look at.

use std::borrow::Cow;

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::OperationRef;
use http::HeaderMap;
use percent_encoding::percent_decode_str;

use super::path::RequestPath;
use crate::node::Node;

/// Everything about a request that a condition may look at. Borrowed: nothing is copied for a
/// condition that does not look at it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole path, without the query.
    pub path: &'a RequestPath<'a>,
    /// The host as the address has it.
    pub host: &'a str,
    /// The query.
    pub query: &'a Query<'a>,
    /// The headers. None where they were not kept: a condition that needs them to be decided is then
    /// undecidable.
    pub headers: Option<&'a HeaderMap>,
    /// What is in the body. None where it was not kept or has not arrived, with the same effect.
    pub content: Option<Content<'a>>,
    /// The service.
    pub service: (ServiceId, &'a str),
    /// The agent.
    pub agent: (AgentId, &'a str),
    /// Why the agent wants to send it.
    pub intent: &'a str,
    /// The documented operation that it calls.
    pub operation: Option<&'a OperationRef>,
    /// When.
    pub now: Timestamp,
}

/// What is in a request's body.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The body, where it is JSON or a form.
    pub body: Option<&'a Node<'a>>,
    /// The body's length in bytes.
    pub size: u64,
}

impl Facts<'_> {
    /// What is known of the request before its body has arrived.
    pub(super) fn of_head(&self) -> Self {
        Self {
            content: None,
            ..*self
        }
    }
}

/// The parameters of a query, decoded, in the order in which they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    parameters: Vec<Parameter<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter<'a> {
    name: Cow<'a, str>,
    /// None where the bytes are no UTF-8.
    value: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Reads what stands behind the `?`.
    pub fn parse(query: Option<&'a str>) -> Self {
        let parameters = query
            .unwrap_or_default()
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                Parameter {
                    name: decode(name).unwrap_or(Cow::Borrowed(name)),
                    value: decode(value),
                }
            })
            .collect();
        Self { parameters }
    }

    /// The values of a name, in order; None for one whose bytes are no UTF-8.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = Option<&Cow<'a, str>>> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_ref())
    }

    /// The names, as often as they stand there.
    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &Cow<'a, str>> {
        self.parameters.iter().map(|parameter| &parameter.name)
    }
}

fn decode(piece: &str) -> Option<Cow<'_, str>> {
    if !piece.contains(['%', '+']) {
        return Some(Cow::Borrowed(piece));
    }
    let spaced = piece.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?.into_owned();
    Some(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_keeps_what_is_repeated() {
        let query = Query::parse(Some("a=1&b=x%20y+z&a=2&&c&%61=3&d=%ff"));
        let values = |name: &str| -> Vec<Option<String>> {
            query
                .values(name)
                .map(|value| value.map(|value| value.clone().into_owned()))
                .collect()
        };
        let some = |value: &str| Some(value.to_owned());
        assert_eq!(values("a"), [some("1"), some("2"), some("3")]);
        assert_eq!(values("b"), [some("x y z")]);
        assert_eq!(values("c"), [some("")]);
        assert_eq!(values("d"), [None]);
        assert!(values("e").is_empty());
        assert_eq!(Query::parse(None), Query::default());
    }
}
