//! Selections that select everything, and empty values that take something away.

use gaiterguard_judge::Role;
use http::Method;

use crate::words::{is_in, spaced, words};

/// Shown after a selection without a condition.
pub(crate) const EVERYTHING: &str = "(selects all)";

/// Shown for an empty condition.
const NO_CONDITION: &str = "none (selects all)";

/// Shown for an empty list and for a value that is removed.
pub(crate) const NONE: &str = "none";

/// The longest clause of a description that says what a missing value means, in characters.
const CLAUSE_CHARS_MAX: usize = 80;

/// Last words of names for the condition that selects objects.
const CONDITIONS: &str = "condition conditions criteria domain filter filters match predicate query search \
    selection selector where";

/// Last words of names for the objects themselves.
const OBJECTS: &str = "id ids keys targets";

/// Whether a word is one for the condition that selects what a request is about.
pub(crate) fn is_condition(word: &str) -> bool {
    is_in(CONDITIONS, word)
}

/// Returns how a text is shown that selects everything; `None` for any other.
pub(crate) fn of_text(name: &str, text: &str) -> Option<String> {
    let name = spaced(name);
    let last = name.rsplit(' ').next().unwrap_or_default();
    let plain: String = text.split_whitespace().collect();
    let is_open = is_in("[] {} 1=1 true", &plain.to_ascii_lowercase());
    let is_wild = is_in("* all", &plain.to_ascii_lowercase());
    if plain.is_empty() && is_in("filter filters where", last) {
        return Some(NO_CONDITION.to_owned());
    }
    let selects = is_condition(last) && (is_open || is_wild) || is_in(OBJECTS, last) && is_wild;
    selects.then(|| format!("{text} {EVERYTHING}"))
}

/// Returns how an empty list or object is shown if it selects everything: `{}`, `{"match_all": {}}`.
pub(crate) fn of_empty(name: &str) -> Option<&'static str> {
    let name = spaced(name);
    let last = name.rsplit(' ').next().unwrap_or_default();
    (is_condition(last) || name == "match all").then_some(NO_CONDITION)
}

/// Whether it matters that a value is missing: without a limit, an end, or a protection, a request does more.
pub(crate) fn null_matters(name: &str) -> bool {
    const BOUNDS: &str = "cap ceiling ends end expiration expires expiry limit limits max maximum protection quota required restriction restrictions retention reviews until";
    words(name).any(|word| is_in(BOUNDS, &word))
}

/// Returns what an empty or missing value means: as its name says it, and as the documents do.
pub(crate) fn of_none(name: &str, meaning: Option<&str>) -> String {
    const ENDS: &str = "end ends until";
    const EXPIRIES: &str = "expiration expires expiry";
    const LIMITS: &str = "cap ceiling limit limits max maximum quota retention";
    let any_in = |list: &str| words(name).any(|word| is_in(list, &word));
    let own = if any_in(EXPIRIES) {
        "no expiry"
    } else if any_in(ENDS) {
        "no end"
    } else if any_in(LIMITS) {
        "no limit"
    } else {
        NONE
    };
    match meaning.and_then(clause_on_none) {
        Some(clause) => format!("{own} ({clause})"),
        None => own.to_owned(),
    }
}

/// Returns the clause of a description on a value that is empty or missing: `an empty list means every zone`.
fn clause_on_none(meaning: &str) -> Option<&str> {
    let clause = meaning.split(['.', ';', '\n', '(', ')']).find(|clause| {
        let mut words = clause.split_whitespace();
        words.any(|word| is_in("empty null omitted", &word.to_ascii_lowercase()))
    })?;
    let said = ["means ", "= "]
        .iter()
        .find_map(|verb| clause.split_once(verb))
        .map_or(clause, |(_, said)| said);
    let said = said.trim();
    (!said.is_empty() && said.chars().count() <= CLAUSE_CHARS_MAX).then_some(said)
}

/// Whether it matters that a list is empty: nobody is reached, or everything that was there is removed.
pub(crate) fn empty_matters(role: Role, method: &Method) -> bool {
    let reaches = matches!(
        role,
        Role::Recipient | Role::Attendee | Role::Access | Role::Account
    );
    reaches || matches!(*method, Method::PUT | Method::PATCH)
}
