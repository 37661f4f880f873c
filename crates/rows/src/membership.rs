//! Roles and limits as columns.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::workspace::{Membership, Role};
use serde::Serialize;

/// The columns of a membership, in `members` and in `invitations`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MembershipRow {
    role: Text,
    services: Option<Text>,
    effects: Option<Text>,
}

impl MembershipRow {
    /// Reads the columns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if one is damaged.
    pub fn read(&self, context: RowContext<'_>) -> Result<Membership, StoreError> {
        let role = context.text("role", &self.role)?;
        let services = self.services.as_ref();
        let effects = self.effects.as_ref();
        Ok(Membership {
            role: Role::parse(role).ok_or_else(|| context.invalid("role"))?,
            services: services
                .map(|text| {
                    let text = context.text("services", text)?;
                    context.json::<Vec<ServiceId>>("services", text)
                })
                .transpose()?,
            effects: effects
                .map(|text| {
                    let text = context.text("effects", text)?;
                    context.json::<Vec<Effect>>("effects", text)
                })
                .transpose()?,
        })
    }
}

/// A limit as it is stored: a JSON array, or NULL for no limit.
pub fn limit_text<T: Serialize>(limit: Option<&Vec<T>>) -> Option<String> {
    limit.map(|items| serde_json::json!(items).to_string())
}

/// Returns the context of the row of a member, for errors.
pub fn context(user: &dyn std::fmt::Display) -> RowContext<'_> {
    RowContext {
        table: "members",
        id: user,
    }
}
