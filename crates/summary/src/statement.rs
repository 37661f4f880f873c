//! Database statements among the values: the gravest one, and whether a condition limits it.

use gaiterguard_domain::effect::Effect;

use crate::member::{Rest, beginning, rest_of};
use crate::value::ENDING_CHARS_MAX;
use crate::words::is_in;

/// The longest statement that is kept, in characters. The headline of a longer one may lack the condition, and says so.
const STATEMENT_CHARS_MAX: usize = 4000;

/// The longest text that is read, in bytes. Dumps of databases are longer, and they are files.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Names of values that hold statements. A text without a name may be one, too.
const NAMES: &str = "cmd command cypher ddl dml query sql statement statements stmt";

/// The words after the first one of a statement about the structure of a database.
const OBJECTS: &str = "aggregate cast catalog collation column constraint database domain event extension external \
    foreign function global if index keyspace language local login materialized or policy procedure publication role \
    rule schema sequence server stage statistics subscription synonym table tablespace task temp temporary trigger \
    type unique unlogged user view virtual warehouse";

/// A database statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The location of the value that holds it.
    pub(crate) location: String,
    /// The statement in one line, without its comments, or the beginning of it.
    pub(crate) text: String,
    /// The part of it after that.
    pub(crate) rest: Option<Rest>,
    /// Its effect; `None` if it only reads.
    pub(crate) effect: Option<Effect>,
    /// Whether it deletes or updates every row of a table, because nothing limits it.
    pub(crate) is_for_all: bool,
    /// How many statements the value holds.
    pub(crate) count: usize,
}

/// Returns the gravest statement in a text; `None` if the text is not one, or if a value with this name holds none.
pub(crate) fn of(name: &str, location: &str, text: &str) -> Option<Statement> {
    let name = name.to_ascii_lowercase();
    // An argument of a program is a part of its command: `["psql", "-c", "DELETE …"]`.
    let is_argument = is_in("cmd command", &name)
        && location
            .rsplit('/')
            .next()
            .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_named = name.is_empty() || is_in(NAMES, &name) && !is_argument;
    if !is_named || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let pieces = pieces(text);
    let read = |piece: &String| {
        let verb = verb_of(piece)?;
        Some((effect_of(&verb), verb, piece.clone()))
    };
    // A text that only begins like a statement is one for people.
    let found: Vec<_> = pieces.iter().map(read).collect::<Option<_>>()?;
    let count = found.len();
    let order = |effect: &Option<Effect>| (effect.is_none(), *effect);
    let (effect, verb, piece) = found
        .into_iter()
        .min_by_key(|(effect, _, _)| order(effect))?;
    let is_for_all =
        is_in("delete update", &verb) && !outer_words(&piece).any(|one| one == "where");
    Some(Statement {
        location: location.to_owned(),
        rest: rest_of(&piece, STATEMENT_CHARS_MAX, ENDING_CHARS_MAX),
        text: beginning(&piece, STATEMENT_CHARS_MAX).0.to_owned(),
        effect,
        is_for_all,
        count,
    })
}

fn effect_of(verb: &str) -> Option<Effect> {
    match verb {
        "delete" | "drop" | "truncate" => Some(Effect::Delete),
        "grant" | "revoke" => Some(Effect::Access),
        "call" | "exec" | "execute" => Some(Effect::Code),
        "alter" | "copy" | "create" | "insert" | "merge" | "replace" | "update" => {
            Some(Effect::Change)
        }
        _ => None,
    }
}

/// Returns the verb of a statement, in lower case; `None` if the text does not have the form of one.
fn verb_of(piece: &str) -> Option<String> {
    let mut all = outer_words(piece);
    let first = all.next()?;
    let second = all.next();
    let second = second.as_deref().unwrap_or_default();
    let mut rest = outer_words(piece).skip(2);
    let is_one = match &*first {
        "select" | "values" => !second.is_empty() || piece.contains(['*', '(']),
        "delete" => second == "from" || rest.any(|word| word == "from"),
        "insert" | "merge" | "replace" => is_in("ignore into overwrite", second),
        "update" => rest.any(|word| word == "set"),
        "truncate" => !second.is_empty(),
        "create" | "alter" | "drop" => is_in(OBJECTS, second),
        "grant" => rest.any(|word| word == "to"),
        "revoke" => rest.any(|word| word == "from"),
        "copy" => rest.any(|word| is_in("from to", &word)),
        "with" => {
            let acts = |word: &String| is_in("delete insert merge select update", word);
            return outer_words(piece).skip(1).find(acts);
        }
        "call" | "exec" | "execute" => !second.is_empty() && piece.contains(['(', '@']),
        "begin" | "commit" | "end" | "rollback" | "use" | "explain" | "describe" | "show"
        | "set" => true,
        _ => false,
    };
    is_one.then_some(first)
}

