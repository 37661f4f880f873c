//! Rows that are read one by one, so that a damaged one hides no other.

use gaiterguard_domain::time::Timestamp;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use crate::error::StoreError;
use crate::rows::Text;

/// A definition as it is found: one damaged row does not take the others with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Everything in its row can be read.
    Whole(T),
    /// A column holds what it never should.
    Damaged(DamagedRow),
}

/// What is left of a row that cannot be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// The table.
    pub table: &'static str,
    /// The first column that cannot be read.
    pub column: String,
    /// The row's id.
    pub id: i64,
    /// What its operator called it, as far as that can be read; empty if it is lost.
    pub name: String,
    /// When it was made; the epoch if that is lost.
    pub created_at: Timestamp,
}

impl<T> Found<T> {
    /// The definition.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if it is damaged.
    pub fn whole(self) -> Result<T, StoreError> {
        match self {
            Self::Whole(whole) => Ok(whole),
            Self::Damaged(damaged) => Err(damaged.error()),
        }
    }

    /// The definition, if it is whole.
    pub fn as_whole(&self) -> Option<&T> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Damaged(_) => None,
        }
    }

    /// The same with another definition made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Whole(whole) => Found::Whole(make(whole)),
            Self::Damaged(damaged) => Found::Damaged(damaged),
        }
    }
}

impl DamagedRow {
    /// What is wrong with the row.
    pub fn error(&self) -> StoreError {
        StoreError::inconsistent(self.table, self.column.clone(), self.id)
    }
}

/// All of them, or the error of the first that is damaged: decisions rest on every definition.
pub(crate) fn all_whole<T>(found: Vec<Found<T>>) -> Result<Vec<T>, StoreError> {
    found.into_iter().map(Found::whole).collect()
}

/// Reads a row of `table`, whose columns `D` decodes and `make` understands. The row has an `id`,
/// and what it is called is in its column `name`.
pub(crate) fn read<'r, D, T, R>(
    table: &'static str,
    name: &'static str,
    row: &'r R,
    make: impl FnOnce(D) -> Result<T, StoreError>,
) -> Result<Found<T>, StoreError>
where
    R: Row,
    D: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Option<Text>: Decode<'r, R::Database> + Type<R::Database>,
{
    let column = match D::from_row(row).map(make) {
        Ok(Ok(whole)) => return Ok(Found::Whole(whole)),
        Ok(Err(StoreError::Inconsistent { column, .. })) => column.into_owned(),
        Ok(Err(error)) => return Err(error),
        Err(error) => match StoreError::from(error) {
            StoreError::Undecodable { column } => column,
            error => return Err(error),
        },
    };
    let name = row.try_get::<Option<Text>, _>(name).ok().flatten();
    Ok(Found::Damaged(DamagedRow {
        table,
        column,
        id: row.try_get("id")?,
        name: name.map_or_else(String::new, |name| name.shown().to_owned()),
        created_at: Timestamp(row.try_get("created_at").unwrap_or(0)),
    }))
}

/// Runs a query and reads each of its rows by itself.
macro_rules! fetch_found {
    ($target:expr, $table:literal, $name:literal, $make:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::connection::on!($target, connection => sqlx::query($sql)
            $(.bind($value))*
            .fetch_all(connection)
            .await?
            .iter()
            .map(|row| $crate::found::read($table, $name, row, $make))
            .collect::<Result<Vec<_>, $crate::error::StoreError>>()?)
    };
}

pub(crate) use fetch_found;
