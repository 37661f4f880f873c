//! Ways in which a request makes a server take another method or path than the one it has.

use http::header::HeaderName;

use super::Request;
use super::body::Body;
use super::oddity::{Oddity, OddityKind};
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
    if let Body::Form(node) | Body::Multipart(node) | Body::Json(node) = body {
        for (name, value) in node.members() {
            if is_parameter(name)
                && *name != "method"
                && let Some(method) = value.as_text()
                && is_method(method)
            {
                let mut pointer = String::new();
                push_token(&mut pointer, name);
                report(request, method, &pointer, oddities);
            }
        }
    }
}

fn report(request: &Request<'_>, method: &str, evidence: &str, oddities: &mut Vec<Oddity>) {
    if !method.trim().eq_ignore_ascii_case(request.method.as_str()) {
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
pub(crate) fn overrides_method(name: &str) -> bool {
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
pub(crate) fn is_method(text: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|method| text.trim().eq_ignore_ascii_case(method))
}
