//! Analyzes a request: its path, intent, values, findings and effects, before anything is scored.

use gaiterguard_domain::header::OWN_USER_AGENT;
use gaiterguard_domain::request::is_safe;
use gaiterguard_request::opened::Body;
use http::Method;

use crate::asking;
use crate::effects::{self, Effects};
use crate::field::Fields;
use crate::finding::Finding;
use crate::impact::Certain;
use crate::intent::Intent;
use crate::route::Route;
use crate::subject::Subject;
use crate::visitor::Visitor;

/// The content and the effects of a request, before it is scored.
pub(crate) struct Analysis<'a> {
    pub(crate) route: Route<'a>,
    pub(crate) intent: Intent<'a>,
    pub(crate) fields: Fields<'a>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) effects: Effects,
    pub(crate) certain: Certain,
}

impl<'a> Analysis<'a> {
    /// Analyzes a request.
    pub(crate) fn of(subject: &Subject<'a>) -> Self {
        let opened = subject.opened;
        let request = opened.request();
        let route = Route::of(request.path);
        let intent = Intent::new(subject.intent);
        let mut visitor = Visitor::new(opened.arena());
        visitor.query(opened.query());
        match opened.content() {
            Body::Json(node) => visitor.body(node, false),
            Body::Xml(document, text) => visitor.xml(document, text),
            Body::Values(node, text) => {
                visitor.text_of(text, "");
                visitor.other(node);
            }
            Body::Form(node) | Body::Multipart(node) => visitor.body(node, true),
            Body::Requests(requests, _) => {
                for (method, target) in requests {
                    visitor.whole_call(Some(method), target);
                }
            }
            Body::Text(text) => visitor.whole_text(text),
            Body::Empty | Body::Bytes => {}
        }
        for node in opened.others() {
            visitor.other(node);
        }
        for (name, value) in request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            match name.as_str() {
                // Neither a model nor a human is shown them.
                "authorization" | "cookie" => continue,
                // The gateway's own, which names the gateway.
                "user-agent" if *value == *OWN_USER_AGENT => continue,
                // AWS and SOAP name a procedure in these headers.
                "x-amz-target" | "soapaction" => visitor.whole_call(None, value.trim_matches('"')),
                // SOAP 1.2 names it next to the type.
                "content-type" => {
                    for action in soap_actions(&value) {
                        visitor.whole_call(None, action);
                    }
                }
                _ => {}
            }
            visitor.text_of(&value, name.as_str());
        }
        for text in route.texts() {
            visitor.text_of(text, "path");
        }
        visitor.text_of(subject.intent, "intent");
        let fields = visitor.fields;
        let asking = asking::proof(opened, &route, &fields);
        let certain = Certain {
            is_asking: asking.is_some(),
            is_nothing_but_calls: asking::is_nothing_but_calls(opened, &route, &fields),
        };
        let findings = effects::of_request(
            request,
            opened.query(),
            &route,
            &fields,
            &subject.documented,
            &intent,
            asking,
        );
        let effects = effects::effects(request.method, &findings);
        Self {
            route,
            intent,
            fields,
            findings,
            effects,
            certain,
        }
    }
}

impl Analysis<'_> {
    /// Whether the effect of the request depends only on the calls in its body.
    pub(crate) fn is_endpoint_for_calls(&self, method: &Method) -> bool {
        !is_safe(method) && self.route.is_endpoint()
    }
}

/// The operations that a content type names by the parameter `action` (RFC 3902).
fn soap_actions(content_type: &str) -> impl Iterator<Item = &str> {
    const NAME: &str = "action";
    let lower = content_type.to_ascii_lowercase();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += lower.get(at..)?.find(NAME)? + NAME.len();
            let Some(value) = content_type[at..].trim_start().strip_prefix('=') else {
                continue;
            };
            let value = value.trim_start();
            let action = match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => value.split(';').next(),
            };
            return action.map(str::trim);
        }
    })
}