/// Returns the words outside of parentheses and quotation marks, in lower case: a condition of a subquery limits
/// nothing around it.
fn outer_words(piece: &str) -> impl Iterator<Item = String> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut outer = String::with_capacity(piece.len());
    for c in piece.chars() {
        match (quote, c) {
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"' | '`') => {
                quote = Some(c);
                outer.push('?');
            }
            (None, '(') => {
                depth += 1;
                outer.push(' ');
            }
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 => outer.push(c.to_ascii_lowercase()),
            (None, _) => {}
        }
    }
    let words = outer
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty());
    words.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Returns where the condition of a statement begins: its `WHERE`, and not that of a query within it.
pub(crate) fn condition_of(text: &str) -> Option<usize> {
    const WHERE: &str = "where";
    let mut depth = 0_usize;
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 && !before.is_alphanumeric() && before != '_' => {
                let word = text[at..].get(..WHERE.len());
                let is_whole = text[at..]
                    .chars()
                    .nth(WHERE.len())
                    .is_some_and(|next| !next.is_alphanumeric() && next != '_');
                if is_whole && word.is_some_and(|word| word.eq_ignore_ascii_case(WHERE)) {
                    return Some(at);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// Splits a text into statements, without comments and line breaks.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quote = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let piece = pieces.last_mut().expect("there is always a last piece");
        if quote.is_none() {
            let end = if rest.starts_with("--") {
                Some(rest.find('\n').unwrap_or(rest.len()))
            } else if rest.starts_with("/*") {
                Some(rest.find("*/").map_or(rest.len(), |at| at + 2))
            } else {
                None
            };
            if let Some(end) = end {
                piece.push(' ');
                rest = &rest[end..];
                continue;
            }
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
        if c == ';' && quote.is_none() {
            pieces.push(String::new());
        } else {
            piece.push(c);
        }
    }
    let words = |piece: &String| piece.split_whitespace().collect::<Vec<_>>().join(" ");
    pieces
        .iter()
        .map(words)
        .filter(|piece| !piece.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_statement_is_found_and_whether_anything_limits_it() {
        for (text, shown, effect, is_for_all, count) in [
            (
                "DELETE FROM users",
                "DELETE FROM users",
                Some(Effect::Delete),
                true,
                1,
            ),
            (
                "delete from users where id = 7;",
                "delete from users where id = 7",
                Some(Effect::Delete),
                false,
                1,
            ),
            (
                "SELECT 1; DROP TABLE invoices; -- SELECT 2",
                "DROP TABLE invoices",
                Some(Effect::Delete),
                false,
                2,
            ),
            (
                "UPDATE t SET a = (SELECT b FROM c WHERE d = 1)",
                "UPDATE t SET a = (SELECT b FROM c WHERE d = 1)",
                Some(Effect::Change),
                true,
                1,
            ),
            (
                "UPDATE t SET note = 'where; -- is it'\n/* WHERE id = 1 */",
                "UPDATE t SET note = 'where; -- is it'",
                Some(Effect::Change),
                true,
                1,
            ),
            (
                "WITH old AS (SELECT id FROM t) DELETE FROM t WHERE id IN (SELECT id FROM old)",
                "WITH old AS (SELECT id FROM t) DELETE FROM t WHERE id IN (SELECT id FROM old)",
                Some(Effect::Delete),
                false,
                1,
            ),
            ("SELECT name FROM t", "SELECT name FROM t", None, false, 1),
            (
                "GRANT ALL ON DATABASE crm TO bot",
                "GRANT ALL ON DATABASE crm TO bot",
                Some(Effect::Access),
                false,
                1,
            ),
        ] {
            let found = of("sql", "body/sql", text).unwrap();
            assert_eq!(found.text, shown);
            assert_eq!(found.effect, effect, "{text}");
            assert_eq!(
                (found.is_for_all, found.count),
                (is_for_all, count),
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_for_people_is_not_a_statement() {
        for text in [
            "Update the page, please",
            "Delete it; then call me",
            "Select",
            "drop by at noon",
            "create a ticket",
            "",
        ] {
            assert_eq!(of("query", "body/query", text), None, "{text}");
        }
        assert_eq!(of("note", "body/note", "DROP TABLE t"), None);
    }
}
