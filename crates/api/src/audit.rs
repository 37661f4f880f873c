//! `/audit`: lists, exports, and verifies the audit log.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use axum::{BoxError, Json};
use futures_util::Stream;
use futures_util::stream::unfold;
use gaiterguard_domain::audit::{Actor, AuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_evidence::{CheckpointDocument, Checkpoints, VerifyError};
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_store::{ActorFilter, AuditFilter, Store};
use gaiterguard_web::extract::ApiQuery;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound};
use gaiterguard_web::session::with_session;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::{List, PageQuery};
use super::people::People;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Read,
        OpenApiRouter::new()
            .routes(routes!(list))
            .routes(routes!(verify))
            .routes(routes!(checkpoint))
            .routes(routes!(export)),
    )
}

/// Entries per database query of an export. Same as the longest page of the list.
const EXPORT_PAGE_ENTRIES: u32 = 200;

/// Serializes verifications: each reads the whole log, which is expensive for the database.
static VERIFYING: Mutex<()> = Mutex::const_new(());

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// Unique identifier.
    id: i64,
    /// Chain that the entry belongs to. Each process writes chains of its own: one with SQLite, two
    /// with PostgreSQL.
    chain: i64,
    /// Position in the chain, from 1. A chain contains entries of all workspaces, so positions have
    /// gaps in the log of one workspace, but not in the chain.
    sequence: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it: `user:ID`, `agent:ID`, `gateway`, or `operator`.
    #[schema(example = "user:1")]
    actor: String,
    /// Email address of the user who did it. Null for any other actor, and for a user who is not a
    /// member of the workspace.
    #[schema(required, example = "nora@example.com")]
    actor_name: Option<String>,
    /// Name of the event.
    #[schema(example = "action.approved")]
    event: String,
    /// The object that it happened to.
    #[schema(example = "service:3")]
    subject: String,
    /// Details of the event. If the body of a request was streamed or not read, `digest` is null
    /// and `body` gives the reason; the digest of what was sent is in the entry `request.ended`.
    /// The entry of a decision contains `decision`, `risk_score`, `matched_rules`, and `operation`;
    /// the entry that several reads share contains `request_ids`.
    #[schema(value_type = Object)]
    detail: Option<Box<RawValue>>,
    /// Digests of the rows that were written with this entry: a request with its URL, intent, and
    /// assessment; reads that share the entry (`reads`); the new state of an action; and how requests
    /// ended (`ends`). Absent if the entry
    /// covers no rows.
    #[schema(value_type = Object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<Box<RawValue>>,
    /// Hash of the previous entry in the chain.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    previous_hash: String,
    /// Hash of this entry.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
}

