//! `kill -9` again and again, at moments that a seed chooses: everything acknowledged remains true, and nothing
//! reaches the upstream twice.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    Agent, Held, Human, Response, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::json;

on_both_databases!(fifty_kills_lose_nothing_and_repeat_nothing);

/// How often the gateway is killed, on each database.
const KILLS: u64 = 50;

/// How many requests are in progress at each kill.
const FLOWS: u64 = 6;

/// The latest moment of a kill after the start of its round.
const KILL_AFTER_MAX_MS: u64 = 360;

/// The moment of every tenth kill.
const KILL_LATE_MS: u64 = 1200;

/// The seed that chooses the moments.
const SEED: u64 = 0x5eed_0001;

/// On PostgreSQL an execution counts as lost only after the lease of its replica.
const RECOVERY_LIMIT: Duration = Duration::from_secs(45);

/// A request and everything about it that the gateway acknowledged.
#[derive(Debug, Default)]
struct Flow {
    path: String,
    held: Option<Held>,
    was_approved: bool,
    was_denied: bool,
    executed: Option<Response>,
}

async fn fifty_kills_lose_nothing_and_repeat_nothing(storage: Storage) {
    // An action that is undecided at a kill remains pending.
    let builder = TestGateway::builder(storage).setting("MAX_PENDING_PER_AGENT", KILLS * FLOWS);
    let mut scene = Scene::on(builder).await;
    let mut random = SEED;
    let mut flows = Vec::new();
    for round in 0..KILLS {
        let mut running = tokio::task::JoinSet::new();
        for number in 0..FLOWS {
            let (agent, human) = (scene.agent.clone(), scene.human.clone());
            running.spawn(live(
                agent,
                human,
                format!("/flow-{round}-{number}"),
                number,
            ));
        }
        // Some kills are late enough that some actions were executed before, however busy the machine is.
        let chosen = next(&mut random) % KILL_AFTER_MAX_MS;
        let pause = Duration::from_millis(if round % 10 == 9 {
            KILL_LATE_MS
        } else {
            chosen
        });
        tokio::time::sleep(pause).await;
        scene.gateway.kill9();
        while let Some(flow) = running.join_next().await {
            flows.push(flow.unwrap());
        }
        scene.gateway.restart().await;
    }

    let mut tally = [0; 3];
    for flow in &flows {
        let Some(held) = &flow.held else { continue };
        let status = settled(&scene, held).await;
        let sent = scene.upstream.received_at(&flow.path).len();
        match status.as_str() {
            "EXECUTED" => assert_eq!(sent, 1, "{flow:?}"),
            "INDETERMINATE" => assert!(sent <= 1, "{flow:?}"),
            _ => assert_eq!(sent, 0, "{status} {flow:?}"),
        }
        if flow.executed.is_some() {
            assert_eq!(status, "EXECUTED", "{flow:?}");
            tally[0] += 1;
        } else if flow.was_approved {
            let kept = matches!(status.as_str(), "APPROVED" | "EXECUTED" | "INDETERMINATE");
            assert!(kept, "{status} {flow:?}");
            tally[1] += 1;
        } else if flow.was_denied {
            assert_eq!(status, "DENIED", "{flow:?}");
            tally[2] += 1;
        }
        if status == "APPROVED" {
            let response = scene.agent.execute(held).send().await;
            response.expect_status(200);
        }
    }
    // Without kills at every stage this test proves nothing.
    assert!(tally.iter().all(|count| *count > 0), "{tally:?}");

    for flow in &flows {
        let sent = scene.upstream.received_at(&flow.path).len();
        assert!(sent <= 1, "{} was sent {sent} times", flow.path);
        // A client that got no response repeats its request, which is still the same one.
        let again = propose(&scene.agent, &flow.path).await.unwrap();
        match (&flow.held, again.status.as_u16()) {
            (Some(held), 428) => assert_eq!(again.json()["action_id"], held.action_id.as_str()),
            (Some(_), 200) => assert_eq!(again.header("x-proxy-status"), Some("replayed")),
            (Some(_), 403) => assert!(flow.was_denied || !flow.was_approved, "{flow:?}"),
            (Some(_), 409) => assert_eq!(again.json()["code"], "outcome_unknown"),
            (None, 428) => {}
            _ => panic!("{} {} {flow:?}", again.status, again.text()),
        }
    }
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
}

/// Runs the life of one request until the gateway is killed: proposed and held, then denied, or approved and
/// executed.
async fn live(agent: Agent, human: Human, path: String, number: u64) -> Flow {
    let mut flow = Flow {
        path,
        ..Flow::default()
    };
    tokio::time::sleep(Duration::from_millis(number * 7)).await;
    let Ok(response) = propose(&agent, &flow.path).await else {
        return flow;
    };
    let held = Held::from_response(response);
    flow.held = Some(held.clone());
    let is_denied = number % 3 == 2;
    let ruling = if is_denied { "deny" } else { "approve" };
    let ruled = human
        .patch(&format!("/approvals/{}/{ruling}", held.action_id))
        .json(json!({"note": "seen"}))
        .try_send()
        .await;
    let Ok(ruled) = ruled else { return flow };
    ruled.expect_status(200);
    flow.was_denied = is_denied;
    flow.was_approved = !is_denied;
    if !is_denied && let Ok(response) = agent.execute(&held).try_send().await {
        flow.executed = Some(response.expect_status(200));
    }
    flow
}

async fn propose(
    agent: &Agent,
    path: &str,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    agent
        .propose(request("DELETE", path))
        .idempotency_key(path)
        .try_send()
        .await
}

/// Waits until the status of an action is final and returns it.
async fn settled(scene: &Scene, held: &Held) -> String {
    eventually("no execution is left over", RECOVERY_LIMIT, || async {
        let status = scene.agent.status(held).await;
        let status = status["status"].as_str().unwrap().to_owned();
        (status != "EXECUTING").then_some(status)
    })
    .await
}

/// Returns the next number of a xorshift generator, so that runs are repeatable.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
