//! Ways in which a request makes a server take another method or path than the one it has.

use http::header::HeaderName;

use super::body::Body;
use super::call::{inmost, is_method_name, is_path_name};
use super::oddity::{Oddity, OddityKind};
use super::request::Request;
use crate::Node;
use crate::node::push_token;

/// Parameters by which frameworks take a method. Compared without case, `-` and `_`.
const PARAMETERS: &[&str] = &[
    "method",
    "httpmethod",
    "xhttpmethod",
    "xhttpmethodoverride",
    "xmethodoverride",
    "methodoverride",
];

/// How deep in a body such a parameter is looked for.
const DEPTH_MAX: usize = 4;

/// Headers by which servers take another path.
const PATH_HEADERS: &[&str] = &[
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
    "x-override-url",
    "x-original-path",
];

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
        let bare = *name == "method";
        if is_parameter(name)
            && let Some(method) = value.as_text()
            && (!bare || is_method(method))
        {
            report(request, method, "query", oddities);
        }
    }
    match body {
        Body::Form(node) | Body::Multipart(node) | Body::Json(node) => {
            let found = in_body(request, node, "", 0);
            if let Some((method, pointer)) = found {
                report(request, method, &pointer, oddities);
            }
        }
        Body::Xml(node, _) | Body::Values(node, _) => in_other(request, node, oddities),
        Body::Empty | Body::Requests(_) | Body::Text(_) | Body::Bytes => {}
    }
    for node in others {
        in_other(request, node, oddities);
    }
}

/// No JSON pointer leads into what else a body may be read as.
fn in_other(request: &Request<'_>, node: &Node<'_>, oddities: &mut Vec<Oddity>) {
    if let Some((method, _)) = in_body(request, node, "", 0) {
        report(request, method, "", oddities);
    }
}

/// Returns the first method other than the request's that a server may take from a body, and where it
/// is: at the top, in an item of a list, or below a member that only wraps.
fn in_body<'n>(
    request: &Request<'_>,
    node: &'n Node<'_>,
    pointer: &str,
    depth: usize,
) -> Option<(&'n str, String)> {
    if depth > DEPTH_MAX {
        return None;
    }
    let items = node.items().iter().enumerate();
    let mut items = items.filter(|(_, item)| item.is_container());
    let in_items =
        items.find_map(|(at, item)| in_body(request, item, &format!("{pointer}/{at}"), depth + 1));
    if in_items.is_some() {
        return in_items;
    }
    let members = node.members();
    let has_path = members
        .iter()
        .any(|(name, value)| is_path_name(name) && value.as_text().is_some());
    members.iter().find_map(|(name, value)| {
        let own = inmost(name);
        // A bare `method` is an ordinary member of many bodies, and one next to a path is a call.
        let is_ordinary = own == "method" || depth > 0 && own.eq_ignore_ascii_case("method");
        let is_call = depth > 0 && has_path && is_method_name(name);
        let at = || {
            let mut pointer = pointer.to_owned();
            push_token(&mut pointer, name);
            pointer
        };
        if is_parameter(own) && !is_ordinary && !is_call {
            let texts = std::slice::from_ref(value).iter().chain(value.items());
            let mut methods = texts.filter_map(Node::as_text);
            let other = methods.find(|method| is_method(method) && !is_same(request, method));
            if let Some(method) = other {
                return Some((method, at()));
            }
        }
        let wraps = members.len() == 1 || is_wrapper(own);
        (wraps && value.is_container()).then(|| in_body(request, value, &at(), depth + 1))?
    })
}

/// Whether a member has such a name that servers take what is below it for the whole.
fn is_wrapper(name: &str) -> bool {
    [
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
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

fn is_same(request: &Request<'_>, method: &str) -> bool {
    method.trim().eq_ignore_ascii_case(request.method.as_str())
}

fn report(request: &Request<'_>, method: &str, evidence: &str, oddities: &mut Vec<Oddity>) {
    if !is_same(request, method) {
        let method = method.trim().chars().take(20).collect();
        oddities.push(Oddity::new(OddityKind::MethodOverride(method), evidence));
    }
}

fn is_method_header(name: &HeaderName) -> bool {
    let name = squeezed(name.as_str());
    name.contains("methodoverride") || name.starts_with("xhttpmethod") || name == "xmethod"
}

/// Whether a name anywhere in a body is one by which frameworks take a method. `method` and
/// `httpMethod` are ordinary words deeper in a body, unless they are set off by an underscore.
pub fn overrides_method(name: &str) -> bool {
    let is_ordinary = name.starts_with(['m', 'M', 'h', 'H']) && !name.contains("verride");
    !is_ordinary && is_parameter(name)
}

fn is_parameter(name: &str) -> bool {
    let first = name.bytes().find(u8::is_ascii_alphanumeric);
    let may_be = matches!(first, Some(b'm' | b'M' | b'h' | b'H' | b'x' | b'X'));
    may_be && name.len() <= 32 && PARAMETERS.contains(&squeezed(name).as_str())
}

fn squeezed(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether a text is a method that requests have.
pub fn is_method(text: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|method| text.trim().eq_ignore_ascii_case(method))
}
