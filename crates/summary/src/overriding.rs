//! The method that a header or a value of a request asks the server to use instead of its own.

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::opened::{OddityKind, Opened};
use http::Method;

/// Returns the method that many servers would use instead of POST; `None` if the request does not ask for one.
pub(crate) fn method(opened: &Opened<'_>) -> Option<Method> {
    let is_post = *opened.request().method == Method::POST;
    let asked = opened
        .oddities()
        .iter()
        .find_map(|oddity| match &oddity.kind {
            OddityKind::MethodOverride(method) => {
                Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()
            }
            _ => None,
        });
    asked
        .filter(|method| is_post && matches!(*method, Method::DELETE | Method::PATCH | Method::PUT))
}

/// Returns the effect of a request with the method that it asks for.
pub(crate) fn effect(own: Effect, overriding: Option<&Method>) -> Effect {
    match overriding {
        Some(method) if *method == Method::DELETE => own.min(Effect::Delete),
        _ => own,
    }
}
