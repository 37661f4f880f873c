//! Finds where a request asks a server to use a method or path other than its own.

use http::header::HeaderName;

use super::body::Body;
use super::call::{inmost, is_http_method, is_method_name, is_path_name};
use super::oddity::{Oddity, OddityKind};
use super::request::Request;
use crate::Node;
use crate::node::push_token;

/// Parameters from which frameworks take the method. Compared by ASCII letters and digits, ignoring case.
const PARAMETERS: &[&str] = &[
    "method",
    "httpmethod",
    "xhttpmethod",
    "xhttpmethodoverride",
    "xmethodoverride",
    "methodoverride",
];

/// The longest name that is compared, in bytes. The longest of [`PARAMETERS`] has 19, and separators may be
/// added.
const NAME_BYTES_MAX: usize = 32;

/// How much of a method is shown, in characters. The registered ones have at most 17.
const EVIDENCE_CHARS_MAX: usize = 20;

/// How many levels of lists and wrappers below the top of a body are searched. Batch APIs wrap a request in two or
/// three.
const DEPTH_MAX: usize = 4;

/// Members that usually wrap the whole body.
const WRAPPERS: &[&str] = &[
    "data",
    "attributes",
    "body",
    "payload",
    "params",
    "parameters",
    "form",
    "input",
    "request",
    "args",
    "variables",
];

/// Headers from which servers take the path instead of the request line.
const PATH_HEADERS: &[&str] = &[
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
    "x-override-url",
    "x-original-path",
];

/// Adds an oddity for each override in the headers and the query, and for the first one in each reading of
/// the body.
pub(super) fn find(
    request: &Request<'_>,
    query: &Node<'_>,
    body: &Body<'_>,
    others: &[Node<'_>],
    oddities: &mut Vec<Oddity>,
) {
    for (name, value) in request.headers {
        if PATH_HEADERS.contains(&name.as_str()) {
            oddities.push(Oddity::new(OddityKind::PathOverride, name.as_str()));
        } else if is_method_header(name) {
            let method = String::from_utf8_lossy(value.as_bytes());
            report(request, &method, name.as_str(), oddities);
        }
    }
    for (name, value) in query.members() {
        // A bare `method=` is an ordinary parameter of many APIs, unless it names a method.
        let bare = name.eq_ignore_ascii_case("method");
        if is_parameter(name)
            && let Some(method) = value.as_text()
            && (!bare || is_method(method))
        {
            report(request, method, "query", oddities);
        }
    }
    match body {
        Body::Form(node) | Body::Multipart(node) | Body::Json(node) => {
            let found = in_body(request, node, 0);
            if let Some((method, pointer)) = found {
                report(request, method, &pointer, oddities);
            }
        }
        Body::Xml(node, _) | Body::Values(node, _) => in_other(request, node, oddities),
        Body::Empty | Body::Requests(..) | Body::Text(_) | Body::Bytes => {}
    }
    for node in others {
        in_other(request, node, oddities);
    }
}

/// Reports an override in an alternative reading of the body, without its place: a JSON pointer would not
/// lead there in the body that people see.
fn in_other(request: &Request<'_>, node: &Node<'_>, oddities: &mut Vec<Oddity>) {
    if let Some((method, _)) = in_body(request, node, 0) {
        report(request, method, "", oddities);
    }
}

/// Returns the first method in a body that a server may use instead of the request's, and its JSON
/// pointer. Searches the top level, items of lists, and members that wrap the whole body.
fn in_body<'n>(
    request: &Request<'_>,
    node: &'n Node<'_>,
    depth: usize,
) -> Option<(&'n str, String)> {
    if depth > DEPTH_MAX {
        return None;
    }
    for (at, item) in node.items().iter().enumerate() {
        if item.is_container()
            && let Some((method, below)) = in_body(request, item, depth + 1)
        {
            return Some((method, format!("/{at}{below}")));
        }
    }
    let members = node.members();
    let has_path = members
        .iter()
        .any(|(name, value)| is_path_name(name) && value.as_text().is_some());
    members.iter().find_map(|(name, value)| {
        let own = inmost(name);
        // Many bodies have an ordinary member `method`, and one next to a path describes a nested call.
        let is_ordinary = own == "method" || depth > 0 && own.eq_ignore_ascii_case("method");
        let is_call = depth > 0 && has_path && is_method_name(name);
        let mut pointer = String::new();
        if is_parameter(own)
            && !is_ordinary
            && !is_call
            && let Some(method) = other_method(request, value)
        {
            push_token(&mut pointer, name);
            return Some((method, pointer));
        }
        let wraps = members.len() == 1 || is_wrapper(own);
        let within = wraps && value.is_container();
        let (method, below) = within.then(|| in_body(request, value, depth + 1))??;
        push_token(&mut pointer, name);
        Some((method, pointer + &below))
    })
}

/// Returns a method other than the request's from a value or its items. In a body, unlike in a query, a
/// text that is not a method is taken for data.
fn other_method<'n>(request: &Request<'_>, value: &'n Node<'_>) -> Option<&'n str> {
    let texts = std::slice::from_ref(value).iter().chain(value.items());
    let mut methods = texts.filter_map(Node::as_text);
    methods.find(|method| is_method(method) && !is_same(request, method))
}

/// Whether a member with this name usually wraps the whole body.
fn is_wrapper(name: &str) -> bool {
    WRAPPERS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn is_same(request: &Request<'_>, method: &str) -> bool {
    method.trim().eq_ignore_ascii_case(request.method.as_str())
}

fn report(request: &Request<'_>, method: &str, evidence: &str, oddities: &mut Vec<Oddity>) {
    if !is_same(request, method) {
        let method = method.trim().chars().take(EVIDENCE_CHARS_MAX).collect();
        oddities.push(Oddity::new(OddityKind::MethodOverride(method), evidence));
    }
}

fn is_method_header(name: &HeaderName) -> bool {
    let name = squeezed(name.as_str());
    name.contains("methodoverride") || name.starts_with("xhttpmethod") || name == "xmethod"
}

/// Whether frameworks take the method from a member with this name, at any depth of a body. `method` and
/// `httpMethod` are ordinary names there, unless they begin with an underscore.
pub fn overrides_method(name: &str) -> bool {
    let is_set_off = || !name.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_ordinary = || matches!(squeezed(name).as_str(), "method" | "httpmethod");
    is_parameter(name) && (is_set_off() || !is_ordinary())
}

fn is_parameter(name: &str) -> bool {
    let first = name.bytes().find(u8::is_ascii_alphanumeric);
    let may_be = matches!(first, Some(b'm' | b'M' | b'h' | b'H' | b'x' | b'X'));
    may_be && name.len() <= NAME_BYTES_MAX && PARAMETERS.contains(&squeezed(name).as_str())
}

fn squeezed(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether a text is a common HTTP method, ignoring case and surrounding spaces.
pub fn is_method(text: &str) -> bool {
    is_http_method(text.trim())
}
