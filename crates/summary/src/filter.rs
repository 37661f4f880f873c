//! The filter of a GraphQL document in words: which columns are compared with what, and whether all conditions have to
//! be met or any of them.

use std::iter::Peekable;
use std::str::Chars;

use crate::value::Value;

/// The name of the value that holds a filter in words.
pub(crate) const NAME: &str = "where";

/// Names of arguments that select objects by conditions.
const ARGUMENTS: [&str; 4] = ["where", "filter", "condition", "filters"];

/// How deep conditions may be nested. The parser is recursive, so this bounds its stack.
const DEPTH_MAX: usize = 16;

/// The longest document that is read, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Operators, and how people write them.
const OPERATORS: &[(&str, &str)] = &[
    ("eq", "="),
    ("equals", "="),
    ("gt", ">"),
    ("gte", "≥"),
    ("ilike", "like"),
    ("in", "in"),
    ("is_null", "is null:"),
    ("like", "like"),
    ("lt", "<"),
    ("lte", "≤"),
    ("ne", "≠"),
    ("neq", "≠"),
    ("nin", "not in"),
    ("not_in", "not in"),
    ("regex", "matches"),
];

/// A value of a filter.
enum Term {
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
    Scalar(String),
}

/// Returns the sign of an operator, whatever mark is before its name: `_lt`, `$lt`.
pub(crate) fn operator(name: &str) -> Option<&'static str> {
    let bare = name.trim_start_matches(['_', '$']);
    let is_marked = bare.len() < name.len();
    let known = OPERATORS.iter().find(|(operator, _)| *operator == bare);
    known.filter(|_| is_marked).map(|(_, sign)| *sign)
}

/// Returns a condition of `PostgREST` on a column in words: `neq.5512` as `is not 5512`. The columns of its queries have
/// their operator in front of the value.
pub(crate) fn compared(value: &Value) -> Option<String> {
    const SIGNS: &[(&str, &str)] = &[
        ("eq", "is"),
        ("gt", "over"),
        ("gte", "from"),
        ("ilike", "like"),
        ("in", "in"),
        ("is", "is"),
        ("like", "like"),
        ("lt", "under"),
        ("lte", "up to"),
        ("neq", "is not"),
    ];
    value.location.strip_prefix("query/")?;
    let (is_negated, text) = match value.text.strip_prefix("not.") {
        Some(rest) => (true, rest),
        None => (false, &*value.text),
    };
    let (operator, operand) = text.split_once('.')?;
    let (_, sign) = SIGNS.iter().find(|(known, _)| *known == operator)?;
    let operand = operand.trim_matches(['(', ')']);
    if operand.is_empty() {
        return None;
    }
    let not = match (is_negated, *sign) {
        (false, _) => "",
        (true, "is") => return Some(format!("is not {operand}")),
        (true, _) => "not ",
    };
    Some(format!("{not}{sign} {operand}"))
}

/// Returns the filter of a document in words; `variable` gives the values of its variables. `None` if it has no filter.
pub(crate) fn of(document: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if document.len() > TEXT_BYTES_MAX {
        return None;
    }
    let start = ARGUMENTS.iter().find_map(|name| {
        document.match_indices(name).find_map(|(at, _)| {
            let before = document[..at].chars().next_back()?;
            let rest = document[at + name.len()..].trim_start().strip_prefix(':')?;
            (!before.is_alphanumeric() && before != '_' && rest.trim_start().starts_with('{'))
                .then_some(rest)
        })
    })?;
    let term = Parser {
        rest: start.chars().peekable(),
        variable: &variable,
    }
    .term(0)?;
    let words = said(&term, None);
    (!words.is_empty()).then_some(words)
}

struct Parser<'a, F> {
    rest: Peekable<Chars<'a>>,
    variable: &'a F,
}

