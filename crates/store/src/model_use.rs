//! Language model usage by day: one row for all replicas, to which each adds its own usage.

use gaiterguard_database::connection::{fetch_all, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::time::{Day, Timestamp};
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// Language model usage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ModelUse {
    /// How many calls were made.
    pub calls: i64,
    /// How many tokens were sent.
    pub input_tokens: i64,
    /// How many tokens were generated.
    pub output_tokens: i64,
    /// The cost, in the currency of the configured prices.
    pub cost: f64,
}

#[derive(sqlx::FromRow)]
struct ModelUseRow {
    day: i64,
    calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: f64,
}

impl From<ModelUseRow> for (Day, ModelUse) {
    fn from(row: ModelUseRow) -> Self {
        let used = ModelUse {
            calls: row.calls,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost: row.cost,
        };
        (Day(row.day), used)
    }
}

impl Store {
    /// Adds to a day's usage. Returns the day's total.
    ///
    /// # Errors
    ///
    /// After an error it is unknown whether the usage was added.
    pub async fn model_use_add(
        &self,
        day: Day,
        used: ModelUse,
        at: Timestamp,
    ) -> Result<ModelUse, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let row = fetch_one!(
            tx,
            ModelUseRow,
            "INSERT INTO model_use (day, calls, input_tokens, output_tokens, cost)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (day) DO UPDATE SET calls = model_use.calls + excluded.calls,
                input_tokens = model_use.input_tokens + excluded.input_tokens,
                output_tokens = model_use.output_tokens + excluded.output_tokens,
                cost = model_use.cost + excluded.cost
             RETURNING *",
            day.0,
            used.calls,
            used.input_tokens,
            used.output_tokens,
            used.cost,
        );
        tx.commit().await?;
        let (_, all) = row.into();
        Ok(all)
    }

    /// Lists the usage of each day since a day, oldest first. Days without usage are left out.
    pub async fn model_use_since(&self, since: Day) -> Result<Vec<(Day, ModelUse)>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            ModelUseRow,
            "SELECT * FROM model_use WHERE day >= $1 ORDER BY day",
            since.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
