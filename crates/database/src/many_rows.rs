//! Statements that read or write many rows.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// The most rows in one statement. A power of two, so that few sizes have to be prepared. Rows have
/// up to 24 columns, which makes 1 536 parameters: far below SQLite's limit of 32 766 and
/// PostgreSQL's of 65 535.
pub const ROWS_PER_STATEMENT_MAX: usize = 64;

/// How many sizes of a statement are prepared: the powers of two up to [`ROWS_PER_STATEMENT_MAX`].
const SIZES: usize = ROWS_PER_STATEMENT_MAX.ilog2() as usize + 1;

/// A statement around a list of rows, `($1, $2), ($3, $4), …`. One statement for many rows costs a
/// tenth of one statement per row and saves a round trip for each. Only a few numbers of rows are
/// ever used, so that each text is built and prepared once. The missing rows of a [`Chunk`] are
/// rows of NULL, which the statement must skip.
pub struct ManyRows {
    before: &'static str,
    columns: usize,
    after: &'static str,
    numbered: [OnceLock<String>; SIZES],
    unnumbered: [OnceLock<String>; SIZES],
}

impl ManyRows {
    pub const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self {
            before,
            columns,
            after,
            numbered: [const { OnceLock::new() }; SIZES],
            unnumbered: [const { OnceLock::new() }; SIZES],
        }
    }

    /// Returns the statement for a [`Chunk`] of `size` rows, as PostgreSQL reads it.
    pub fn numbered(&'static self, size: usize) -> &'static str {
        self.numbered[size.ilog2() as usize].get_or_init(|| {
            self.build(size, |text, number| {
                write!(text, "${number}").expect("writing into a string succeeds");
            })
        })
    }

    /// Returns the statement as SQLite reads it. Its parameters have no names there, because SQLite
    /// searches all names for each value that is bound.
    pub fn unnumbered(&'static self, size: usize) -> &'static str {
        self.unnumbered[size.ilog2() as usize]
            .get_or_init(|| self.build(size, |text, _| text.push('?')))
    }

    /// Returns the statement for rows of one number each, with the numbers in its text. Numbers cannot change the
    /// meaning of a text.
    pub fn of_numbers(&self, numbers: &[i64]) -> String {
        let mut text = self.before.to_owned();
        for (row, number) in numbers.iter().enumerate() {
            let separator = if row == 0 { "" } else { ", " };
            write!(text, "{separator}({number})").expect("writing into a string succeeds");
        }
        text.push_str(self.after);
        text
    }

    fn build(&self, size: usize, parameter: impl Fn(&mut String, usize)) -> String {
        let mut text = self.before.to_owned();
        for row in 0..size {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 1..=self.columns {
                text.push_str(if column == 1 { "" } else { ", " });
                parameter(&mut text, row * self.columns + column);
            }
            text.push(')');
        }
        text.push_str(self.after);
        text
    }
}

/// The rows of one statement of many rows.
#[derive(Clone, Copy)]
pub struct Chunk<'r, T> {
    rows: &'r [T],
    /// How many rows the statement has: a power of two.
    pub size: usize,
}

impl<'r, T> Chunk<'r, T> {
    /// A chunk of at most [`ROWS_PER_STATEMENT_MAX`] rows; an empty one has a single row of NULL.
    pub fn new(rows: &'r [T]) -> Self {
        Self {
            rows,
            size: rows.len().next_power_of_two(),
        }
    }

    /// Adds rows of NULL until the chunk has the size of another one. Two statements of one text then have one size,
    /// and the text few variants.
    #[must_use]
    pub fn at_least(self, size: usize) -> Self {
        Self {
            size: self.size.max(size),
            ..self
        }
    }

    /// Returns the rows, followed by `None` for each row of NULL.
    pub fn padded(self) -> impl Iterator<Item = Option<&'r T>> {
        let padding = std::iter::repeat_n(None, self.size - self.rows.len());
        self.rows.iter().map(Some).chain(padding)
    }
}

/// Joins statements into one text. SQLite's driver hands each text to a thread of its own and back, which costs more
/// than most statements, and a text without parameters takes PostgreSQL one round trip.
pub fn joined<'s>(statements: impl IntoIterator<Item = &'s str>) -> String {
    let mut text = String::new();
    for statement in statements {
        text.push_str(if text.is_empty() { "" } else { "; " });
        text.push_str(statement);
    }
    text
}

/// Splits rows into chunks, each for one statement.
pub fn chunks<T>(rows: &[T]) -> impl Iterator<Item = Chunk<'_, T>> {
    rows.chunks(ROWS_PER_STATEMENT_MAX).map(Chunk::new)
}
