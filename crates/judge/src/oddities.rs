//! Findings about the form of a request: parts that cannot be read, and parts that a server may take for
//! another request.

use gaiterguard_domain::request::METHODS;
use gaiterguard_request::opened::{Oddity, OddityKind};
use http::Method;

use crate::field::Fields;
use crate::finding::{Finding, shown};
use crate::signal;

/// Finds members deeper in the body from which frameworks may take another method.
pub(crate) fn of_overrides(method: &Method, fields: &Fields<'_>) -> Option<Finding> {
    let mut overrides = fields.overrides.iter();
    let other =
        overrides.find(|other| !other.method.trim().eq_ignore_ascii_case(method.as_str()))?;
    Some(overriding(other.method, other.evidence.to_owned()))
}

fn overriding(method: &str, evidence: String) -> Finding {
    let sentence = format!(
        "It asks the server to treat its method as {}.",
        shown(method)
    );
    Finding::new(signal::METHOD_OVERRIDE, evidence, sentence)
}

/// Finds a method whose effect is not known.
pub(crate) fn of_method(method: &Method) -> Option<Finding> {
    (!METHODS.contains(method)).then(|| Finding::of(signal::UNCOMMON_METHOD, "method"))
}

pub(crate) fn of_wrapping(oddities: &[Oddity]) -> Vec<Finding> {
    oddities
        .iter()
        .map(|oddity| {
            let evidence = oddity.evidence.clone();
            match &oddity.kind {
                OddityKind::Unreadable(reason) => {
                    let sentence = format!("Part of it cannot be read: {reason}.");
                    Finding::new(signal::UNREADABLE, evidence, sentence)
                }
                OddityKind::Opaque => Finding::of(signal::OPAQUE, evidence),
                OddityKind::Media => Finding::of(signal::MEDIA, evidence),
                OddityKind::BodyOnSafeMethod => Finding::of(signal::BODY_ON_SAFE_METHOD, evidence),
                OddityKind::MethodOverride(method) => overriding(method, evidence),
                OddityKind::PathOverride => Finding::of(signal::PATH_OVERRIDE, evidence),
            }
        })
        .collect()
}
