//! Documented operations in the form in which the built-in assessor takes them.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::service::Service;
use gaiterguard_judge::effect_of_operation;
use http::Method;

/// Returns the effect of an operation of a service, as far as it is known before a call.
pub fn effect_of(service: &Service, operation: &Operation) -> Effect {
    let path = format!(
        "{}{}",
        service.base_url.path().trim_end_matches('/'),
        operation.template
    );
    // A method that HTTP does not define cannot be called; it counts as one that changes something.
    let method = operation.method.parse().unwrap_or(Method::PATCH);
    let fields = top_level_fields(operation);
    effect_of_operation(&method, &path, for_assessor(operation, &fields))
}

/// Returns an operation as the built-in assessor takes it. `fields` are its top-level fields.
pub(crate) fn for_assessor<'a>(
    operation: &'a Operation,
    fields: &'a [String],
) -> gaiterguard_judge::Operation<'a> {
    gaiterguard_judge::Operation {
        id: &operation.id,
        summary: operation.summary.as_deref().unwrap_or_default(),
        description: operation.description.as_deref().unwrap_or_default(),
        tags: &operation.tags,
        fields,
    }
}

/// Returns the names of the body's documented top-level fields; none if the body may have others.
pub(crate) fn top_level_fields(operation: &Operation) -> Vec<String> {
    if operation.body.is_open {
        return Vec::new();
    }
    let fields = operation.body.fields.iter();
    fields
        .filter_map(|field| field.pointer.strip_prefix('/'))
        .filter(|name| !name.contains('/'))
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect()
}