impl AuditBody {
    fn of(entry: AuditEntry, people: &People) -> Self {
        let actor_name = match entry.actor.parse() {
            Ok(Actor::User(user)) => people.name(user),
            _ => None,
        };
        Self {
            id: entry.id.0,
            chain: entry.chain,
            sequence: entry.sequence,
            at: entry.at,
            actor: entry.actor,
            actor_name,
            event: entry.event,
            subject: entry.subject,
            // Verbatim, because the hash covers these exact bytes.
            detail: RawValue::from_string(entry.detail).ok(),
            covers: entry
                .covers
                .and_then(|covers| RawValue::from_string(covers).ok()),
            previous_hash: entry.previous_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// Filters of the audit log, without `event`, which may be repeated.
#[derive(Debug, Deserialize)]
struct Filter {
    actor: Option<String>,
    subject: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The filters as they are documented.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it only describes the parameters, which `Filter` reads"
)]
struct DocumentedFilter {
    /// Return only entries with this event. Can be repeated. The reference of audit events lists all
    /// events.
    #[param(value_type = Option<Vec<String>>, example = json!(["rule.created", "rule.updated"]))]
    event: Option<Vec<Event>>,
    /// Return only entries by this actor (`user:ID`, `agent:ID`, `gateway`, `operator`) or by this
    /// kind of actor (`user`, `agent`).
    #[param(value_type = Option<String>, example = "user:1")]
    actor: Option<ActorFilter>,
    /// Return only entries about this object.
    #[param(value_type = Option<String>, example = "service:3")]
    subject: Option<Subject>,
    /// Return only entries from this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Return only entries before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

impl Filter {
    /// Reads the filter, with all `event` parameters of the query.
    fn read(self, query: &[(String, String)]) -> Result<AuditFilter, Problem> {
        let named = query.iter().filter(|(name, _)| name == "event");
        let mut events: Vec<Event> = named
            .map(|(_, event)| event.parse().map_err(|_| unknown_event(event)))
            .collect::<Result<_, _>>()?;
        events.sort_unstable_by_key(|event| event.as_str());
        events.dedup();
        Ok(AuditFilter {
            events,
            actor: self.actor.as_deref().map(actor).transpose()?,
            subject: self.subject.as_deref().map(subject).transpose()?,
            since: time("from", self.from.as_deref())?,
            until: time("to", self.to.as_deref())?,
        })
    }
}

/// 400 for an unknown event. Lists the events of the same noun, or else all.
fn unknown_event(event: &str) -> Problem {
    let noun = event.split_once('.').map_or(event, |(noun, _)| noun);
    let all = || Event::ALL.iter().map(|event| event.as_str());
    let of_noun = |known: &&str| {
        known
            .split_once('.')
            .is_some_and(|(known, _)| known == noun)
    };
    let mut known: Vec<&str> = all().filter(of_noun).collect();
    if known.is_empty() {
        known = all().collect();
    }
    Problem::field(
        "event",
        format!("unknown event: must be one of {}", known.join(", ")),
    )
}

fn actor(text: &str) -> Result<ActorFilter, Problem> {
    match text {
        "user" => Ok(ActorFilter::Users),
        "agent" => Ok(ActorFilter::Agents),
        _ => text.parse().map(ActorFilter::One).map_err(|_| {
            Problem::field(
                "actor",
                "must be user, agent, gateway, operator, user:ID, or agent:ID",
            )
        }),
    }
}

fn subject(text: &str) -> Result<Subject, Problem> {
    text.parse().map_err(|_| {
        Problem::field(
            "subject",
            "must be the subject of an entry, such as service:3 or action:UUID",
        )
    })
}

fn time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        text.parse().map_err(|_| {
            Problem::field(
                field,
                "must be an RFC 3339 time, such as 2026-03-04T05:06:07Z",
            )
        })
    })
    .transpose()
}

/// List audit entries
///
/// Returns entries, newest first. Entries form hash chains, so changes and removals are detectable;
/// `POST /audit/verify` checks all of them. Filtering by `request.forwarded` or `request.ended` is
/// slow in a large log, because these events are not indexed: also set `from`.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listAudit",
    tag = "audit",
    params(DocumentedFilter, PageQuery),
    responses(
        (status = 200, description = "A page of audit entries.", body = List<AuditBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<Filter>,
    ApiQuery(all): ApiQuery<Vec<(String, String)>>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<AuditBody>>, Problem> {
    let filter = filter.read(&all)?;
    let (store, workspace) = (gateway.store(), caller.workspace());
    let page = store
        .audit_list(workspace, &filter, query.cursor(), query.limit.get())
        .await?;
    let people = People::of(store, workspace).await?;
    Ok(Json(List::of(page, |entry| AuditBody::of(entry, &people))))
}

/// Result of a verification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerified)]
pub(crate) struct VerifiedBody {
    /// Whether every entry follows from the one before it, no entry is missing at the end of a
    /// chain, and the stored requests and actions match their entries.
    ok: bool,
    /// Number of entries that were verified.
    entries: u64,
    /// The first fault that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    first_fault: Option<String>,
}

/// Verify the audit log
///
/// Reads all chains of this gateway, as `gaiterguard audit verify` does; the chains contain entries
/// of every workspace. Compares stored requests and actions with what their entries recorded.
#[utoipa::path(
    post,
    path = "/audit/verify",
    operation_id = "verifyAudit",
    tag = "audit",
    responses((status = 200, description = "The result.", body = VerifiedBody))
)]
async fn verify(
    State(gateway): State<Arc<Gateway>>,
    _: Caller,
) -> Result<Json<VerifiedBody>, Problem> {
    let _turn = VERIFYING.lock().await;
    let mut held = 0;
    let verified = gaiterguard_evidence::verify(gateway.store(), None, |entries| held = entries);
    Ok(Json(match verified.await.map_err(not_verified)? {
        Ok(entries) => VerifiedBody {
            ok: true,
            entries,
            first_fault: None,
        },
        Err(broken) => VerifiedBody {
            ok: false,
            entries: held,
            first_fault: Some(broken.to_string()),
        },
    }))
}

