//! Effects that the fields of the body show.

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::{of_name, stem};
use http::Method;

use crate::field::{Fields, Found};
use crate::finding::{Finding, shown};
use crate::intent::number;
use crate::lexicon::{self, Sense, any_of_name};
use crate::signal::{self, Shown};

/// Words of rights and audiences that grant broad rights or public access.
const OPENING: [&str; 9] = [
    "admin",
    "administrator",
    "owner",
    "superuser",
    "root",
    "public",
    "anyone",
    "everyone",
    "world",
];

pub(super) fn of_body(method: &Method, fields: &Fields<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for found in &fields.actions {
        let word = of_name(found.value).next().unwrap_or_default();
        let short = found.value.len() <= 32 && !found.value.contains(' ');
        let finding = match lexicon::sense(stem(word)).filter(|_| short) {
            Some(Sense::DeleteVerb | Sense::Certain(Effect::Delete)) => {
                let sentence = format!(
                    "“{}” is “{}”, which deletes or cancels something.",
                    shown(found.name),
                    shown(found.value)
                );
                Finding::effect(Effect::Delete, Shown::ByField, found.evidence, sentence)
            }
            Some(Sense::Certain(Effect::Code)) => {
                let sentence = format!(
                    "“{}” is “{}”, which affects a running system.",
                    shown(found.name),
                    shown(found.value)
                );
                Finding::new(signal::RUNS_ACTION, found.evidence, sentence)
            }
            _ => continue,
        };
        // A body may have thousands, which add nothing. Only one in the query adds nothing to the body.
        if !findings
            .iter()
            .any(|known| known.is(finding.kind) && known.is_open() == finding.is_open())
        {
            findings.push(finding);
        }
    }
    let audience = fields.actions.iter().filter(|found| {
        ["anyone", "everyone", "public", "domain"]
            .iter()
            .any(|all| found.value.eq_ignore_ascii_case(all))
    });
    let opening = fields.access.iter().chain(audience).filter_map(|found| {
        let value = found.value.to_ascii_lowercase();
        let opens = |word: &str| OPENING.iter().find(|known| **known == word).copied();
        Some((found, of_name(&value).find_map(opens)?))
    });
    // One in the body is hidden, so it comes before one in the query.
    if let Some((found, word)) = opening.min_by_key(|(found, _)| found.is_in_query()) {
        let sentence = format!(
            "“{}” is “{}”, which grants broad rights or public access.",
            shown(found.name),
            shown(word)
        );
        findings.push(granting(found, sentence));
    }
    let secret = fields.secrets.iter();
    if let Some(found) = secret.min_by_key(|found| found.is_in_query()) {
        let changes = matches!(*method, Method::PUT | Method::PATCH);
        let sentence = format!("It sets or reveals a secret (“{}”).", shown(found.name));
        findings.push(if changes {
            granting(found, sentence)
        } else {
            Finding::new(signal::GIVES_SECRET, found.evidence, sentence)
        });
    }
    if let Some(found) = fields.commands.first() {
        let sentence = format!(
            "It contains code or a command to run (“{}”).",
            shown(found.name)
        );
        let kind = signal::HOLDS_COMMAND;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    let amount = stem("amount");
    let money = fields.amounts.iter().find(|found| {
        any_of_name(found.name, |word| word == amount) && number(found.value).is_some()
    });
    if let Some(found) = money {
        let sentence = format!("It contains an amount of money ({}).", shown(found.value));
        let kind = signal::GIVES_AMOUNT;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    if let Some(found) = fields.payments.first() {
        let sentence = format!("It contains a payment method (“{}”).", shown(found.name));
        let kind = signal::NAMES_PAYMENT;
        findings.push(Finding::new(kind, found.evidence, sentence));
    }
    findings
}

/// Returns the finding for a field that grants access.
fn granting(found: &Found<'_>, sentence: String) -> Finding {
    Finding::effect(Effect::Access, Shown::ByGrant, found.evidence, sentence)
}
