//! Conversions between columns and domain values.

use std::borrow::Cow;

use gaiterguard_domain::id::{ActionId, DataKeyId, RequestId};
use gaiterguard_domain::ledger::{Sealed, StoredResponse};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Evaluation;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Database, Decode, Type};

use crate::error::StoreError;

/// The row that columns are read from, for errors.
#[derive(Clone, Copy)]
pub struct RowContext<'r> {
    /// The row's table.
    pub table: &'static str,
    /// The identifier of the row.
    pub id: &'r dyn std::fmt::Display,
}

impl RowContext<'_> {
    /// The error for a column whose value is invalid.
    pub fn invalid(self, column: &'static str) -> StoreError {
        StoreError::inconsistent(self.table, column, self.id)
    }

    /// Returns the value of a column that must not be NULL.
    pub fn required<T>(self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.invalid(column))
    }

    /// Returns a text that must not be damaged.
    pub fn text<'t>(self, column: &'static str, text: &'t Text) -> Result<&'t str, StoreError> {
        if text.is_damaged {
            return Err(self.invalid(column));
        }
        Ok(&text.lossy)
    }

    /// Reads a digest, which is stored as 32 bytes.
    pub fn digest(self, column: &'static str, bytes: &[u8]) -> Result<Digest, StoreError> {
        bytes
            .try_into()
            .map(Digest)
            .map_err(|_| self.invalid(column))
    }

    /// Reads a number of 16 bits.
    pub fn u16(self, column: &'static str, value: i64) -> Result<u16, StoreError> {
        u16::try_from(value).map_err(|_| self.invalid(column))
    }

    /// Reads a number of 32 bits.
    pub fn u32(self, column: &'static str, value: i64) -> Result<u32, StoreError> {
        u32::try_from(value).map_err(|_| self.invalid(column))
    }

    /// Reads a value that is stored as JSON.
    pub fn json<T: DeserializeOwned>(
        self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.invalid(column))
    }

    /// Reads the id of an action.
    pub fn action_id(self, column: &'static str, text: &str) -> Result<ActionId, StoreError> {
        text.parse().map_err(|_| self.invalid(column))
    }

    /// Reads the id of a request.
    pub fn request_id(self, column: &'static str, text: &str) -> Result<RequestId, StoreError> {
        uuid::Uuid::try_parse(text)
            .map(RequestId)
            .map_err(|_| self.invalid(column))
    }

    /// Reads the columns of a stored response; `None` if there is no response.
    pub fn response(
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
            _ => return Err(self.invalid("answer")),
        };
        Ok(Some(StoredResponse {
            status: self.u16("answer_status", status)?,
            content,
        }))
    }
}

/// A text column that can be read even if its bytes are not UTF-8, which happens in a damaged SQLite
/// row. A `String` would fail the whole query, and with it every other row.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text, with replacement characters for what is not UTF-8.
    lossy: String,
    is_damaged: bool,
}

impl Text {
    /// The text for comparisons. A damaged text equals no intact text.
    pub fn exact(&self) -> Cow<'_, str> {
        if self.is_damaged {
            // No text that the gateway writes contains NUL, because PostgreSQL does not accept it.
            return Cow::Owned(format!("\0{}", self.lossy));
        }
        Cow::Borrowed(&self.lossy)
    }

    /// The text for display, with replacement characters where it is damaged.
    pub fn lossy(&self) -> &str {
        &self.lossy
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.lossy)
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
        let lossy = String::from_utf8_lossy(bytes);
        Ok(Self {
            is_damaged: matches!(lossy, Cow::Owned(_)),
            lossy: lossy.into_owned(),
        })
    }
}

/// Reads a time, which is stored in milliseconds since 1970.
pub fn time(value: Option<i64>) -> Option<Timestamp> {
    value.map(Timestamp)
}

/// Serializes a value whose serialization cannot fail.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Serializes an evaluation. A score or weight that is not finite becomes the highest, as it counted
/// in the decision: JSON has no such numbers, so the column could not be read back.
pub fn evaluation_json(evaluation: &Evaluation) -> String {
    let is_finite = evaluation.verdict.score.is_finite()
        && evaluation
            .verdict
            .signals
            .iter()
            .all(|signal| signal.weight.is_finite());
    if is_finite {
        return json(evaluation);
    }
    let mut evaluation = evaluation.clone();
    let verdict = &mut evaluation.verdict;
    let weights = verdict.signals.iter_mut().map(|signal| &mut signal.weight);
    for number in std::iter::once(&mut verdict.score).chain(weights) {
        if !number.is_finite() {
            *number = 1.0;
        }
    }
    json(&evaluation)
}
