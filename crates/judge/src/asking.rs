//! Whether a request with an unsafe method is, as a whole, a call that only asks.
//!
//! Such a request scores less than any other with its method, so this is proved and never guessed:
//! the path names nothing but an endpoint for calls, and the body is one call, or a batch of calls,
//! with no member that the protocol does not define. Whatever is added breaks the proof. A call that
//! lacks its name calls nothing and counts as asking; otherwise the missing name would be an
//! addition that lowers the score.

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::Node;
use gaiterguard_request::node::Member;
use gaiterguard_request::opened::{
    Body, Document, Opened, is_safe_method, is_soap_header, soap_parts,
};
use http::{HeaderMap, Method};

use crate::call;
use crate::field::Fields;
use crate::route::Route;

/// Returns why the request as a whole only asks, as a sentence; `None` where that is not proved.
pub(crate) fn proof(
    opened: &Opened<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
) -> Option<&'static str> {
    let changes = fields.graphql == Some(true);
    if changes || !is_bare(opened) || !fields.calls.iter().all(call::only_asks) {
        return None;
    }
    let is_call = match opened.content() {
        Body::Xml(document, _) => route.takes_envelopes() && is_asking_xml(document),
        _ if !route.is_endpoint() => false,
        Body::Empty => true,
        Body::Json(node) => is_asking_json(node, route.takes_documents()),
        Body::Text(text) => is_reading_document(text),
        _ => false,
    };
    is_call.then_some(match fields.graphql {
        Some(_) => "The GraphQL document only reads.",
        None => "Every call in it only reads.",
    })
}

/// Whether the request consists only of the calls in its body: the path names an endpoint for calls,
/// and the body has no member that the protocol does not define. Its effect is then that of the calls.
pub(crate) fn is_nothing_but_calls(
    opened: &Opened<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
) -> bool {
    is_bare(opened)
        && !fields.calls.is_empty()
        && match opened.content() {
            Body::Xml(document, _) => route.takes_envelopes() && is_asking_xml(document),
            // A header may name a call that the body does not make.
            Body::Json(node) => {
                route.is_endpoint() && !names_call(opened.request().headers) && is_only_calls(node)
            }
            _ => false,
        }
}

/// Whether a request is a POST in which only the body and the headers say what is called.
fn is_bare(opened: &Opened<'_>) -> bool {
    opened.request().method == Method::POST
        && (opened.query().members().is_empty() || says_nothing(opened))
        && opened.oddities().is_empty()
        && opened.others().is_empty()
}

