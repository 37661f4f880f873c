//! More than the intent says: more objects, for good, or immediately.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};

/// Names of conditions of which one is enough.
const ANY_OF: &[&str] = &[
    "_or", "$or", "or", "OR", "anyOf", "any_of", "should", "$nor",
];

/// Beginnings of words of an intent that says that one condition is enough.
const SAYS_OR: &[&str] = list![
    or either all any every entire whole
];

/// Beginnings of words of an intent that is about every row.
const SAYS_EVERY_ROW: &[&str] = list![
    all any clear each empt entire every truncat whole wip
];

/// Words in the names of switches that destroy.
const DESTROYS: &[&str] = list![
    destroy delete purge wipe drop erase terminate truncate
];

/// Words in the names of switches that make something take effect immediately.
const COMMITS: &[&str] = list![
    confirm confirmed apply submit publish send charge commit live execute finalize activate release
    place
];

/// Words in the names of switches that keep something from being done.
const TRIES: &[&str] = list![
    draft dry plan preview test sandbox simulate simulation validate
];

/// Words of an intent that only prepares something.
const PREPARES: &[&str] = list![
    draft drafts preview dry unsent proposal simulate plan propose prepare
];

/// Words in the names of values that select what a request is about.
const SELECTS: &[&str] = list![
    branch branches channel channels filter filters host hosts id ids include index indices match
    monitor monitors name names pattern query resource resources scope selector tag tags target
    targets topic topics where keys key path paths
];

/// Returns a switch that destroys.
pub(super) fn destroys(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes()
        || scene.says(&[
            "delet", "destroy", "purg", "wip", "drop", "eras", "terminat", "truncat", "remov",
            "clean", "tear", "empt",
        ])
    {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let is_kept = value.is_named(list![
            no on prevent protection allow can after branch source
        ]);
        value.says_yes() && value.is_named(DESTROYS) && !is_kept
    })?;
    Some(value.danger(format!(
        "It destroys something: {}, which the intent does not ask for.",
        value.shown()
    )))
}

/// Returns a selection of more than the intent says.
pub(super) fn acts_on_more(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let says_all = scene.says(&["all", "any", "every", "entire", "whole"])
        || scene.compared.intent.contains('*');
    let star = scene.values.iter().find(|value| {
        let is_all = value.text == "*" || value.text == "_all" || value.text == "*:*";
        let is_meant = value.is_in(SELECTS)
            && !value.is_named(&[
                "port", "ports", "header", "headers", "method", "fields", "field", "range",
                "version",
            ]);
        is_all && is_meant && value.leaf.kind == LeafKind::Text
    });
    if let Some(value) = star.filter(|_| !says_all) {
        return Some(value.danger(format!(
            "It applies to everything: {}, but the intent does not say so.",
            value.shown()
        )));
    }
    // A request that only looks for something may look for more.
    if !matches!(scene.effect, Effect::Delete | Effect::Change | Effect::Code)
        && !scene.values.iter().any(Value::is_statement)
    {
        return None;
    }
    let ends = if scene.effect == Effect::Delete {
        "deletes"
    } else {
        "changes"
    };
    scene.values.iter().find_map(|value| in_statement(scene, value)).or_else(|| {
        if scene.has(SAYS_OR) {
            return None;
        }
        scene.values.iter().find_map(|value| {
            let name = name_of_any(value)?;
            Some(value.danger(format!(
                "Its filter has “{name}”: it {ends} everything that meets any one of the conditions, not only what meets all of them."
            )))
        })
    })
}

/// Returns the name of an alternative between conditions in the path to a value, or in a GraphQL document.
fn name_of_any(value: &Value<'_>) -> Option<String> {
    let evidence = value.leaf.found.evidence;
    let mut parts = evidence.split('/').peekable();
    while let Some(part) = parts.next() {
        // The second condition is the alternative.
        let is_second = parts.peek().is_some_and(|next| *next == "1");
        if ANY_OF.contains(&part) && is_second {
            return Some(shown(part));
        }
    }
    let text = value.leaf.found.value;
    let is_mutation = text.trim_start().starts_with("mutation");
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let has = |name: &str| {
        ["{", "(", ","]
            .iter()
            .any(|before| compact.contains(&format!("{before}{name}:[")))
    };
    is_mutation
        .then(|| ["_or", "or", "OR"].into_iter().find(|name| has(name)))
        .flatten()
        .map(str::to_owned)
}

