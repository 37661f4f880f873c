//! Tables of separated values (RFC 4180).

use crate::node::{Member, VALUES_MAX};
use crate::{Arena, Node};

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Reads a table into a list of maps by the names in its first line; a table of two columns also into
/// one map of the first column to the second. `None` where the lines do not have the same number of
/// cells, or there is no second one of either.
pub(super) fn read<'a>(text: &'a str, arena: &'a Arena) -> Option<Node<'a>> {
    let (delimiter, text) = separator(text);
    DELIMITERS
        .into_iter()
        .filter(|one| delimiter.is_none_or(|delimiter| delimiter == *one))
        .find_map(|delimiter| with(text, delimiter, arena))
}

/// Reads a table that is said to be one: also one of a single column, or one whose rows do not have
/// the same number of cells, by each delimiter that is in it. `None` where its quotes do not match.
pub(super) fn read_declared<'a>(text: &'a str, arena: &'a Arena) -> Option<Node<'a>> {
    if let Some(table) = read(text, arena) {
        return Some(table);
    }
    let (_, text) = separator(text);
    let mut readings = Vec::new();
    for delimiter in DELIMITERS {
        // Without any delimiter there is one column, however it is read.
        if !text.contains(delimiter) && (delimiter != ',' || text.contains(DELIMITERS)) {
            continue;
        }
        let rows = rows(text, delimiter, arena)?;
        let (names, rows) = rows.split_first().filter(|(_, rows)| !rows.is_empty())?;
        for row in rows {
            let names = names.iter().copied().chain(std::iter::repeat(""));
            let members = names.zip(row.iter().map(|cell| Node::Text(cell)));
            let members: Vec<Member<'a>> = members.collect();
            readings.push(Node::Map(arena.list(&members)));
        }
        let pairs = std::iter::once(names)
            .chain(rows)
            .filter(|row| row.len() == 2);
        let pairs = pairs.map(|row| (row[0], Node::Text(row[1])));
        readings.extend(pairs.map(|pair| Node::Map(arena.list(&[pair]))));
        let cells: Vec<Node<'a>> = names.iter().map(|name| Node::Text(name)).collect();
        readings.push(Node::List(arena.list(&cells)));
    }
    (!readings.is_empty()).then(|| Node::List(arena.list(&readings)))
}

/// The delimiter that a first line such as `sep=;` names, and what follows that line.
fn separator(text: &str) -> (Option<char>, &str) {
    let named = text.strip_prefix("sep=").and_then(|rest| {
        let delimiter = rest.chars().next()?;
        let rest = rest[delimiter.len_utf8()..].trim_start_matches('\r');
        rest.strip_prefix('\n').map(|rest| (Some(delimiter), rest))
    });
    named.unwrap_or((None, text))
}

/// Whether a text looks like a table, its first line being names.
pub(super) fn looks_like(text: &str) -> bool {
    let (_, text) = separator(text);
    let mut lines = text.lines();
    let (Some(first), Some(_)) = (lines.next(), lines.next()) else {
        return false;
    };
    let is_name = |cell: &str| {
        let cell = cell.trim().trim_matches('"');
        cell.starts_with(|c: char| c.is_alphabetic() || c == '_') && cell.len() <= 64
    };
    DELIMITERS
        .into_iter()
        .any(|delimiter| first.contains(delimiter) && first.split(delimiter).all(is_name))
}

fn with<'a>(text: &'a str, delimiter: char, arena: &'a Arena) -> Option<Node<'a>> {
    let rows = rows(text, delimiter, arena)?;
    let (names, rows) = rows.split_first()?;
    if names.len() < 2 || rows.is_empty() || rows.iter().any(|row| row.len() != names.len()) {
        return None;
    }
    let mut readings: Vec<Node<'a>> = Vec::with_capacity(rows.len() + 2);
    // The header line may be missing.
    let cells: Vec<Node<'a>> = names.iter().map(|name| Node::Text(name)).collect();
    readings.push(Node::List(arena.list(&cells)));
    if names.len() == 2 {
        let pairs = std::iter::once(names).chain(rows);
        let pairs = pairs.map(|row| (row[0], Node::Text(row[1])));
        readings.extend(pairs.map(|pair| Node::Map(arena.list(&[pair]))));
    }
    for row in rows {
        let members = names.iter().zip(row);
        let members: Vec<Member<'a>> = members
            .map(|(name, cell)| (*name, Node::Text(cell)))
            .collect();
        readings.push(Node::Map(arena.list(&members)));
    }
    Some(Node::List(arena.list(&readings)))
}

