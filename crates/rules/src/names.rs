//! The names that a condition may use, and the errors for other names.

use gaiterguard_domain::effect::Effect;

use crate::expression::{Conversion, Fact, Rewrite, Search};

/// The variables that have fields, and their fields.
pub(crate) const FIELDS: [(&str, &[(&str, Fact)]); 4] = [
    (
        "request",
        &[
            ("method", Fact::Method),
            ("path", Fact::Path),
            ("host", Fact::Host),
            ("query", Fact::Query),
            ("headers", Fact::Headers),
            ("body", Fact::Body),
            ("size", Fact::Size),
        ],
    ),
    (
        "service",
        &[("id", Fact::ServiceId), ("name", Fact::ServiceName)],
    ),
    ("agent", &[("id", Fact::AgentId), ("name", Fact::AgentName)]),
    (
        "operation",
        &[
            ("id", Fact::OperationId),
            ("summary", Fact::OperationSummary),
            ("tags", Fact::OperationTags),
            ("deprecated", Fact::OperationDeprecated),
            ("effect", Fact::OperationEffect),
        ],
    ),
];

/// The variables that are values themselves. `operation` is one too, because it may be null.
const VALUES: [(&str, Fact); 3] = [
    ("intent", Fact::Intent),
    ("now", Fact::Now),
    ("operation", Fact::Operation),
];

/// Returns the error for a text that is not the effect of any operation.
pub(crate) fn unknown_effect() -> String {
    format!(
        "no operation has this effect: expected one of {}",
        Effect::ALL.map(Effect::code).join(", ")
    )
}

/// Returns the fields of a variable; `None` if it has no fields.
pub(crate) fn fields(variable: &str) -> Option<&'static [(&'static str, Fact)]> {
    FIELDS
        .into_iter()
        .find_map(|(name, fields)| (name == variable).then_some(fields))
}

/// Returns the fact of a variable that is a value itself.
pub(crate) fn value(variable: &str) -> Option<Fact> {
    VALUES
        .into_iter()
        .find_map(|(name, fact)| (name == variable).then_some(fact))
}

/// Whether a name belongs to a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    fields(name).is_some() || value(name).is_some()
}

/// Returns the error for an unknown variable.
pub(crate) fn unknown_variable(name: &str) -> String {
    let with_fields = FIELDS.iter().map(|(variable, _)| *variable);
    let values = VALUES.iter().map(|(variable, _)| *variable);
    let known: Vec<&str> = with_fields
        .chain(values.filter(|variable| fields(variable).is_none()))
        .collect();
    format!(
        "unknown variable `{name}`: expected one of {}",
        known.join(", ")
    )
}

/// Returns the error for an unknown field.
pub(crate) fn unknown_field(variable: &str, name: &str) -> String {
    // It is a function, so it is not among the fields.
    if (variable, name) == ("request", "under") {
        return "expected a path as its argument, as in request.under(\"/v1/admin\")".to_owned();
    }
    let known: Vec<String> = fields(variable)
        .unwrap_or_default()
        .iter()
        .map(|(field, _)| format!("{variable}.{field}"))
        .collect();
    format!(
        "unknown field `{name}` of {variable}: expected one of {}",
        known.join(", ")
    )
}

/// Returns the error for an unknown function.
pub(crate) fn unknown_function(name: &str) -> String {
    format!(
        "unknown function `{name}`: expected one of has, size, int, double, string, bool, \
         timestamp, duration, money, request.under, or of a value startsWith, endsWith, contains, matches, lowerAscii, \
         upperAscii, trim, size, all, exists, exists_one, map, filter, getFullYear, getMonth, \
         getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getHours, getMinutes, getSeconds, \
         getMilliseconds"
    )
}

/// Returns the conversion that a function performs; `None` for any other function.
pub(crate) fn conversion(name: &str) -> Option<Conversion> {
    Some(match name {
        "int" => Conversion::Int,
        "double" => Conversion::Double,
        "string" => Conversion::Text,
        "bool" => Conversion::Bool,
        "timestamp" => Conversion::Time,
        "duration" => Conversion::Span,
        _ => return None,
    })
}

/// Returns the search that a function performs; `None` for any other function.
pub(crate) fn search(name: &str) -> Option<Search> {
    Some(match name {
        "startsWith" => Search::StartsWith,
        "endsWith" => Search::EndsWith,
        "contains" => Search::Contains,
        _ => return None,
    })
}

/// Returns the rewriting that a function performs; `None` for any other function.
pub(crate) fn rewrite(name: &str) -> Option<Rewrite> {
    Some(match name {
        "lowerAscii" => Rewrite::LowerAscii,
        "upperAscii" => Rewrite::UpperAscii,
        "trim" => Rewrite::Trim,
        _ => return None,
    })
}
