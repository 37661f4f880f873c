//! Calls within a request: batches of requests, JSON-RPC, and the operations of XML envelopes.

use crate::Node;
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

/// Whether a member with this name contains the method of a call.
pub fn is_method_name(name: &str) -> bool {
    METHOD_NAMES.contains(&inmost(name))
}

/// Whether a member with this name contains the path of a call.
pub(super) fn is_path_name(name: &str) -> bool {
    PATH_NAMES.contains(&inmost(name))
}

/// The last name of those that a field of a form is nested by, as in `user[delete]`.
pub fn inmost(name: &str) -> &str {
    let inner = name
        .strip_suffix(']')
        .and_then(|open| open.rsplit_once('['));
    inner.map_or(name, |(_, last)| last)
}

/// Returns the calls that a map can be read as, at most `max`: each of its methods with each of its
/// paths, and each JSON-RPC method. A map with two methods is read both ways, so neither hides the
/// other. An empty method or path calls nothing.
pub fn of_members<'a>(members: &[Member<'a>], max: usize) -> Vec<Call<'a>> {
    let texts = |names: &'static [&'static str]| {
        members
            .iter()
            .filter(|(name, _)| names.contains(&inmost(name)))
            .filter_map(|(_, value)| value.as_text().filter(|text| !text.is_empty()))
    };
    let is_rpc = members
        .iter()
        .any(|(name, _)| matches!(inmost(name), "jsonrpc" | "params") || name.contains("params["));
    let paths: Vec<&str> = texts(PATH_NAMES).take(max).collect();
    let mut calls = Vec::new();
    for method in texts(METHOD_NAMES) {
        let room = max - calls.len();
        if room == 0 {
            break;
        }
        if is_http_method(method) && !paths.is_empty() {
            calls.extend(paths.iter().take(room).map(|&path| Call {
                method: Some(method),
                name: path,
            }));
        } else if is_rpc {
            calls.push(Call {
                method: None,
                name: tool(method, members).unwrap_or(method),
            });
        }
    }
    calls
}

/// The tool that a call of the Model Context Protocol names.
fn tool<'a>(method: &str, members: &[Member<'a>]) -> Option<&'a str> {
    if method != "tools/call" {
        return None;
    }
    let (_, params) = members.iter().find(|(name, _)| *name == "params")?;
    params.get("name").and_then(Node::as_text)
}

/// Whether a text is a common HTTP method, in any case.
pub(super) fn is_http_method(text: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|method| text.eq_ignore_ascii_case(method))
}

/// Whether a method only reads, in any case.
pub fn is_safe_method(text: &str) -> bool {
    ["GET", "HEAD", "OPTIONS"]
        .iter()
        .any(|method| text.eq_ignore_ascii_case(method))
}

/// Elements of a SOAP header that describe the message and call nothing: WS-Security and
/// WS-Addressing. `Action` of the latter names the operation and is read as a call.
const SOAP_HEADERS: &[&str] = &[
    "action",
    "faultto",
    "from",
    "messageid",
    "relatesto",
    "replyto",
    "security",
    "timestamp",
    "to",
];

/// Attributes of a SOAP body, which call nothing.
const SOAP_ATTRIBUTES: &[&str] = &["", "id", "encodingstyle"];

/// Returns the calls of an XML document: each element in the body of a SOAP envelope and each of
/// its headers that is not about the message itself, each method name of XML-RPC, or else the root.
pub fn of_xml<'a>(document: &Node<'a>) -> Vec<Call<'a>> {
    let mut names = Vec::new();
    for (root, content) in document.members() {
        if root.eq_ignore_ascii_case("envelope") {
            for part in soap_parts(content, "body") {
                let calls = part.members().iter().map(|(name, _)| *name);
                names.extend(calls.filter(|name| !is_one_of(name, SOAP_ATTRIBUTES)));
            }
            for part in soap_parts(content, "header") {
                for (name, value) in part.members() {
                    if name.eq_ignore_ascii_case("action") {
                        every_text(value, &mut |text| names.push(text));
                    } else if !is_soap_header(name) {
                        names.push(name);
                    }
                }
            }
        } else if root.eq_ignore_ascii_case("methodcall") {
            method_names(content, &mut names);
        } else {
            names.push(root);
        }
    }
    names
        .into_iter()
        .map(|name| Call { method: None, name })
        .collect()
}

/// The parts of a SOAP envelope with this name. There should be one.
pub fn soap_parts<'a>(
    envelope: &Node<'a>,
    wanted: &'static str,
) -> impl Iterator<Item = &'a Node<'a>> {
    let parts = envelope.members().iter();
    let parts = parts.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
    parts.flat_map(|(_, part)| match part {
        Node::List(parts) => parts,
        part => std::slice::from_ref(part),
    })
}

/// Whether an element of a SOAP header is about the message itself.
pub fn is_soap_header(name: &str) -> bool {
    is_one_of(name, SOAP_HEADERS)
}

fn is_one_of(name: &str, known: &[&str]) -> bool {
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn method_names<'a>(node: &Node<'a>, names: &mut Vec<&'a str>) {
    for (name, value) in node.members() {
        if name.eq_ignore_ascii_case("methodname") {
            every_text(value, &mut |text| names.push(text));
        }
        method_names(value, names);
    }
    for item in node.items() {
        method_names(item, names);
    }
}

fn every_text<'a>(node: &Node<'a>, take: &mut impl FnMut(&'a str)) {
    match node {
        Node::Text(text) => take(text),
        Node::List(items) => items.iter().for_each(|item| every_text(item, take)),
        Node::Map(members) => members
            .iter()
            .for_each(|(_, value)| every_text(value, take)),
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}