impl<F: Fn(&str) -> Option<String>> Parser<'_, F> {
    fn skip(&mut self) {
        while self
            .rest
            .next_if(|c| c.is_whitespace() || *c == ',')
            .is_some()
        {}
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self
            .rest
            .next_if(|c| c.is_alphanumeric() || "_-.+$".contains(*c))
        {
            word.push(c);
        }
        word
    }

    fn term(&mut self, depth: usize) -> Option<Term> {
        if depth == DEPTH_MAX {
            return None;
        }
        self.skip();
        match *self.rest.peek()? {
            '{' => {
                self.rest.next();
                let mut members = Vec::new();
                loop {
                    self.skip();
                    if self.rest.next_if_eq(&'}').is_some() {
                        return Some(Term::Map(members));
                    }
                    let name = self.word();
                    self.skip();
                    if name.is_empty() || self.rest.next() != Some(':') {
                        return None;
                    }
                    members.push((name, self.term(depth + 1)?));
                }
            }
            '[' => {
                self.rest.next();
                let mut items = Vec::new();
                loop {
                    self.skip();
                    if self.rest.next_if_eq(&']').is_some() {
                        return Some(Term::List(items));
                    }
                    items.push(self.term(depth + 1)?);
                }
            }
            '"' => {
                self.rest.next();
                let mut text = String::new();
                loop {
                    match self.rest.next()? {
                        '"' => return Some(Term::Scalar(text)),
                        '\\' => text.push(self.rest.next()?),
                        c => text.push(c),
                    }
                }
            }
            _ => {
                let word = self.word();
                let known = word
                    .strip_prefix('$')
                    .and_then(|name| (self.variable)(name));
                (!word.is_empty()).then(|| Term::Scalar(known.unwrap_or(word)))
            }
        }
    }
}

/// Says a term that is compared with a column. One of several conditions is enough after “any of”.
fn said(term: &Term, column: Option<&str>) -> String {
    match term {
        Term::Scalar(text) => match column {
            Some(column) => format!("{column} = {text}"),
            None => text.clone(),
        },
        Term::List(items) => {
            let items: Vec<String> = items.iter().map(|item| said(item, None)).collect();
            items.join(", ")
        }
        Term::Map(members) => {
            let all: Vec<String> = members
                .iter()
                .map(|(name, term)| of_member(name, term, column))
                .collect();
            all.join(" and ")
        }
    }
}

fn of_member(name: &str, term: &Term, column: Option<&str>) -> String {
    let bare = name.trim_start_matches(['_', '$']).to_ascii_lowercase();
    let parts = || match term {
        Term::List(items) => items
            .iter()
            .map(|item| format!("({})", said(item, column)))
            .collect(),
        other => vec![format!("({})", said(other, column))],
    };
    match (&*bare, column) {
        ("or" | "any", _) => format!("any of {}", parts().join(" or ")),
        ("and" | "all", _) => parts().join(" and "),
        ("not", _) => format!("not {}", parts().join(" and ")),
        (_, Some(column)) => {
            let sign = OPERATORS.iter().find(|(operator, _)| *operator == bare);
            match sign {
                Some((_, sign)) => format!("{column} {sign} {}", said(term, None)),
                None => said(term, Some(&format!("{column}.{name}"))),
            }
        }
        (_, None) => said(term, Some(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_its_columns_and_says_what_is_enough() {
        let of = |document: &str| {
            of(document, |name| {
                (name == "day").then(|| "2026-05-01".to_owned())
            })
        };
        for (document, expected) in [
            (
                r#"mutation { delete_notes(where: {age: {_gt: 9}, kind: {_eq: "draft"}}) { id } }"#,
                Some("age > 9 and kind = draft"),
            ),
            (
                r#"mutation M($day: date!) { delete_notes(where: {_or: [{day: {_lt: $day}, kind: {_eq: "draft"}}, {kind: {_in: ["draft", "final"]}}]}) { id } }"#,
                Some("any of (day < 2026-05-01 and kind = draft) or (kind in draft, final)"),
            ),
            (
                r#"mutation { delete_notes(where: {_not: {owner: {name: {_like: "A%"}}}}) { id } }"#,
                Some("not (owner.name like A%)"),
            ),
            ("mutation { delete_note(id: 7) { id } }", None),
            ("mutation { delete_notes(where: {a: [[[", None),
        ] {
            assert_eq!(of(document).as_deref(), expected, "{document}");
        }
        let deep = format!("mutation {{ d(where: {}", "{a:".repeat(5000));
        assert_eq!(of(&deep), None);
    }
}
