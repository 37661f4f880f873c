//! Measures the throughput of the ledger writer: decisions with a key and their ends, from many
//! concurrent callers.
//!
//! `cargo run --release -p gaiterguard-store --example group_commit -- URL CALLERS SECONDS [RULES]`
//!
//! `RULES` is how many rules match each decision (default: 1).

#![expect(clippy::print_stdout, reason = "a measurement prints its results")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gaiterguard_domain::approvals::ApprovalTerms;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::familiarity::OperationKey;
use gaiterguard_domain::id::{AgentId, DataKeyId, RequestId, RuleId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::{
    Completion, NewClaim, NewDecision, NewEntry, Outcome, Recorded, ReplicaId, Sealed,
    StoredResponse,
};
use gaiterguard_domain::request::{Digest, IdempotencyKey};
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::Email;
use gaiterguard_domain::verdict::{Decision, Evaluation, Verdict};
use gaiterguard_domain::workspace::AuthorityVersion;
use gaiterguard_store::{Purpose, Store, StoreOptions, UserCreated};
use uuid::Uuid;

type Failed = Box<dyn Error + Send + Sync>;

fn decision(
    workspace: WorkspaceId,
    version: AuthorityVersion,
    key: IdempotencyKey,
    rules: i64,
) -> NewDecision {
    let at = Timestamp(1);
    let matched_rules = (0..rules).map(|id| MatchedRule {
        id: RuleId(id),
        name: "a rule".to_owned(),
        effect: RuleEffect::Allow,
        unevaluated: None,
        terms: ApprovalTerms::default(),
    });
    NewDecision {
        entry: NewEntry {
            request_id: RequestId(Uuid::new_v4()),
            workspace,
            agent: AgentId(1),
            service: ServiceId(1),
            method: "POST".to_owned(),
            target_url: "https://api.example.com/v1/charges".to_owned(),
            intent: "charge a customer for a subscription".to_owned(),
            label: None,
            evaluation: Evaluation {
                decision: Decision::Forward,
                verdict: Verdict {
                    score: 0.125,
                    explanation: "A rule allows it.".to_owned(),
                    signals: vec![],
                },
                matched_rules: matched_rules.collect(),
                operation: None,
                approvals: None,
            },
            at,
        },
        authority: version,
        operation: Some(OperationKey([1; 16])),
        claim: Some(NewClaim {
            key,
            digest: Digest([7; 32]),
            expires_at: Timestamp(1_000_000),
        }),
        hold: None,
        digest: Some(Digest([7; 32])),
    }
}

/// Returns the processor time of this process so far; on Linux only.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(callers), Some(seconds)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("URL CALLERS SECONDS [RULES]".into());
    };
    let rules: i64 = arguments.next().map_or(Ok(1), |rules| rules.parse())?;
    let (callers, seconds): (usize, u64) = (callers.parse()?, seconds.parse()?);
    let store = Store::open(
        &url,
        StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Serve),
    )?;
    store.migrate().await?;
    let email = Email::parse(&format!("{}@example.com", Uuid::new_v4().simple()))?;
    let audit = NewAuditEntry {
        workspace: None,
        at: Timestamp(1),
        actor: Actor::Operator,
        event: Event::UserCreated,
        subject: Subject::Gateway,
        detail: serde_json::json!({}),
    };
    let created = store
        .user_create(&email, "none", false, Timestamp(1), |_, _| audit)
        .await?;
    let UserCreated::Created(_, workspace) = created else {
        return Err("no user".into());
    };
    let versions = store.authority_versions().await?;
    let version = versions
        .iter()
        .find(|(id, _)| *id == workspace)
        .ok_or("no workspace")?
        .1;

    let written = Arc::new(AtomicU64::new(0));
    let (began, processor_began) = (Instant::now(), processor_time());
    let until = began + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, written) = (store.clone(), Arc::clone(&written));
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < until {
                    let key = IdempotencyKey::parse(&Uuid::new_v4().to_string())?;
                    let asked = Instant::now();
                    let recorded = store
                        .record(decision(workspace, version, key.clone(), rules))
                        .await?;
                    waits.push(asked.elapsed());
                    let Recorded::Done(entry) = recorded else {
                        return Err("a fresh key was used".into());
                    };
                    let answer = StoredResponse {
                        status: 200,
                        content: Some(Sealed {
                            data_key: DataKeyId(1),
                            bytes: vec![7; 1024],
                        }),
                    };
                    let completion = Completion {
                        entry,
                        claim: Some((AgentId(1), key)),
                        outcome: Outcome::Responded(answer),
                        at: Timestamp(2),
                        audit: None,
                    };
                    store.complete(completion).await?;
                    written.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Failed>(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let (elapsed, processor) = (began.elapsed(), processor_time());
    waits.sort_unstable();
    let count = written.load(Ordering::Relaxed).max(1);
    println!("{count} decisions with their ends in {elapsed:.1?}");
    println!(
        "{} a second",
        u128::from(count) * 1000 / elapsed.as_millis().max(1)
    );
    if let (Some(before), Some(after)) = (processor_began, processor) {
        let each = after.saturating_sub(before).as_micros() / u128::from(count);
        println!("{each} µs of processor time for each");
    }
    for percent in [50, 99] {
        if let Some(wait) = waits.get(waits.len() * percent / 100) {
            println!("{percent} of 100 decisions were durable within {wait:.2?}");
        }
    }
    store.close().await;
    Ok(())
}
