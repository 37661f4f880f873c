//! The kinds of data that a read reveals, and database statements.

use gaiterguard_domain::request::is_safe;
use gaiterguard_text::words::{of_name, stem};

use super::compared::Compared;
use crate::features::Features;
use crate::field::LeafKind;
use crate::finding::Finding;
use crate::reads::{self, DataKind, DataKinds};
use crate::signal;

pub(super) fn reading(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    // Only the query of a read names the data that it asks for. Values with spaces are search terms,
    // which rarely name the data that is returned.
    let is_safe = is_safe(compared.request.method);
    let in_query = compared.leaves().filter(|_| is_safe).flat_map(|leaf| {
        let value = Some(leaf.found.value).filter(|value| !value.contains(char::is_whitespace));
        of_name(leaf.found.name).chain(value.into_iter().flat_map(of_name))
    });
    let parts: Vec<&str> = compared.route.own_words().collect();
    // `/users/7/messages` reveals messages, not users.
    let of_path = parts.iter().enumerate().map(|(at, text)| {
        let kinds = DataKinds::of_all(of_name(text).map(stem));
        if at + 1 == parts.len() {
            kinds
        } else {
            kinds.without_people()
        }
    });
    let revealed = of_path.fold(DataKinds::of_all(in_query.map(stem)), DataKinds::with);
    let mut grave = 0.0_f64;
    for kind in revealed.names() {
        grave = grave.max(features.add(&["+tells:", kind]));
    }
    if revealed.count() >= 2 {
        features.add(&["+tells_much"]);
    }
    let asked = DataKinds::of_all(compared.intent_words.stems());
    for kind in asked.names() {
        features.add(&["+asks_for:", kind]);
    }
    for kind in revealed.without(asked).names() {
        features.add(&["+tells_unasked:", kind]);
    }
    let numbers = compared
        .leaves()
        .filter(|leaf| {
            of_name(leaf.found.name).any(|word| {
                [
                    "limit",
                    "size",
                    "count",
                    "max",
                    "per",
                    "top",
                    "first",
                    "maxresults",
                ]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
            })
        })
        .filter_map(|leaf| leaf.found.value.parse::<u64>().ok());
    let most = numbers.max().unwrap_or_default();
    if most >= 200 {
        features.add(&["+reads_many"]);
    }
    let is_grave = revealed.has_any_of(&[DataKind::Pay, DataKind::Health, DataKind::Secret]);
    let is_personal = revealed.has_any_of(&[DataKind::People, DataKind::Identity]);
    if most >= 100 && (is_grave || is_personal) {
        features.add(&["+reads_many_people"]);
    }
    if is_grave {
        let kind = signal::READS_SENSITIVE;
        findings.push(Finding::counted(kind, grave, "path", kind.sentence));
    }
    let last = compared
        .route
        .parts()
        .last()
        .filter(|(_, is_name)| !is_name);
    let acts = last.is_some_and(|(last, _)| {
        let squeezed: String = last.chars().filter(char::is_ascii_alphabetic).collect();
        of_name(last).map(stem).any(reads::acts) || reads::acts(stem(&squeezed))
    });
    if acts {
        features.add(&["+path_acts"]);
    }
    let is_own = compared.intent_words.words().any(|word| {
        ["my", "mine", "meine", "mes", "mis"]
            .iter()
            .any(|my| word.text.eq_ignore_ascii_case(my))
    });
    let is_addressed_to_own = compared.route.texts().any(|text| {
        text.eq_ignore_ascii_case("me")
            || text.starts_with("my")
            || matches!(text, "@me" | "-" | "self")
    });
    if is_own && !is_addressed_to_own && revealed.count() > 0 {
        features.add(&["+own_asked"]);
    }
}

/// Queries in a language of databases.
pub(super) fn statements(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    for leaf in compared.leaves().filter(|leaf| leaf.kind == LeafKind::Text) {
        let text = leaf.found.value.trim_start();
        let Some(statement) = statement(text) else {
            continue;
        };
        let weight = features.add(&["+sql:", statement]);
        if weight > 0.0 {
            findings.push(Finding::counted(
                signal::STATEMENT,
                weight,
                leaf.found.evidence,
                format!("It contains a database statement that begins with “{statement}”."),
            ));
        }
        for kind in DataKinds::of_all(of_name(text).map(stem)).names() {
            features.add(&["+sql_tells:", kind]);
        }
    }
}

/// The command of a statement, in small letters.
fn statement(text: &str) -> Option<&'static str> {
    /// A command and a word that has to follow somewhere, so that no sentence is taken for one.
    const COMMANDS: [(&str, &[&str]); 9] = [
        ("delete", &["from"]),
        ("update", &["set"]),
        ("insert", &["into"]),
        (
            "drop",
            &["table", "database", "index", "view", "schema", "user"],
        ),
        ("alter", &["table", "user", "role", "database"]),
        ("truncate", &["table"]),
        ("grant", &["to"]),
        ("merge", &["into", "using"]),
        ("select", &["from"]),
    ];
    let mut words = of_name(text);
    let first = words.next()?;
    let known = COMMANDS
        .iter()
        .find(|(command, _)| first.eq_ignore_ascii_case(command));
    if let Some((command, follow)) = known {
        // The word has to come soon. `Delete all users from group` is a sentence; a statement is in
        // capitals or has signs that sentences lack.
        let follows = words
            .take(40)
            .any(|word| follow.iter().any(|one| word.eq_ignore_ascii_case(one)));
        let is_loud = first.bytes().all(|byte| byte.is_ascii_uppercase());
        return (follows && (is_loud || text.contains(['=', '`', ';', '*', ','])))
            .then_some(*command);
    }
    // Pipes of search languages.
    text.split('|').skip(1).find_map(|stage| {
        let command = of_name(stage).next()?;
        ["delete", "drop", "purge"]
            .iter()
            .any(|known| command.eq_ignore_ascii_case(known))
            .then_some("delete")
    })
}