fn names_call(headers: &HeaderMap) -> bool {
    ["x-amz-target", "soapaction"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

fn is_only_calls(node: &Node<'_>) -> bool {
    match node {
        Node::List(items) => !items.is_empty() && items.iter().all(is_only_calls),
        Node::Map(members) => {
            let has_text = |wanted: &str| {
                members
                    .iter()
                    .any(|(name, value)| *name == wanted && value.as_text().is_some())
            };
            let is_rpc =
                has_text("method") && only_has(members, &["jsonrpc", "method", "params", "id"]);
            let is_document = has_text("query") && only_has(members, &["query", "variables"]);
            is_rpc || is_document
        }
        _ => false,
    }
}

/// Whether nothing in the query may decide what is called: the body says it, and a parameter only
/// repeats the name of an operation or counts.
fn says_nothing(opened: &Opened<'_>) -> bool {
    let has_body = !matches!(opened.content(), Body::Empty);
    let mut parameters = opened.query().members().iter();
    has_body
        && only_has(
            opened.query().members(),
            &["op", "operation", "operationName", "t", "v", "x"],
        )
        && parameters.all(|(name, value)| {
            value.as_text().is_some_and(|text| {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                is_number || name.starts_with('o') && is_word && !has_effect(text)
            })
        })
}

fn is_asking_json(node: &Node<'_>, takes_documents: bool) -> bool {
    match node {
        Node::List(items) => items
            .iter()
            .all(|item| is_asking_json(item, takes_documents)),
        Node::Map(members) => {
            is_rpc(members, takes_documents) || is_graphql(members) || is_batch(members)
        }
        Node::Null => true,
        _ => false,
    }
}

/// Whether every member is one of these, and none appears twice.
fn only_has(members: &[Member<'_>], names: &[&str]) -> bool {
    let mut all = members.iter().enumerate();
    all.all(|(at, (name, _))| {
        names.contains(name) && !members[..at].iter().any(|(earlier, _)| earlier == name)
    })
}

/// JSON-RPC. Its calls are among those that were found to only ask. To a server of GraphQL an `id` may
/// name a document that it keeps.
fn is_rpc(members: &[Member<'_>], takes_documents: bool) -> bool {
    let is_scalar = |value: &Node<'_>| !value.is_container();
    only_has(members, &["jsonrpc", "method", "params", "id"])
        && members.iter().all(|(name, value)| match *name {
            "params" => true,
            "method" => value
                .as_text()
                .is_some_and(|name| Route::of_call(name).only_asks()),
            "id" => {
                !takes_documents && is_scalar(value) && !value.as_text().is_some_and(has_effect)
            }
            _ => is_scalar(value),
        })
}

fn is_graphql(members: &[Member<'_>]) -> bool {
    let has_text = members
        .iter()
        .any(|(name, value)| *name == "query" && value.as_text().is_some());
    only_has(
        members,
        &["query", "variables", "operationName", "extensions"],
    ) && members.iter().all(|(name, value)| match (*name, value) {
        ("query", Node::Text(text)) => is_reading_document(text),
        ("variables", _) | (_, Node::Null) => true,
        // A name alone may stand for a document that the server keeps.
        ("operationName", Node::Text(name)) => !has_effect(name),
        // A hash as well, unless the document is there: then it has to be the hash of that.
        ("extensions", Node::Map(members)) => members
            .iter()
            .all(|(name, _)| *name == "clientLibrary" || *name == "persistedQuery" && has_text),
        _ => false,
    })
}

fn is_reading_document(text: &str) -> bool {
    Document::read(text).is_some_and(|document| !document.changes())
}

fn has_effect(name: &str) -> bool {
    let effect = Route::of_call(name)
        .effect_word()
        .map(|effect_word| effect_word.sense.effect());
    effect.is_some_and(|effect| effect < Effect::Change)
}

/// A batch of requests in the form of `OData` and Microsoft Graph.
fn is_batch(members: &[Member<'_>]) -> bool {
    only_has(members, &["requests"])
        && members.iter().all(|(_, requests)| {
            requests.items().iter().all(is_reading_request) && matches!(requests, Node::List(_))
        })
}

fn is_reading_request(request: &Node<'_>) -> bool {
    let Node::Map(members) = request else {
        return false;
    };
    only_has(members, &["id", "method", "url", "dependsOn"])
        && members.iter().all(|(name, value)| match *name {
            "method" => value.as_text().is_some_and(is_safe_method),
            "url" => value
                .as_text()
                .is_some_and(|path| Route::of(path).deleting_verb().is_none()),
            _ => true,
        })
}

fn is_asking_xml(document: &Node<'_>) -> bool {
    let [(root, content)] = document.members() else {
        return false;
    };
    let has_only = |names: &[&str]| {
        let mut members = content.members().iter();
        members.all(|(name, value)| names.contains(name) && !matches!(value, Node::List(_)))
    };
    match *root {
        "Envelope" => {
            let mut bodies = soap_parts(content, "body");
            let mut headers = soap_parts(content, "header");
            has_only(&["Header", "Body", "encodingStyle"])
                && bodies.any(|body| !body.members().is_empty())
                && headers.all(|header| {
                    header
                        .members()
                        .iter()
                        .all(|(name, _)| is_soap_header(name))
                })
        }
        "methodCall" => {
            has_only(&["methodName", "params"])
                && content
                    .get("methodName")
                    .is_some_and(|name| name.as_text().is_some())
        }
        _ => false,
    }
}
