//! Events and calls that wait, behind an nginx that collects responses and gives up on silent ones.

use std::time::Duration;

use gaiterguard_testkit::Reply;
use gaiterguard_testkit::scene::request;
use http::Method;
use serde_json::json;

use super::{Behind, arrives};

/// Longer than [`LATE`](super::LATE), between two pieces of a response.
const PAUSE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_events_of_the_dashboard_arrive_as_they_happen() {
    let behind = Behind::start("").await;
    let scene = &behind.scene;
    let mut events = behind.human(Method::GET, "/gate/events").open().await;
    assert_eq!(events.status, 200);
    arrives(&mut events, "connected").await;
    let held = scene.hold("x").await;
    arrives(&mut events, "action.created").await;
    scene.human.approve(&held).await;
    arrives(&mut events, "action.updated").await;
}

#[tokio::test]
async fn the_events_of_an_upstream_arrive_as_they_are_sent() {
    let behind = Behind::start("").await;
    let scene = &behind.scene;
    scene
        .upstream
        .on("/sse", Reply::events(&["one", "two"], PAUSE));
    scene.allow_everything().await;
    let unmodified = behind.agent(Method::GET, "/gate/s/things/sse");
    let proposed = behind
        .agent(Method::POST, "/gate/proxy")
        .json(request("GET", "/sse"));
    for call in [unmodified, proposed] {
        let mut events = call.open().await;
        assert_eq!(events.status, 200);
        arrives(&mut events, "data: one").await;
    }

    // So do the lines of a response whose length is not known.
    let lines = Reply::text("one\n")
        .body("two\n")
        .chunked()
        .piece_delay(PAUSE);
    scene.upstream.on("/lines", lines.clone());
    let mut lines_arriving = behind
        .agent(Method::GET, "/gate/s/things/lines")
        .open()
        .await;
    arrives(&mut lines_arriving, "one").await;

    // nginx would collect them otherwise.
    let pause = Duration::from_millis(300);
    let collected = lines.piece_delay(pause).header("X-Accel-Buffering", "yes");
    scene.upstream.on("/collected", collected);
    let mut collected = behind
        .agent(Method::GET, "/gate/s/things/collected")
        .open()
        .await;
    assert_eq!(collected.next().await.unwrap().unwrap(), "one\ntwo\n");
}

#[tokio::test]
async fn a_call_that_waits_gets_its_events_as_they_are_sent_once_it_is_approved() {
    let behind = Behind::start("").await;
    let scene = &behind.scene;
    scene
        .upstream
        .on("/x", Reply::events(&["one", "two"], PAUSE));
    let mut proposal = request("DELETE", "/x");
    proposal["wait"] = json!(60);
    let waiting = behind.agent(Method::POST, "/gate/proxy").json(proposal);
    let waiting = tokio::spawn(waiting.open());
    scene.human.decide_next("/x", "approve", "fine").await;
    let mut events = waiting.await.unwrap();
    assert_eq!(events.headers["x-proxy-status"], "executed-approved");
    arrives(&mut events, "data: one").await;
}

#[tokio::test]
async fn waits_that_nginx_ends_lose_nothing() {
    let behind = Behind::with("", "proxy_read_timeout 2s;").await;
    let scene = &behind.scene;
    let mut proposal = request("DELETE", "/x");
    proposal["wait"] = json!(60);
    let propose = behind.agent(Method::POST, "/gate/proxy").json(proposal);
    let propose = propose.idempotency_key("one");
    let waiting = tokio::spawn(propose.clone().send());
    let pending = scene.human.next_pending("/x").await;
    let status = format!("/gate/status/{}", pending["action_id"].as_str().unwrap());
    let watch = behind.agent(Method::GET, &format!("{status}?wait=60"));
    watch.send().await.expect_status(504);
    waiting.await.unwrap().expect_status(504);

    // Sent again, it is the same action and gets its response.
    let again = tokio::spawn(propose.send());
    scene.human.decide_next("/x", "approve", "fine").await;
    again.await.unwrap().expect_status(200);
    let executed = behind.agent(Method::GET, &status).send().await;
    assert_eq!(executed.expect_status(200).json()["status"], "EXECUTED");
    assert_eq!(scene.upstream.received_at("/x").len(), 1);
    assert!(scene.human.pending().await.is_empty());
}
