//! Selects the parts of a service's documents that are shown to a language model.

use std::fmt::Write as _;

use gaiterguard_apidocs::{Catalog, Found, Operation};

/// The longest description of an operation, in bytes. The limits in this file keep usual excerpts for one
/// request near the 8 KiB of documentation that a question contains. The question cuts longer ones.
const DESCRIPTION_BYTES_MAX: usize = 2000;

/// The longest description of a field or parameter, in bytes: a sentence or two.
const FIELD_BYTES_MAX: usize = 200;

/// How many parameters, and how many body fields, of an operation are included. Most operations have fewer.
const FIELDS_MAX: usize = 60;

/// How many values of a field are included. Longer enumerations are usually countries or currencies.
const VALUES_MAX: usize = 12;

/// How many sections of text are included in addition to an operation. Those that match less well rarely say
/// anything about the request.
const SECTIONS_MAX: usize = 3;

/// The longest section, in bytes. Three of them are about half of the documentation in a question.
const SECTION_BYTES_MAX: usize = 1500;

/// How many operations are included for a plain-language rule. A rule speaks of one operation or a few related
/// ones.
const OPERATIONS_MAX: usize = 6;

/// Returns the documentation of a request: its operation, and the sections of text that match it. The
/// intent does not influence it, because the description of a request must not depend on the intent.
pub fn of_request(catalog: &Catalog, operation: Option<&Operation>, path: &str) -> Vec<String> {
    let mut excerpts: Vec<String> = operation.map(of_operation).into_iter().collect();
    let mut words = path.replace(['/', '-', '_', '.'], " ");
    if let Some(summary) = operation.and_then(|operation| operation.summary.as_deref()) {
        words.push(' ');
        words.push_str(summary);
    }
    let sections = catalog.search_sections(&words, SECTIONS_MAX);
    excerpts.extend(sections.into_iter().map(|section| {
        let text = cut(&section.text, SECTION_BYTES_MAX);
        format!("{}\n{text}", section.heading)
    }));
    excerpts
}

/// Returns the documentation of the operations that a plain-language rule may apply to.
pub fn of_rule(catalog: &Catalog, text: &str) -> Vec<String> {
    // The results also contain sections of text, which do not count.
    let found: Vec<String> = catalog
        .search(text, OPERATIONS_MAX * 4)
        .into_iter()
        .filter_map(|found| match found {
            Found::Operation(operation) => Some(of_operation(operation)),
            Found::Section(_) => None,
        })
        .take(OPERATIONS_MAX)
        .collect();
    // Without a match, some operations still show how the service names its paths and fields.
    if found.is_empty() {
        catalog
            .operations()
            .take(OPERATIONS_MAX)
            .map(of_operation)
            .collect()
    } else {
        found
    }
}

fn of_operation(operation: &Operation) -> String {
    let mut text = format!("{} {}", operation.method, operation.template);
    // Writing to a `String` cannot fail, so the results of `write!` are ignored.
    if let Some(summary) = &operation.summary {
        let _ = write!(text, ": {}", cut(summary, FIELD_BYTES_MAX));
    }
    if operation.deprecated {
        text.push_str(" (deprecated)");
    }
    if let Some(description) = &operation.description {
        let _ = write!(text, "\n{}", cut(description, DESCRIPTION_BYTES_MAX));
    }
    for parameter in operation.parameters.iter().take(FIELDS_MAX) {
        let place = format!("{:?}", parameter.place).to_lowercase();
        let _ = write!(text, "\n{place} parameter {}", parameter.name);
        put_meaning(
            &mut text,
            parameter.kind.as_deref(),
            &parameter.values,
            parameter.description.as_deref(),
        );
    }
    for field in operation.body.fields.iter().take(FIELDS_MAX) {
        let _ = write!(text, "\nbody field {}", field.pointer);
        put_meaning(
            &mut text,
            field.kind.as_deref(),
            &field.values,
            field.description.as_deref(),
        );
    }
    text
}

fn put_meaning(text: &mut String, kind: Option<&str>, values: &[String], meaning: Option<&str>) {
    if let Some(kind) = kind {
        let _ = write!(text, " ({kind})");
    }
    if let Some(meaning) = meaning {
        let _ = write!(text, ": {}", cut(meaning, FIELD_BYTES_MAX));
    }
    if !values.is_empty() {
        let values: Vec<&str> = values
            .iter()
            .take(VALUES_MAX)
            .map(|value| cut(value, FIELD_BYTES_MAX))
            .collect();
        let _ = write!(text, " [{}]", values.join(", "));
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    let text = text.trim();
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gaiterguard_apidocs::{Format, read};

    use super::*;

    fn catalog() -> Catalog {
        let document = serde_json::json!({
            "openapi": "3.0.3", "info": {"title": "Pay", "version": "1"},
            "paths": {
                "/v1/charges": {"post": {
                    "operationId": "PostCharges", "summary": "Creates a charge",
                    "description": "Charges a card.",
                    "parameters": [{"name": "expand", "in": "query", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {
                        "type": "object",
                        "properties": {
                            "amount": {"type": "integer", "description": "In cents."},
                            "currency": {"type": "string", "enum": ["usd", "eur"]},
                        },
                    }}}},
                }},
                "/v1/refunds": {"post": {"summary": "Creates a refund"}},
            },
        });
        let read = read(Format::OpenApi, document.to_string().as_bytes()).unwrap();
        Catalog::new(vec![Arc::new(read)])
    }

    #[test]
    fn an_operation_is_shown_with_its_fields_and_their_units() {
        let catalog = catalog();
        let operation = catalog.operations().next();
        let shown = of_request(&catalog, operation, "/v1/charges").join("\n");
        for line in [
            "POST /v1/charges: Creates a charge",
            "Charges a card.",
            "query parameter expand (string)",
            "body field /amount (integer): In cents.",
            "body field /currency (string) [usd, eur]",
        ] {
            assert!(
                shown.lines().any(|shown| shown == line),
                "{line} in\n{shown}"
            );
        }
    }

    #[test]
    fn a_rule_is_shown_with_the_operations_that_it_may_apply_to() {
        let shown = of_rule(&catalog(), "Any refund requires approval").join("\n");
        assert!(shown.contains("POST /v1/refunds"), "{shown}");
        let shown = of_rule(&catalog(), "zzz");
        assert_eq!(shown.len(), 2, "without a hit the first ones are shown");
    }
}