/// Returns a statement whose condition holds for rows that the intent does not mean.
fn in_statement(scene: &Scene<'_>, value: &Value<'_>) -> Option<Finding> {
    const ALWAYS: &[&str] = &[
        "is not null",
        "1=1",
        "1 = 1",
        "true",
        "like '%'",
        "'1'='1'",
        "<> ''",
        "!= ''",
        ">= 0",
        "> 0",
    ];
    if !value.is_statement() {
        return None;
    }
    let text = unquoted(&whole(scene, value)?);
    let Some((_, condition)) = text.split_once(" where ") else {
        if scene.says(SAYS_EVERY_ROW) {
            return None;
        }
        let sentence = "The statement has no condition, so it applies to every row.";
        return Some(value.danger(sentence.to_owned()));
    };
    let last = condition.split(" or ").skip(1).find(|side| {
        ALWAYS
            .iter()
            .any(|always| side.trim_end_matches([')', ';', ' ']).ends_with(always))
    });
    if last.is_some() {
        return Some(value.danger("The condition has an OR with a side that holds for nearly every row, so it matches far more rows than the rest of the condition.".to_owned()));
    }
    (condition.contains(" or ") && !scene.has(SAYS_OR)).then(|| {
        value.danger("The condition has an OR: rows that meet either side are changed, not only those that meet both.".to_owned())
    })
}

/// Returns the whole text of a statement in lower case; `None` if only its beginning is kept and the body has it in another
/// form.
fn whole(scene: &Scene<'_>, value: &Value<'_>) -> Option<String> {
    const BEGINNING_CHARS: usize = 40;
    const BODY_BYTES_MAX: usize = 64 * 1024;
    /// A value of at least this length may be only the beginning of one, in bytes.
    const CUT_BYTES_MIN: usize = 250;
    let body = scene.compared.request.body;
    let found = &value.leaf.found;
    if found.is_whole && found.value.len() < CUT_BYTES_MIN {
        return Some(value.text.clone());
    }
    if body.len() > BODY_BYTES_MAX {
        return None;
    }
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let body = String::from_utf8_lossy(body).to_lowercase();
    let body = ["\\n", "\\t", "\\r"]
        .iter()
        .fold(body, |body, escaped| body.replace(escaped, " "));
    let body = in_one_line(&body);
    let beginning: String = in_one_line(&value.text)
        .chars()
        .take(BEGINNING_CHARS)
        .collect();
    let (_, rest) = body.split_once(&beginning)?;
    let end = rest
        .match_indices('"')
        .find(|(at, _)| !rest[..*at].ends_with('\\'));
    Some(beginning + &rest[..end.map_or(rest.len(), |(at, _)| at)])
}

/// Returns a statement on one line, with the texts in quotation marks left out.
fn unquoted(text: &str) -> String {
    let mut kept = String::new();
    for (number, part) in text.split('\'').enumerate() {
        kept.push_str(if number % 2 == 0 { part } else { "''" });
    }
    kept.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("''''", "''")
}

/// Returns a switch that carries out immediately what the intent only prepares.
pub(super) fn acts_immediately(scene: &Scene<'_>) -> Option<Finding> {
    let prepares = PREPARES.iter().find(|word| scene.has(&[word]))?;
    // A quote that was accepted and a review that is done are not prepared.
    let is_done = scene.says(&["accepted", "approved", "confirmed", "after"]);
    let value = scene
        .values
        .iter()
        .filter(|_| scene.changes() && !is_done)
        .find(|value| {
            let does =
                value.says_yes() && value.is_named(COMMITS) && !value.is_named(&["no", "test"]);
            let does_not_try = value.says_no() && value.is_named(TRIES);
            let is_out = matches!(
                &*value.text,
                "published" | "live" | "sent" | "final" | "submitted"
            ) && value.is_named(&["status", "state"]);
            // A plan may be one that somebody subscribes to.
            let is_meant = *prepares != "plan" || value.is_named(&["apply", "plan"]);
            is_meant && (does || does_not_try || is_out)
        })?;
    Some(value.danger(format!(
        "{}, so it takes effect immediately, but the intent speaks of “{prepares}”.",
        value.shown()
    )))
}
