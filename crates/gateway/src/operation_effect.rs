//! What the documented operations of a service do, by the assessor's own reading of them.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::service::Service;
use gaiterguard_judge::{Effect, effect_of_operation};
use http::Method;

use crate::submit::judge::{as_judged, fields_at_the_top};

/// What a call of an operation of a service does, as far as that is known before it is made.
pub fn of(service: &Service, operation: &Operation) -> Effect {
    let path = format!(
        "{}{}",
        service.base_url.path().trim_end_matches('/'),
        operation.template
    );
    // A method that HTTP does not know cannot be called; it counts as one that changes something.
    let method = operation.method.parse().unwrap_or(Method::PATCH);
    let fields = fields_at_the_top(operation);
    effect_of_operation(&method, &path, as_judged(operation, &fields))
}
