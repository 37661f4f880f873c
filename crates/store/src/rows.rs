//! What rows of several tables have in common: columns to domain values and back, and statements
//! that write many rows at once.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::OnceLock;

use gaiterguard_domain::id::{ActionId, DataKeyId, RequestId};
use gaiterguard_domain::ledger::{Sealed, StoredResponse};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Evaluation;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Database, Decode, Type};

use crate::error::StoreError;

/// A column of a row, for the error that names it.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'r> {
    pub(crate) table: &'static str,
    pub(crate) id: &'r dyn std::fmt::Display,
}

impl Cell<'_> {
    pub(crate) fn wrong(self, column: &'static str) -> StoreError {
        StoreError::inconsistent(self.table, column, self.id)
    }

    pub(crate) fn some<T>(self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.wrong(column))
    }

    pub(crate) fn text<'t>(
        self,
        column: &'static str,
        text: &'t Text,
    ) -> Result<&'t str, StoreError> {
        if text.is_damaged {
            return Err(self.wrong(column));
        }
        Ok(&text.shown)
    }

    pub(crate) fn digest(self, column: &'static str, bytes: &[u8]) -> Result<Digest, StoreError> {
        bytes.try_into().map(Digest).map_err(|_| self.wrong(column))
    }

    pub(crate) fn u16(self, column: &'static str, value: i64) -> Result<u16, StoreError> {
        u16::try_from(value).map_err(|_| self.wrong(column))
    }

    pub(crate) fn u32(self, column: &'static str, value: i64) -> Result<u32, StoreError> {
        u32::try_from(value).map_err(|_| self.wrong(column))
    }

    pub(crate) fn json<T: DeserializeOwned>(
        self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.wrong(column))
    }

    pub(crate) fn action(self, column: &'static str, text: &str) -> Result<ActionId, StoreError> {
        text.parse().map_err(|_| self.wrong(column))
    }

    pub(crate) fn request(self, column: &'static str, text: &str) -> Result<RequestId, StoreError> {
        uuid::Uuid::try_parse(text)
            .map(RequestId)
            .map_err(|_| self.wrong(column))
    }

    pub(crate) fn answer(
        self,
        status: Option<i64>,
        data_key: Option<i64>,
        bytes: Option<Vec<u8>>,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let Some(status) = status else {
            return Ok(None);
        };
        let content = match (data_key, bytes) {
            (Some(data_key), Some(bytes)) => Some(Sealed {
                data_key: DataKeyId(data_key),
                bytes,
            }),
            (None, None) => None,
            _ => return Err(self.wrong("answer")),
        };
        Ok(Some(StoredResponse {
            status: self.u16("answer_status", status)?,
            content,
        }))
    }
}

/// A column of text that is read even if its bytes are not UTF-8, as those of a damaged SQLite row
/// may not be. A `String` would fail the whole query, and with it every other row.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// The text; what is not UTF-8 is replaced.
    shown: String,
    is_damaged: bool,
}

impl Text {
    /// The text to compare: a damaged one equals no text that is whole.
    pub(crate) fn exact(&self) -> Cow<'_, str> {
        if self.is_damaged {
            // No text that the gateway writes holds this character, which PostgreSQL does not take.
            return Cow::Owned(format!("\0{}", self.shown));
        }
        Cow::Borrowed(&self.shown)
    }

    /// The text for a human, with replacement characters where it is damaged.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl<DB: Database> Type<DB> for Text
where
    str: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <str as Type<DB>>::type_info()
    }

    fn compatible(info: &DB::TypeInfo) -> bool {
        <str as Type<DB>>::compatible(info)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Text
where
    &'r [u8]: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        let bytes = <&[u8] as Decode<DB>>::decode(value)?;
        let shown = String::from_utf8_lossy(bytes);
        Ok(Self {
            is_damaged: matches!(shown, Cow::Owned(_)),
            shown: shown.into_owned(),
        })
    }
}

pub(crate) fn time(value: Option<i64>) -> Option<Timestamp> {
    value.map(Timestamp)
}

/// JSON text of a value whose serialization cannot fail.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A judgement as it is kept. A score or weight that is no number counts as the highest, as it did
/// when it was judged, and can be read back.
pub(crate) fn judgement_json(judgement: &Evaluation) -> String {
    let finite = judgement.verdict.score.is_finite()
        && judgement
            .verdict
            .signals
            .iter()
            .all(|signal| signal.weight.is_finite());
    if finite {
        return json(judgement);
    }
    let mut judgement = judgement.clone();
    let verdict = &mut judgement.verdict;
    let weights = verdict.signals.iter_mut().map(|signal| &mut signal.weight);
    for number in std::iter::once(&mut verdict.score).chain(weights) {
        if !number.is_finite() {
            *number = 1.0;
        }
    }
    json(&judgement)
}

/// The most rows that one statement writes.
pub(crate) const ROWS_PER_STATEMENT_MAX: usize = 64;

/// The sizes of statement that are prepared: the powers of two up to [`ROWS_PER_STATEMENT_MAX`].
const SIZES: usize = ROWS_PER_STATEMENT_MAX.ilog2() as usize + 1;

/// A statement around a list of rows, `($1, $2), ($3, $4), …`. One statement with many rows costs a
/// tenth of one statement per row, and a round trip less for each. Only a few numbers of rows are ever
/// used, so that each text is built and prepared once; what a piece lacks to the next of them is
/// filled with rows of NULL, which the statement has to pass over.
pub(crate) struct ManyRows {
    before: &'static str,
    columns: usize,
    after: &'static str,
    numbered: [OnceLock<String>; SIZES],
    unnumbered: [OnceLock<String>; SIZES],
}

impl ManyRows {
    pub(crate) const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self {
            before,
            columns,
            after,
            numbered: [const { OnceLock::new() }; SIZES],
            unnumbered: [const { OnceLock::new() }; SIZES],
        }
    }

    /// The statement for a [`Piece`] of `size` rows, as PostgreSQL reads it.
    pub(crate) fn numbered(&'static self, size: usize) -> &'static str {
        self.numbered[size.ilog2() as usize].get_or_init(|| {
            self.build(size, |text, number| {
                write!(text, "${number}").expect("writing into a string succeeds");
            })
        })
    }

    /// The same as SQLite reads it. Its parameters have no names there, since SQLite goes through
    /// all names for each value that is bound.
    pub(crate) fn unnumbered(&'static self, size: usize) -> &'static str {
        self.unnumbered[size.ilog2() as usize]
            .get_or_init(|| self.build(size, |text, _| text.push('?')))
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

/// Rows for one statement of many rows.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'r, T> {
    rows: &'r [T],
    /// How many rows the statement has: a power of two.
    pub(crate) size: usize,
}

impl<'r, T> Piece<'r, T> {
    /// One of at most [`ROWS_PER_STATEMENT_MAX`] rows; one of none has a row of NULL.
    pub(crate) fn new(rows: &'r [T]) -> Self {
        Self {
            rows,
            size: rows.len().next_power_of_two(),
        }
    }

    /// The rows, and then None for each that is to be filled with NULL.
    pub(crate) fn padded(self) -> impl Iterator<Item = Option<&'r T>> {
        let padding = std::iter::repeat_n(None, self.size - self.rows.len());
        self.rows.iter().map(Some).chain(padding)
    }
}

/// Cuts rows into pieces for statements of many rows.
pub(crate) fn pieces<T>(rows: &[T]) -> impl Iterator<Item = Piece<'_, T>> {
    rows.chunks(ROWS_PER_STATEMENT_MAX).map(Piece::new)
}
