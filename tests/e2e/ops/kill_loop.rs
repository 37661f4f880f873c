//! `kill -9` in the middle of everything, again and again, at moments that a seed chooses: whatever
//! was acknowledged holds, and nothing reaches the upstream twice.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    Agent, Held, Human, Response, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::json;

on_both_databases!(fifty_kills_lose_nothing_and_repeat_nothing);

/// How often the gateway is killed, on each database.
const KILLS: u64 = 50;

/// How many requests are under way at each kill.
const FLOWS: u64 = 6;

/// The latest moment of a kill after its round has begun.
const KILL_AFTER_MAX_MS: u64 = 360;

/// When every tenth kill comes.
const KILL_LATE_MS: u64 = 1200;

/// What chooses the moments; another seed is another run.
const SEED: u64 = 0x5eed_0001;

/// On PostgreSQL an execution counts as lost only when its owner's lease has ended.
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
    // What a kill leaves undecided goes on waiting for a human.
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
        // Now and then late enough that some were executed before, however busy the machine is.
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
    // The kills fell on every kind of moment, or this test has proved nothing.
    assert!(tally.iter().all(|count| *count > 0), "{tally:?}");

    for flow in &flows {
        let sent = scene.upstream.received_at(&flow.path).len();
        assert!(sent <= 1, "{} was sent {sent} times", flow.path);
        // A client that never heard of its request asks again, and it is still the same one.
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

/// One request's life, as far as the gateway lives: proposed and held, then denied, or approved and
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

/// Where an action stands once nothing more happens to it.
async fn settled(scene: &Scene, held: &Held) -> String {
    eventually("no execution is left over", RECOVERY_LIMIT, || async {
        let status = scene.agent.status(held).await;
        let status = status["status"].as_str().unwrap().to_owned();
        (status != "EXECUTING").then_some(status)
    })
    .await
}

/// A xorshift generator: all that is needed of randomness here is to be repeatable.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