/// The cells of each line that is not empty.
fn rows<'a>(text: &'a str, delimiter: char, arena: &'a Arena) -> Option<Vec<Vec<&'a str>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text;
    let mut values = 0;
    while !rest.is_empty() {
        values += 1;
        if values > VALUES_MAX {
            return None;
        }
        let (cell, behind) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_cell(quoted, arena)?
        } else {
            let end = rest.find([delimiter, '\n']).unwrap_or(rest.len());
            (rest[..end].trim_end_matches('\r'), &rest[end..])
        };
        row.push(cell);
        let behind = behind.strip_prefix('\r').unwrap_or(behind);
        rest = if let Some(next) = behind.strip_prefix(delimiter) {
            if next.is_empty() {
                row.push("");
            }
            next
        } else if behind.is_empty() || behind.starts_with('\n') {
            let row = std::mem::take(&mut row);
            if row != [""] {
                rows.push(row);
            }
            behind.strip_prefix('\n').unwrap_or(behind)
        } else {
            return None;
        };
    }
    if !row.is_empty() {
        rows.push(row);
    }
    Some(rows)
}

/// A cell whose opening quote is behind us, and what follows it.
fn quoted_cell<'a>(text: &'a str, arena: &'a Arena) -> Option<(&'a str, &'a str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(behind) => {
                cell.push('"');
                rest = behind;
            }
            None => return Some((arena.text(&cell), rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_table_is_read_by_the_names_in_its_first_line() {
        let arena = Arena::default();
        let text = "id,role,note\r\n7,admin,\"a, \"\"b\"\"\"\r\n\r\n8,user,\r\n";
        let rows = read(text, &arena).unwrap();
        let cell = |pointer| rows.pointer(pointer).and_then(Node::as_text);
        assert_eq!(cell("/1/role"), Some("admin"));
        assert_eq!(cell("/1/note"), Some("a, \"b\""));
        assert_eq!(cell("/2/note"), Some(""));
        let pairs = read("role;admin\namount;5\n", &arena).unwrap();
        assert_eq!(
            pairs.pointer("/1/role").and_then(Node::as_text),
            Some("admin")
        );
        for text in ["", "words", "a,b", "a,b\n1", "a,b\n\"1,2", "a,b\n\"1\"x,2"] {
            assert!(read(text, &arena).is_none(), "{text}");
        }
        let named = read("sep=;\r\nid;role\n7;admin\n", &arena).unwrap();
        let role = named
            .pointer("/2/role")
            .or_else(|| named.pointer("/3/role"));
        assert_eq!(role.and_then(Node::as_text), Some("admin"));
    }

    #[test]
    fn a_declared_table_may_have_one_column_or_rows_of_any_length() {
        let arena = Arena::default();
        for (text, pointer, value) in [
            ("role\nadmin\nuser\n", "/1/role", "user"),
            ("id,role\n7,admin,x\n8\n", "/0/role", "admin"),
        ] {
            let rows = read_declared(text, &arena).unwrap();
            let found = rows.pointer(pointer).and_then(Node::as_text);
            assert_eq!(found, Some(value), "{text} {rows:?}");
        }
        for text in ["", "a", "a,b\n\"1,2", "a\n\"1\"x"] {
            assert!(read_declared(text, &arena).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a,;\"\r\n\té]{0,40}") {
            let _ = read(&text, &Arena::default());
            let _ = read_declared(&text, &Arena::default());
        }
    }
}
