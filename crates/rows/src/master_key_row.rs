//! Rows of `master_keys`.

use gaiterguard_database::error::StoreError;

/// A master key's name, and the link to its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterRow {
    /// The key's name.
    pub id: String,
    /// Whether new data keys are wrapped under it.
    pub is_current: bool,
    /// The link to its successor.
    pub link: Option<MasterLink>,
}

/// The next master key, sealed under the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterLink {
    /// The next key's name.
    pub next: String,
    /// The next key, sealed.
    pub sealed: Vec<u8>,
}

#[derive(sqlx::FromRow)]
pub struct MasterColumns {
    pub id: String,
    pub is_current: bool,
    pub next_id: Option<String>,
    pub link: Option<Vec<u8>>,
}

impl TryFrom<MasterColumns> for MasterRow {
    type Error = StoreError;

    fn try_from(row: MasterColumns) -> Result<Self, StoreError> {
        let link = match (row.next_id, row.link) {
            (Some(next), Some(sealed)) => Some(MasterLink { next, sealed }),
            (None, None) => None,
            _ => return Err(StoreError::inconsistent("master_keys", "link", row.id)),
        };
        Ok(Self {
            id: row.id,
            is_current: row.is_current,
            link,
        })
    }
}
