//! Rows of `users`.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::{Email, User};

/// The columns of a user, without the password.
#[derive(sqlx::FromRow)]
pub struct UserRow {
    id: i64,
    email: Text,
    email_normalized: Text,
    created_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "users",
            id: &row.id,
        };
        Ok(Self {
            id: UserId(row.id),
            email: email(context, &row.email, &row.email_normalized)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

/// Reads an email address. If the spelling is damaged, the normalized address serves as well: it is the one that
/// people are looked up by.
///
/// # Errors
///
/// [`StoreError::Inconsistent`] if the normalized address is damaged.
pub fn email(
    context: RowContext<'_>,
    spelled: &Text,
    normalized: &Text,
) -> Result<Email, StoreError> {
    let normalized = context.text("email_normalized", normalized)?;
    let spelled = Email::parse(spelled.lossy()).ok();
    match spelled.filter(|email| email.normalized() == normalized) {
        Some(email) => Ok(email),
        None => Email::parse(normalized).map_err(|_| context.invalid("email_normalized")),
    }
}
