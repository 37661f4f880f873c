//! What was committed, told to whoever listens in this process, and on PostgreSQL in every other.
//!
//! Telling is a convenience and never the proof: what must not be missed is read from the
//! database, as the version of a workspace's definitions is.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::ledger::ReplicaId;
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::sync::{broadcast, mpsc};

use crate::connection::{CONNECT_WAIT, Connection, Target, execute};
use crate::error::StoreError;
use crate::lane::AuditRow;

/// How many notices a slow listener may be behind before it misses some.
const NOTICES_KEPT_MAX: usize = 4096;

/// How many commits may wait to be told to the other replicas.
const OUTBOUND_MAX: usize = 1024;

/// How long to wait before a lost listener's connection is opened again.
const RECONNECT_WAIT: Duration = Duration::from_millis(500);

/// The channel that replicas talk on.
pub(crate) const CHANNEL: &str = "gaiterguard";

/// Something that was committed, here or on another replica.
#[derive(Clone, Debug)]
pub enum Notice {
    /// An audit entry, and with it the change it tells of.
    Entry(Arc<AuditEntry>),
    /// The definitions of a workspace have changed.
    AuthorityChanged(WorkspaceId),
    /// Some notices of other replicas were lost: whatever was built from them must be read again.
    Missed,
}

/// Where notices go.
pub(crate) struct Feed {
    own: String,
    notices: broadcast::Sender<Notice>,
    outbound: Option<mpsc::Sender<Span>>,
}

/// Entries of a chain that follow one another.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    chain: i64,
    first: i64,
    last: i64,
}

/// What another replica said.
enum Message {
    Entries(Span),
    Authority(WorkspaceId),
    Missed,
}

impl Feed {
    /// A feed, and on PostgreSQL the queue of what is to be told to other replicas.
    pub(crate) fn new(replica: ReplicaId, shared: bool) -> (Self, Option<mpsc::Receiver<Span>>) {
        let (outbound, queue) = shared.then(|| mpsc::channel(OUTBOUND_MAX)).unzip();
        let feed = Self {
            own: replica.0.simple().to_string(),
            notices: broadcast::channel(NOTICES_KEPT_MAX).0,
            outbound,
        };
        (feed, queue)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    pub(crate) fn authority_payload(&self, workspace: WorkspaceId) -> String {
        format!("{} a {workspace}", self.own)
    }

    /// Tells of a commit.
    pub(crate) fn committed(&self, entries: Vec<AuditEntry>, authority: &[WorkspaceId]) {
        for workspace in authority {
            self.tell(Notice::AuthorityChanged(*workspace));
        }
        if let (Some(outbound), Some(first), Some(last)) =
            (&self.outbound, entries.first(), entries.last())
        {
            // A full queue means that the notifier cannot reach the database; it tells the others
            // to read again once it can.
            let _ = outbound.try_send(Span {
                chain: first.chain,
                first: first.sequence,
                last: last.sequence,
            });
        }
        for entry in entries {
            self.tell(Notice::Entry(Arc::new(entry)));
        }
    }

    /// Nobody listening is no trouble.
    fn tell(&self, notice: Notice) {
        let _ = self.notices.send(notice);
    }

    fn message(&self, payload: &str) -> Option<Message> {
        let mut words = payload.split(' ');
        if words.next()? == self.own {
            return None;
        }
        let kind = words.next()?;
        let mut number = || words.next()?.parse::<i64>().ok();
        Some(match kind {
            "e" => Message::Entries(Span {
                chain: number()?,
                first: number()?,
                last: number()?,
            }),
            "a" => Message::Authority(WorkspaceId(number()?)),
            _ => Message::Missed,
        })
    }
}

/// Tells other replicas what this one commits, on a connection of its own: a NOTIFY inside the
/// ledger's transactions would make their commits wait for one another.
pub(crate) async fn notify(
    target: Target,
    feed: Arc<crate::store::Shared>,
    mut queue: mpsc::Receiver<Span>,
) {
    let own = feed.feed().own.clone();
    let mut connection = None;
    let mut missed = false;
    while let Some(span) = queue.recv().await {
        let payload = if missed || queue.len() + 1 >= OUTBOUND_MAX {
            format!("{own} m")
        } else {
            format!("{own} e {} {} {}", span.chain, span.first, span.last)
        };
        missed = notify_one(&target, &mut connection, payload).await.is_err();
        if missed {
            connection = None;
            tokio::time::sleep(RECONNECT_WAIT).await;
        }
    }
}

async fn notify_one(
    target: &Target,
    connection: &mut Option<Connection>,
    payload: String,
) -> Result<(), StoreError> {
    let connection = if let Some(connection) = connection {
        connection
    } else {
        let mut opened = Connection::open(target).await?;
        // A notification that a crash loses is one that its reader reads again anyway.
        execute!(opened, "SET synchronous_commit = off");
        connection.insert(opened)
    };
    execute!(
        connection,
        "SELECT pg_notify($1, $2)",
        CHANNEL,
        payload.as_str()
    );
    Ok(())
}

/// Passes on what other replicas commit. Never ends by itself.
pub(crate) async fn listen(
    options: sqlx::postgres::PgConnectOptions,
    readers: PgPool,
    shared: Arc<crate::store::Shared>,
) {
    let feed = shared.feed();
    let mut again = false;
    loop {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_WAIT)
            .connect_lazy_with(options.clone());
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            // What was said while nobody listened is lost.
            if again {
                feed.tell(Notice::Missed);
            }
            while let Ok(Some(notification)) = listener.try_recv().await {
                if let Some(message) = feed.message(notification.payload()) {
                    pass_on(feed, &readers, message).await;
                }
            }
        }
        again = true;
        tokio::time::sleep(RECONNECT_WAIT).await;
    }
}

async fn pass_on(feed: &Feed, readers: &PgPool, message: Message) {
    match message {
        Message::Authority(workspace) => feed.tell(Notice::AuthorityChanged(workspace)),
        Message::Missed => feed.tell(Notice::Missed),
        Message::Entries(span) => match entries(readers, span).await {
            Ok(entries) => {
                for entry in entries {
                    feed.tell(Notice::Entry(Arc::new(entry)));
                }
            }
            Err(_) => feed.tell(Notice::Missed),
        },
    }
}

async fn entries(readers: &PgPool, span: Span) -> Result<Vec<AuditEntry>, StoreError> {
    let rows: Vec<AuditRow> = sqlx::query_as(
        "SELECT * FROM audit WHERE chain = $1 AND sequence BETWEEN $2 AND $3 ORDER BY sequence",
    )
    .bind(span.chain)
    .bind(span.first)
    .bind(span.last)
    .fetch_all(readers)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
