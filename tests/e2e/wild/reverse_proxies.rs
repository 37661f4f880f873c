//! Reverse proxies with their defaults.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Reply, Storage};
use http::Method;

#[tokio::test]
async fn proxies_are_asked_not_to_collect_event_streams() {
    let scene = Scene::new(Storage::Sqlite).await;
    let stream = scene.human.call(Method::GET, "/events").open().await;
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    drop(stream);

    let events = Reply::events(&["one", "two"], Duration::ZERO);
    scene.upstream.on("/sse", events);
    let relayed = scene.agent.call(Method::GET, "/s/things/sse").send().await;
    assert_eq!(relayed.header("x-accel-buffering"), Some("no"));

    // The upstream's own wish is kept.
    let own = Reply::events(&["one"], Duration::ZERO).header("x-accel-buffering", "yes");
    scene.upstream.on("/own", own);
    let relayed = scene.agent.call(Method::GET, "/s/things/own").send().await;
    assert_eq!(relayed.header("x-accel-buffering"), Some("yes"));

    let plain = scene.get("/notes").await;
    assert_eq!(plain.header("x-accel-buffering"), None);
}
