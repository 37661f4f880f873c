//! The effects of documented operations and recorded requests, and operations in the form that the
//! built-in assessor takes.

use gaiterguard_apidocs::{Call, Catalog, Operation};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::ledger::NewEntry;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::target::Target;
use gaiterguard_judge::{effect_of_operation, opens_access};
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
    effect_of_operation(&method, &path, for_assessor(operation, &fields, &[]))
}

/// Returns the effect of a recorded request, as far as it is known without the body: from the
/// signals of its assessment, its method and path, and the current documents. `service` is `None`
/// if it was deleted.
pub fn effect_of_recorded(
    entry: &NewEntry,
    service: Option<&Service>,
    catalog: Option<&Catalog>,
) -> Effect {
    let signals = entry.evaluation.verdict.signals.iter();
    let signaled = signals
        .filter_map(|signal| Effect::from_code(&signal.code))
        .min();
    let opens = opens_access(&entry.evaluation.verdict.signals);
    let signaled = signaled.map(|effect| {
        if opens {
            effect.min(Effect::Access)
        } else {
            effect
        }
    });
    // The signal of a change covers creation too.
    if let Some(effect) = signaled.filter(|effect| *effect != Effect::Change) {
        return effect;
    }
    let effect = effect_by_path(entry, service, catalog);
    match signaled {
        Some(change) if effect != Effect::Create => change,
        _ => effect,
    }
}

/// Returns the effect of a recorded request by its method, its path and the current documents.
fn effect_by_path(
    entry: &NewEntry,
    service: Option<&Service>,
    catalog: Option<&Catalog>,
) -> Effect {
    let method = entry.method.parse().unwrap_or(Method::PATCH);
    // A URL in which an agent key was masked may not parse.
    let target = Target::parse(&entry.target_url).ok();
    let path = target.as_ref().map_or("", Target::path);
    let operation = catalog.and_then(|catalog| {
        catalog.find(&Call {
            method: &entry.method,
            path,
            base_path: service.map_or("", |service| service.base_url.path()),
        })
    });
    let fields = operation.map_or_else(Vec::new, top_level_fields);
    let operation = operation.map(|operation| for_assessor(operation, &fields, &[]));
    effect_of_operation(&method, path, operation.unwrap_or_default())
}

/// Returns an operation in the form that the built-in assessor takes. `fields` are its top-level
/// fields, and `descriptions` those of all fields.
pub(crate) fn for_assessor<'a>(
    operation: &'a Operation,
    fields: &'a [String],
    descriptions: &'a [(&'a str, &'a str)],
) -> gaiterguard_judge::Operation<'a> {
    gaiterguard_judge::Operation {
        id: &operation.id,
        summary: operation.summary.as_deref().unwrap_or_default(),
        description: operation.description.as_deref().unwrap_or_default(),
        tags: &operation.tags,
        fields,
        descriptions,
    }
}

/// Returns the descriptions of the body's documented fields, by their JSON pointers.
pub(crate) fn descriptions(operation: &Operation) -> Vec<(&str, &str)> {
    let fields = operation.body.fields.iter();
    fields
        .filter_map(|field| Some((&*field.pointer, field.description.as_deref()?)))
        .collect()
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
