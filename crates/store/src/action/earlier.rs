//! Earlier attempts at what a held request would do, and its repetitions.

use std::collections::HashMap;

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::connection::with_connection;
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::action::{Action, ActionState};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::repeats::Repeats;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::action_state::StateRow;

use crate::store::Store;

/// The past of a held request: how it was repeated, and the last attempt at the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionPast {
    /// How the agent repeated it while it was pending.
    pub repeats: Option<Repeats>,
    /// The last attempt.
    pub attempt: Option<EarlierAttempt>,
}

/// An earlier held request of the same agent that was decided: the same request, or one that the upstream
/// refused.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierAttempt {
    /// Its id.
    pub action: ActionId,
    /// Whether its payload is the same.
    pub is_same: bool,
    /// Its intent. Untrusted text.
    pub intent: String,
    /// Its state.
    pub state: ActionState,
    /// The status of the upstream's response.
    pub response_status: Option<u16>,
    /// When it was held.
    pub held_at: Timestamp,
}

/// Finds for each action the newest earlier one with the same payload that is not pending, and the newest
/// earlier one of the same operation that a human has ruled on. The condition on `approved_by` and `status`
/// repeats the index's condition literally: otherwise the databases would not use it.
static PAST: ManyRows = ManyRows::new(
    "SELECT actions.id, actions.repeats,
        (SELECT earlier.id FROM actions AS earlier
         WHERE earlier.agent_id = actions.agent_id AND earlier.payload = actions.payload
           AND earlier.created_at < actions.created_at AND earlier.status <> 'PENDING'
         ORDER BY earlier.created_at DESC LIMIT 1),
        (SELECT earlier.id FROM actions AS earlier
         WHERE earlier.operation = actions.operation AND earlier.agent_id = actions.agent_id
           AND earlier.created_at < actions.created_at
           AND earlier.created_at >= actions.created_at - 86400000
           AND (earlier.approved_by IS NOT NULL OR earlier.status = 'DENIED')
         ORDER BY earlier.created_at DESC LIMIT 1)
     FROM actions WHERE id IN (VALUES ",
    1,
    ")",
);

static ATTEMPTS: ManyRows = ManyRows::new(
    "SELECT id, intent, answer_status, created_at, status, expires_at, approved_by, approved_at, approval_note,
        releases_at, started_at, resolution, resolved_by, resolved_at, resolution_note, detail
     FROM actions WHERE id IN (VALUES ",
    1,
    ")",
);

/// The lowest status of a response that makes an earlier attempt at the operation worth seeing: the upstream
/// refused it or failed (RFC 9110, section 15).
const UPSTREAM_REFUSED_MIN: u16 = 400;

#[derive(sqlx::FromRow)]
struct AttemptRow {
    id: Text,
    intent: Text,
    answer_status: Option<i64>,
    created_at: i64,
    #[sqlx(flatten)]
    state: StateRow,
}

impl AttemptRow {
    fn read(&self) -> Result<EarlierAttempt, StoreError> {
        let context = RowContext {
            table: "actions",
            id: &self.id,
        };
        let status = self.answer_status.map(u16::try_from).transpose();
        Ok(EarlierAttempt {
            action: context.action_id("id", self.id.lossy())?,
            is_same: true,
            intent: context.text("intent", &self.intent)?.to_owned(),
            state: self.state.read(self.id.lossy())?,
            response_status: status.map_err(|_| context.invalid("answer_status"))?,
            held_at: Timestamp(self.created_at),
        })
    }
}

type PastRow = (Text, Option<Text>, Option<String>, Option<String>);

impl Store {
    /// Returns the past of some actions. Actions without one are left out, and so is what cannot be read,
    /// which is logged.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn action_past(
        &self,
        actions: &[&Action],
    ) -> Result<HashMap<ActionId, ActionPast>, StoreError> {
        let ids: Vec<String> = actions.iter().map(|action| action.id.to_string()).collect();
        let rows: Vec<PastRow> = self.rows_of(&PAST, &ids).await?;
        let mut wanted: Vec<String> = rows
            .iter()
            .flat_map(|(_, _, same, similar)| same.iter().chain(similar))
            .cloned()
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let attempts: Vec<AttemptRow> = self.rows_of(&ATTEMPTS, &wanted).await?;
        let attempts: HashMap<&str, &AttemptRow> = attempts
            .iter()
            .map(|attempt| (attempt.id.lossy(), attempt))
            .collect();
        let mut found = HashMap::new();
        for row in &rows {
            match past(row, &attempts) {
                Ok((action, past)) if past != ActionPast::default() => {
                    found.insert(action, past);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "an action is damaged"),
            }
        }
        Ok(found)
    }

    async fn rows_of<R>(
        &self,
        statement: &'static ManyRows,
        ids: &[String],
    ) -> Result<Vec<R>, StoreError>
    where
        R: Send + Unpin,
        R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>,
        R: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        let mut reader = self.reader().await?;
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in chunks(ids) {
            let sql = reader.dialect().many_rows(statement, chunk.size);
            rows.extend(with_connection!(reader, connection => {
                let mut query = sqlx::query_as::<_, R>(sql);
                for id in chunk.padded() {
                    query = query.bind(id.map(String::as_str));
                }
                query.fetch_all(connection).await?
            }));
        }
        Ok(rows)
    }
}

/// Reads the past of one action. The same request comes before a similar one, of which only a response that
/// refused it says something about this one.
fn past(
    (id, repeats, same, similar): &PastRow,
    attempts: &HashMap<&str, &AttemptRow>,
) -> Result<(ActionId, ActionPast), StoreError> {
    let context = RowContext {
        table: "actions",
        id,
    };
    let repeats = repeats
        .as_ref()
        .map(|repeats| context.json("repeats", context.text("repeats", repeats)?))
        .transpose()?;
    let read = |id: &Option<String>| {
        let attempt = id.as_ref().and_then(|id| attempts.get(id.as_str()));
        attempt.map(|attempt| attempt.read()).transpose()
    };
    let attempt = match read(same)? {
        Some(same) => Some(same),
        None => read(similar)?
            .filter(|similar| similar.response_status >= Some(UPSTREAM_REFUSED_MIN))
            .map(|similar| EarlierAttempt {
                is_same: false,
                ..similar
            }),
    };
    let action = context.action_id("id", id.lossy())?;
    Ok((action, ActionPast { repeats, attempt }))
}