/// The database failed: without a checkpoint that was kept, there is no other reason.
fn not_verified(error: VerifyError) -> Problem {
    match error {
        VerifyError::Store(error) => error.into(),
        VerifyError::Forged | VerifyError::OtherKey { .. } => Problem::internal(),
    }
}

/// Get the newest checkpoint
///
/// Returns the newest signed checkpoint of the audit log: the heads of the chains that have grown since the one before
/// it. Keep it where the gateway's database cannot be changed. `gaiterguard audit verify --checkpoint` shows later
/// whether the log still contains everything up to it. A checkpoint is made every five minutes, after a thousand
/// entries, and when the gateway stops.
#[utoipa::path(
    get,
    path = "/audit/checkpoint",
    operation_id = "getAuditCheckpoint",
    tag = "audit",
    responses(
        (status = 200, description = "The newest checkpoint.", body = CheckpointDocument),
        NotFound,
    )
)]
async fn checkpoint(
    State(checkpoints): State<Checkpoints>,
    _: Caller,
) -> Result<Json<CheckpointDocument>, Problem> {
    let newest = checkpoints.newest().await?;
    let newest = newest.ok_or_else(|| {
        Problem::not_found(
            "there is no checkpoint yet: the gateway makes the first one within seconds of its start",
        )
    })?;
    Ok(Json(CheckpointDocument::of(&newest)))
}

/// Export the audit log
///
/// Returns every entry of the workspace as a line of JSON, newest first. If the export fails or the
/// session ends, the gateway closes the connection before the response is complete.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "exportAudit",
    tag = "audit",
    responses((
        status = 200,
        description = "One line per entry, in the format of `GET /audit`.",
        body = String,
        content_type = "application/x-ndjson",
        headers(("Content-Disposition" = String, description = "Suggested file name.")),
    ))
)]
async fn export(
    State(gateway): State<Arc<Gateway>>,
    State(identity): State<Arc<Identity>>,
    caller: Caller,
) -> Result<impl IntoResponse, Problem> {
    let people = People::of(gateway.store(), caller.workspace()).await?;
    let lines = lines(gateway.store().clone(), identity, people, caller);
    let headers = AppendHeaders([
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ]);
    Ok((headers, Body::from_stream(lines)))
}

/// Position of an export.
enum Next {
    First,
    After(String),
    Nothing,
}

impl Next {
    /// Reads the page at this position and returns its lines with the next position.
    async fn page(
        &self,
        store: &Store,
        workspace: WorkspaceId,
        people: &People,
    ) -> Result<(Bytes, Self), BoxError> {
        let cursor = match self {
            Self::After(cursor) => Some(cursor.as_str()),
            Self::First | Self::Nothing => None,
        };
        let page = store
            .audit_list(
                workspace,
                &AuditFilter::default(),
                cursor,
                EXPORT_PAGE_ENTRIES,
            )
            .await?;
        let mut lines = Vec::new();
        for entry in page.items {
            serde_json::to_writer(&mut lines, &AuditBody::of(entry, people))?;
            lines.push(b'\n');
        }
        let next = page.next_cursor.map_or(Self::Nothing, Self::After);
        Ok((lines.into(), next))
    }
}

/// Streams the entries of a workspace as lines. Reads one page at a time as the client consumes
/// them, and stops when the caller's session ends.
fn lines(
    store: Store,
    identity: Arc<Identity>,
    people: People,
    caller: Caller,
) -> impl Stream<Item = Result<Bytes, BoxError>> + Send {
    let begin = (store, identity, people, Next::First);
    unfold(begin, move |(store, identity, people, next)| async move {
        if matches!(next, Next::Nothing) {
            return None;
        }
        let page = async {
            identity.confirm(&caller.0).await?;
            next.page(&store, caller.workspace(), &people).await
        };
        match page.await {
            Ok((lines, next)) => Some((Ok(lines), (store, identity, people, next))),
            Err(error) => {
                tracing::error!(%error, "an export of the audit log failed");
                Some((Err(error), (store, identity, people, Next::Nothing)))
            }
        }
    })
}
