//! The facts that conditions can use.

use std::borrow::Cow;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::OperationRef;
use gaiterguard_request::reading::Reading;
use http::HeaderMap;
use percent_encoding::percent_decode_str;

use crate::failure::Cause;
use crate::path::RequestPath;
use crate::respelled;

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
    /// The body; `None` if it was not kept or has not arrived. Both have the same effect.
    pub content: Option<Content<'a>>,
    /// The service.
    pub service: (ServiceId, &'a str),
    /// The agent.
    pub agent: (AgentId, &'a str),
    /// Why the agent wants to send it.
    pub intent: &'a str,
    /// The documented operation that it calls.
    pub operation: Option<&'a OperationRef>,
    /// The effect of that operation; `None` if it is not known, or if no condition uses it.
    pub operation_effect: Option<Effect>,
    /// When.
    pub now: Timestamp,
}

/// A request's body.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The body as rules see it.
    pub body: Reading<'a>,
    /// The body's length in bytes.
    pub size: u64,
}

impl Facts<'_> {
    /// Returns the facts that are known before the body has arrived.
    pub(crate) fn of_head(&self) -> Self {
        Self {
            content: None,
            ..*self
        }
    }
}

/// The decoded parameters of a query, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    raw: &'a str,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter<'a> {
    /// `None` if the bytes are not UTF-8.
    name: Option<Cow<'a, str>>,
    /// `None` if the bytes are not UTF-8.
    value: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Parses the part after the `?`.
    pub fn parse(query: Option<&'a str>) -> Self {
        let raw = query.unwrap_or_default();
        let parameters = raw
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                Parameter {
                    name: decode(name),
                    value: decode(value),
                }
            })
            .collect();
        Self { raw, parameters }
    }

    /// The length of the query as it is sent, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// The value of a name, if it has one.
    ///
    /// # Errors
    ///
    /// Where the name is there more than once or in another spelling too, or the bytes of any name
    /// or of the value are not UTF-8: it is open what the upstream takes.
    pub(crate) fn value(&self, name: &str) -> Result<Option<&Cow<'a, str>>, Cause> {
        let mut found = None;
        let mut is_respelled = false;
        for parameter in &self.parameters {
            let known = parameter.name.as_deref().ok_or(Cause::Unreadable)?;
            if known == name {
                if found.replace(parameter).is_some() {
                    return Err(Cause::Repeated);
                }
            } else {
                is_respelled |= respelled::is_respelled(known, name);
            }
        }
        if is_respelled || self.splits_by_semicolon(name) {
            return Err(Cause::Ambiguous);
        }
        found
            .map(|parameter| parameter.value.as_ref().ok_or(Cause::Unreadable))
            .transpose()
    }

    /// Whether a server that takes `;` for `&` finds the name, or another value of it.
    fn splits_by_semicolon(&self, name: &str) -> bool {
        self.raw
            .split('&')
            .filter(|piece| piece.contains(';'))
            .any(|piece| {
                piece.split(';').any(|part| {
                    let known = part.split_once('=').map_or(part, |(known, _)| known);
                    decode(known)
                        .is_none_or(|known| known == name || respelled::is_respelled(&known, name))
                })
            })
    }

    /// The names, as often as they are there.
    ///
    /// # Errors
    ///
    /// Where the bytes of one are not UTF-8, or a server that takes `;` for `&` finds others.
    pub(crate) fn names(&self) -> Result<impl ExactSizeIterator<Item = &Cow<'a, str>>, Cause> {
        let names: Option<Vec<_>> = self
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_ref())
            .collect();
        if self.raw.contains(';') {
            return Err(Cause::Ambiguous);
        }
        Ok(names.ok_or(Cause::Unreadable)?.into_iter())
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
    fn a_query_is_decoded_and_what_is_repeated_or_respelled_is_not_picked_from() {
        let query = Query::parse(Some("a=1&b=x%20y+z&a=2&&c&%61=3&d=%ff&Amount=5&tags[]=x"));
        let value = |name: &str| {
            let value = query.value(name);
            value.map(|value| value.map(|value| value.clone().into_owned()))
        };
        assert_eq!(value("a"), Err(Cause::Repeated));
        assert_eq!(value("b"), Ok(Some("x y z".to_owned())));
        assert_eq!(value("c"), Ok(Some(String::new())));
        assert_eq!(value("d"), Err(Cause::Unreadable));
        assert_eq!(value("e"), Ok(None));
        assert_eq!(value("amount"), Err(Cause::Ambiguous));
        assert_eq!(value("Amount"), Ok(Some("5".to_owned())));
        assert_eq!(value("tags"), Err(Cause::Ambiguous));
        assert_eq!(value("tags[]"), Ok(Some("x".to_owned())));
        assert_eq!(Query::parse(None), Query::default());
    }

    #[test]
    fn a_semicolon_in_a_query_may_separate_parameters() {
        let query = Query::parse(Some("a=1;amount=5&b=2"));
        assert_eq!(query.value("a"), Err(Cause::Ambiguous));
        assert_eq!(query.value("amount"), Err(Cause::Ambiguous));
        assert_eq!(query.value("b"), Ok(Some(&Cow::Borrowed("2"))));
        assert_eq!(query.value("c"), Ok(None));
        assert!(query.names().is_err());
        let query = Query::parse(Some("%ff=1"));
        assert_eq!(query.value("a"), Err(Cause::Unreadable));
    }
}
