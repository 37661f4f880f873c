//! Agents that send big bodies do not delay others.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Agent, Storage};
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

const BODY_BYTES: usize = 4 * 1024 * 1024;
const SENDERS: usize = 10;

/// Returns bodies that take long to search and to parse.
fn bodies() -> [String; 2] {
    let escape = "\\u0061\\u0067\\u0074\\u005f";
    let encoded = STANDARD.encode("a line of text, encoded\n".repeat(BODY_BYTES / 32));
    [
        format!(
            "{{\"note\": \"{}\"}}",
            escape.repeat(BODY_BYTES / escape.len())
        ),
        json!({"file": encoded}).to_string(),
    ]
}

async fn send(agent: Agent, body: String) {
    let response = agent
        .call(Method::POST, "/s/things/notes")
        .header("Content-Type", "application/json")
        .header("X-Agent-Intent", "Store a note")
        .body(body)
        .send()
        .await;
    assert!(
        [200, 428].contains(&response.status.as_u16()),
        "{}",
        response.text()
    );
}

// The upstream writes its echoes of megabytes on another thread than the one that measures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_request_does_not_wait_for_the_big_bodies_of_other_agents() {
    // The upstream echoes them, so the responses are searched too.
    let scene = Scene::new(Storage::Sqlite).await;
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        let name = format!("sender-{number}");
        senders.push(scene.human.create_agent(&name, &[&scene.service]).await);
    }
    scene.get("/small").await.expect_status(200);

    for body in bodies() {
        let began = Instant::now();
        let mut sending = JoinSet::new();
        for agent in &senders {
            sending.spawn(send(agent.clone(), body.clone()));
        }
        let (mut longest, mut count) = (Duration::ZERO, 0);
        while !sending.is_empty() {
            let asked = Instant::now();
            scene.get("/small").await.expect_status(200);
            longest = longest.max(asked.elapsed());
            count += 1;
            while let Some(sent) = sending.try_join_next() {
                sent.unwrap();
            }
        }
        // On two cores, a request shares the processors with the bodies, but never waits for most of them.
        let all = began.elapsed();
        assert!(longest < all / 4, "{longest:?} of {all:?}, after {count}");
    }
}
