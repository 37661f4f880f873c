//! Rows that are read one by one, so that a damaged row does not hide the others.

use gaiterguard_database::column::Text;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::time::Timestamp;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

/// A definition as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored<T> {
    /// The whole row can be read.
    Intact(T),
    /// A column contains an invalid value.
    Damaged(DamagedRow),
}

/// The readable part of a damaged row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// The table.
    pub table: &'static str,
    /// The first column that cannot be read.
    pub column: String,
    /// The definition's id.
    pub id: i64,
    /// The definition's name, as far as it can be read; empty if it is lost.
    pub name: String,
    /// When it was created; the epoch if that is lost.
    pub created_at: Timestamp,
}

impl<T> Stored<T> {
    /// Returns the definition.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if it is damaged.
    pub fn intact(self) -> Result<T, StoreError> {
        match self {
            Self::Intact(definition) => Ok(definition),
            Self::Damaged(damaged) => Err(damaged.error()),
        }
    }

    /// Returns the definition if it is intact.
    pub fn as_intact(&self) -> Option<&T> {
        match self {
            Self::Intact(definition) => Some(definition),
            Self::Damaged(_) => None,
        }
    }

    /// Converts the definition if it is intact.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Stored<U> {
        match self {
            Self::Intact(definition) => Stored::Intact(convert(definition)),
            Self::Damaged(damaged) => Stored::Damaged(damaged),
        }
    }
}

impl DamagedRow {
    /// Returns the error that describes the damage.
    pub fn error(&self) -> StoreError {
        StoreError::inconsistent(self.table, self.column.clone(), self.id)
    }
}

/// Returns all definitions, or the error of the first damaged one: decisions depend on every
/// definition, so none may be left out.
pub fn all_intact<T>(stored: Vec<Stored<T>>) -> Result<Vec<T>, StoreError> {
    stored.into_iter().map(Stored::intact).collect()
}

/// Reads a row of `table`, which `D` decodes and `convert` interprets. The row has an `id` column,
/// and its name is in the column `name`.
pub fn read<'r, D, T, R>(
    table: &'static str,
    name: &'static str,
    row: &'r R,
    convert: impl FnOnce(D) -> Result<T, StoreError>,
) -> Result<Stored<T>, StoreError>
where
    R: Row,
    D: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Option<Text>: Decode<'r, R::Database> + Type<R::Database>,
{
    let (table, column) = match D::from_row(row).map(convert) {
        Ok(Ok(definition)) => return Ok(Stored::Intact(definition)),
        // The row may be joined with one of another table, which the error names.
        Ok(Err(StoreError::Inconsistent { table, column, .. })) => (table, column.into_owned()),
        Ok(Err(error)) => return Err(error),
        Err(error) => match StoreError::from(error) {
            StoreError::Undecodable { column } => (table, column),
            error => return Err(error),
        },
    };
    let name = row.try_get::<Option<Text>, _>(name).ok().flatten();
    Ok(Stored::Damaged(DamagedRow {
        table,
        column,
        id: row.try_get("id")?,
        name: name.map_or_else(String::new, |name| name.lossy().to_owned()),
        created_at: Timestamp(row.try_get("created_at").unwrap_or(0)),
    }))
}

/// Runs a query and reads each of its rows separately.
#[macro_export]
macro_rules! fetch_stored {
    ($target:expr, $table:literal, $name:literal, $convert:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        gaiterguard_database::with_connection!($target, connection => sqlx::query($sql)
            $(.bind($value))*
            .fetch_all(connection)
            .await?
            .iter()
            .map(|row| $crate::stored::read($table, $name, row, $convert))
            .collect::<Result<Vec<_>, gaiterguard_database::error::StoreError>>()?)
    };
}
