//! Calls within a request: batches of requests, JSON-RPC, and the operations of XML envelopes.

use crate::node::Member;

/// One call within a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Its HTTP method, where it has one of its own.
    pub method: Option<&'a str>,
    /// A path, or the name of a procedure.
    pub name: &'a str,
}

const METHOD_NAMES: &[&str] = &[
    "method",
    "verb",
    "http_method",
    "httpMethod",
    "requestMethod",
];

const PATH_NAMES: &[&str] = &[
    "url",
    "path",
    "uri",
    "relative_url",
    "relativeUrl",
    "relativeURL",
    "relativeUri",
    "href",
    "endpoint",
    "target",
    "resource",
    "fullPath",
    "pathname",
];

/// Whether the method of a call stands under such a name.
pub(crate) fn is_method_name(name: &str) -> bool {
    METHOD_NAMES.contains(&name)
}

/// The call that a map describes, if it does: a method and a path, or a JSON-RPC method.
pub(crate) fn of_members<'a>(members: &[Member<'a>]) -> Option<Call<'a>> {
    let text = |names: &[&str]| {
        members
            .iter()
            .filter(|(name, _)| names.contains(name))
            .find_map(|(_, value)| value.as_text())
    };
    let method = text(METHOD_NAMES)?;
    if is_http_method(method) {
        let path = text(PATH_NAMES)?;
        return Some(Call {
            method: Some(method),
            name: path,
        });
    }
    let is_rpc = members
        .iter()
        .any(|(name, _)| matches!(*name, "jsonrpc" | "params"));
    is_rpc.then_some(Call {
        method: None,
        name: method,
    })
}

/// The operation of a SOAP or XML-RPC envelope: its first element that is no wrapping.
pub(crate) fn of_xml(text: &str) -> Option<Call<'_>> {
    if let Some((_, rest)) = text.split_once("<methodName>") {
        let name = rest.split('<').next()?.trim();
        return Some(Call { method: None, name });
    }
    text.split('<').skip(1).take(64).find_map(|tag| {
        let name = tag.split(|c: char| !is_xml_name(c)).next()?;
        let local = name.rsplit(':').next()?;
        let wraps = ["envelope", "header", "body"]
            .iter()
            .any(|word| local.eq_ignore_ascii_case(word));
        (!local.is_empty() && !wraps).then_some(Call {
            method: None,
            name: local,
        })
    })
}

fn is_xml_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')
}

fn is_http_method(text: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|method| text.eq_ignore_ascii_case(method))
}
