//! Publishes what was committed to subscribers in this process and, on PostgreSQL, to the other
//! replicas.
//!
//! Notices are a convenience and never proof: what must not be missed is read from the database,
//! as the version of a workspace's definitions is.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_database::connection::{CONNECT_TIMEOUT, ConnectTarget, Connection, execute};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_rows::audit_row::{self, AuditRow};
use sqlx::postgres::{PgListener, PgNotification, PgPool, PgPoolOptions};
use tokio::sync::{broadcast, mpsc};

/// How many notices a slow subscriber may lag behind before it misses some. Bounds memory; a
/// subscriber that lags further reads the database again.
const NOTICES_MAX: usize = 4096;

/// How many commits may wait to be announced to the other replicas. Past this the replicas read
/// everything again, which costs less than announcing each commit.
const OUTBOUND_MAX: usize = 1024;

/// How long to wait before a lost connection is opened again. Short, because replicas learn of
/// changes only by polling in the meantime, yet no busy loop while the database is down.
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// How long a listener may receive nothing before its connection is checked. A check is one short
/// query, and a call that waits for a ruling on another replica waits no longer than this.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// How long an announcement may take, with opening a connection for it. It takes milliseconds; a
/// connection that is silent for this long is treated as lost.
const ANNOUNCE_TIMEOUT: Duration = Duration::from_secs(5);

/// The notification channel that replicas share.
pub const CHANNEL: &str = "gaiterguard";

/// Something that was committed, by this replica or another one.
#[derive(Clone, Debug)]
pub enum Notice {
    /// An audit entry, committed with the change it describes.
    Entry(Arc<AuditEntry>),
    /// The definitions of a workspace have changed.
    AuthorityChanged(WorkspaceId),
    /// Some notices of other replicas were lost: state built from notices must be read again.
    Missed,
}

/// Sends notices to subscribers and queues announcements to other replicas.
pub struct Feed {
    own: String,
    notices: broadcast::Sender<Notice>,
    outbound: Option<mpsc::Sender<Span>>,
}

/// Consecutive entries of a chain.
#[derive(Clone, Copy)]
pub struct Span {
    chain: i64,
    first: i64,
    last: i64,
}

/// An announcement of another replica.
enum Message {
    Entries(Span),
    Authority(WorkspaceId),
    Missed,
}

impl Feed {
    /// Returns a feed and, on PostgreSQL, the queue of announcements to other replicas.
    pub fn new(replica: ReplicaId, is_shared: bool) -> (Self, Option<mpsc::Receiver<Span>>) {
        let (outbound, queue) = is_shared.then(|| mpsc::channel(OUTBOUND_MAX)).unzip();
        let feed = Self {
            own: replica.0.simple().to_string(),
            notices: broadcast::channel(NOTICES_MAX).0,
            outbound,
        };
        (feed, queue)
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    pub fn authority_payload(&self, workspace: WorkspaceId) -> String {
        format!("{} a {workspace}", self.own)
    }

    /// Publishes a commit.
    pub fn publish(&self, entries: Vec<AuditEntry>, authority: &[WorkspaceId]) {
        for workspace in authority {
            self.send(Notice::AuthorityChanged(*workspace));
        }
        if let (Some(outbound), Some(first), Some(last)) =
            (&self.outbound, entries.first(), entries.last())
        {
            // A full queue means that the announcer cannot reach the database. It sends "missed"
            // once it can, so nothing is lost here.
            let _ = outbound.try_send(Span {
                chain: first.chain,
                first: first.sequence,
                last: last.sequence,
            });
        }
        for entry in entries {
            self.send(Notice::Entry(Arc::new(entry)));
        }
    }

    /// Sends a notice to this process. It fails only if there are no subscribers, which is normal.
    fn send(&self, notice: Notice) {
        let _ = self.notices.send(notice);
    }

    /// Parses an announcement; `None` for this replica's own.
    fn parse(&self, payload: &str) -> Option<Message> {
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

/// Announces this replica's commits to the others, on a connection of its own: a NOTIFY inside the
/// ledger's transactions would serialize their commits, because PostgreSQL takes a global lock for
/// it.
pub async fn announce(target: ConnectTarget, feed: Arc<Feed>, mut queue: mpsc::Receiver<Span>) {
    let own = &feed.own;
    let mut connection = None;
    while let Some(span) = queue.recv().await {
        let payload = if queue.len() + 1 >= OUTBOUND_MAX {
            format!("{own} m")
        } else {
            format!("{own} e {} {} {}", span.chain, span.first, span.last)
        };
        // Repeated until it succeeds, because there may never be another commit to announce.
        loop {
            let announcing = announce_one(&target, &mut connection, &payload);
            if let Ok(Ok(())) = tokio::time::timeout(ANNOUNCE_TIMEOUT, announcing).await {
                break;
            }
            connection = None;
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }
}

async fn announce_one(
    target: &ConnectTarget,
    connection: &mut Option<Connection>,
    payload: &str,
) -> Result<(), StoreError> {
    let connection = if let Some(connection) = connection {
        connection
    } else {
        let mut opened = Connection::open(target).await?;
        // A crash may lose an announcement; its readers reconnect then and read everything again.
        execute!(opened, "SET synchronous_commit = off");
        connection.insert(opened)
    };
    execute!(connection, "SELECT pg_notify($1, $2)", CHANNEL, payload);
    Ok(())
}

/// Forwards what other replicas commit to this process's subscribers. Never returns.
pub async fn listen(options: sqlx::postgres::PgConnectOptions, readers: PgPool, feed: Arc<Feed>) {
    let mut is_reconnect = false;
    loop {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(options.clone());
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            // PostgreSQL keeps no notifications for a listener that is disconnected.
            if is_reconnect {
                feed.send(Notice::Missed);
            }
            while let Some(notification) = next(&mut listener).await {
                if let Some(message) = feed.parse(notification.payload()) {
                    forward(&feed, &readers, message).await;
                }
            }
        }
        is_reconnect = true;
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

/// Returns the next notification; `None` if the connection is lost. That may happen without a sign,
/// so a silent connection is checked.
async fn next(listener: &mut PgListener) -> Option<PgNotification> {
    loop {
        // No notification is lost if this times out: a message is taken only once it is complete.
        if let Ok(received) = tokio::time::timeout(SILENCE_MAX, listener.try_recv()).await {
            return received.ok().flatten();
        }
        let check = sqlx::query("SELECT 1").execute(&mut *listener);
        tokio::time::timeout(CONNECT_TIMEOUT, check)
            .await
            .ok()?
            .ok()?;
    }
}

async fn forward(feed: &Feed, readers: &PgPool, message: Message) {
    match message {
        Message::Authority(workspace) => feed.send(Notice::AuthorityChanged(workspace)),
        Message::Missed => feed.send(Notice::Missed),
        Message::Entries(span) => match entries(readers, span).await {
            Ok(entries) => {
                for entry in entries {
                    feed.send(Notice::Entry(Arc::new(entry)));
                }
            }
            Err(_) => feed.send(Notice::Missed),
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
    Ok(audit_row::entries(rows))
}
