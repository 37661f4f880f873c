//! Data that is sent to where the intent does not send it.

use std::collections::HashSet;

use super::scene::{Scene, Value};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::visitor::is_email;

/// Words in names of values that send on what arrives, and how a sentence says it.
const SENDS_ON: &[(&[&str], &str)] = &[
    (&["redirect", "redirects"], "It redirects to"),
    (
        &["forward", "forwarding", "forwards", "autoforward"],
        "It forwards to",
    ),
    (&["reply", "replyto"], "Replies go to"),
    (&["bcc"], "A hidden copy goes to"),
];

/// Words in names of values that say where notifications and codes arrive. An ordinary one is of the operator's own
/// domain, as are others of the request.
const DELIVERS: &[&str] = list![
    callback callbacks webhook webhooks hook notify endpoint relay sink
];

/// Returns an address of a foreign domain that data is diverted to.
pub(super) fn diverts(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let kind_of = |value: &Value<'_>| {
        let sends = SENDS_ON.iter().find(|(words, _)| value.is_in(words));
        sends
            .map(|(_, says)| (*says, true))
            .or_else(|| value.is_in(DELIVERS).then_some(("It delivers to", false)))
    };
    let usual = usual_domains(scene, |value| kind_of(value).is_some());
    scene.values.iter().find_map(|value| {
        let (says, is_certain) = kind_of(value)?;
        let domain = domain_of(value)?;
        let is_known = usual.contains(&domain)
            || scene.compared.intent_words.names_host(&domain)
            || scene.compared.intent_words.names(value.leaf.found.value)
            || scene
                .compared
                .history
                .is_some_and(|history| history.sighting(value.leaf.found.value).is_some());
        // Without anything to compare with, a new webhook is not a surprise.
        let is_foreign = !is_known && (is_certain || !usual.is_empty());
        is_foreign.then(|| {
            value.danger(format!(
                "{says} “{}”, an address of another domain that the intent does not mention.",
                shown(value.leaf.found.value)
            ))
        })
    })
}

/// Returns a copy to an address of another domain than those of all other addresses.
pub(super) fn copies(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let addresses: Vec<(&Value<'_>, String, bool)> = scene
        .values
        .iter()
        .filter(|value| is_email(value.leaf.found.value))
        .filter_map(|value| Some((value, domain_of(value)?, value.is_in(&["cc", "bcc"]))))
        .collect();
    let (value, ..) = addresses.iter().find(|(value, domain, is_copy)| {
        let is_usual = addresses
            .iter()
            .any(|(_, other, is_copy)| !is_copy && other == domain);
        *is_copy
            && !is_usual
            && !scene.compared.intent_words.names(value.leaf.found.value)
            && !scene.compared.intent_words.names_host(domain)
            && !super::people::is_said(&scene.intent_squeezed, value.leaf.found.value)
    })?;
    Some(value.danger(format!(
        "A copy goes to “{}”, which the intent does not mention.",
        shown(value.leaf.found.value)
    )))
}

/// The domains that the request and its target are about: of the host, the path, other values, and of most in a list.
fn usual_domains(scene: &Scene<'_>, is_diverting: impl Fn(&Value<'_>) -> bool) -> HashSet<String> {
    let mut usual = HashSet::new();
    usual.insert(registered(scene.compared.request.host));
    for text in scene.compared.request.path.split('/') {
        if let Some((_, domain)) = text.split_once('@') {
            usual.insert(registered(domain));
        }
    }
    let mut listed: Vec<(String, &str)> = Vec::new();
    for value in &scene.values {
        let Some(domain) = domain_of(value) else {
            continue;
        };
        let is_listed = || {
            listed
                .iter()
                .any(|(known, parent)| *known == domain && *parent == value.parent())
        };
        if !is_diverting(value) || is_listed() {
            usual.insert(domain);
        } else {
            listed.push((domain, value.parent()));
        }
    }
    usual.remove("");
    usual
}

/// The registered domain of an address: `example.com` for `a@mail.example.com`.
fn domain_of(value: &Value<'_>) -> Option<String> {
    if value.leaf.kind != LeafKind::Text {
        return None;
    }
    let text = &*value.text;
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or(rest);
        let host = host.rsplit('@').next().unwrap_or(host);
        return host.contains('.').then(|| registered(host));
    }
    let address = text
        .rsplit_once('<')
        .map_or(text, |(_, address)| address.trim_end_matches('>'));
    let (_, domain) = address.rsplit_once('@').filter(|_| is_email(address))?;
    Some(registered(domain))
}

fn registered(host: &str) -> String {
    const SECOND: [&str; 10] = [
        "ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org",
    ];
    let labels: Vec<&str> = host.split('.').collect();
    let is_nested = labels.len() > 2
        && labels[labels.len() - 1].len() == 2
        && SECOND.contains(&labels[labels.len() - 2]);
    let kept = if is_nested { 3 } else { 2 };
    labels[labels.len().saturating_sub(kept)..].join(".")
}
