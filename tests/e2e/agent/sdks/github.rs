//! The GitHub SDK and its plugin for retries.

use std::sync::atomic::{AtomicUsize, Ordering};

use gaiterguard_testkit::Reply;
use serde_json::json;

use super::SdkScene;

#[tokio::test]
async fn the_github_sdk_lists_pages_repeats_and_deletes_after_approval() {
    let scene = SdkScene::new("github", "", "ghp_the_real_one").await;
    pages(&scene);
    let problem = json!({"message": "Not Found", "documentation_url": "/rest"});
    let missing = Reply::status(404)
        .header("Content-Type", "application/json; charset=utf-8")
        .body(problem.to_string());
    scene.upstream.on("/repos/ann/gate/issues/9", missing);
    scene.upstream.on("/repos/ann/gate", Reply::status(204));
    // The first two reads fail.
    let reads = AtomicUsize::new(0);
    scene.upstream.on_request("/repos/ann/flaky", move |_| {
        if reads.fetch_add(1, Ordering::Relaxed) < 2 {
            return Reply::status(502);
        }
        Reply::json(json!({"full_name": "ann/flaky"}))
    });
    let base_url = scene.base_url();
    let variables = [
        ("BASE_URL", base_url.as_str()),
        ("AGENT_KEY", scene.agent.key.as_str()),
    ];
    let (results, shown) = tokio::join!(
        scene.run("octokit.mjs", &variables),
        scene
            .human
            .decide_next("/repos/ann/gate", "approve", "fine")
    );
    assert_eq!(shown["intent"], "Remove the repository that Ann archived");
    assert_eq!(results["titles"], json!(["Issue 1"]));
    assert_eq!(results["paged"], json!([1, 2, 3]));
    assert_eq!(results["missing"]["status"], 404);
    assert_eq!(results["missing"]["message"], "Not Found");
    assert_eq!(results["deleted"], 204);
    for held in ["held", "stubborn"] {
        assert_eq!(results[held]["status"], 428, "{results}");
        assert_eq!(results[held]["code"], "approval_required");
    }
    assert_eq!(results["flaky"], "ann/flaky");
    assert_eq!(scene.upstream.received_at("/repos/ann/flaky").len(), 3);
    // However often the plugin repeats it, it is one action, and nothing is sent.
    let pending = scene.human.pending().await;
    let held: Vec<_> = pending
        .iter()
        .filter(|action| {
            action["target_url"]
                .as_str()
                .unwrap()
                .ends_with("/stubborn")
        })
        .collect();
    assert_eq!(held.len(), 1, "{pending:?}");
    assert!(scene.upstream.received_at("/repos/ann/stubborn").is_empty());
    assert_eq!(scene.upstream.received_at("/repos/ann/gate").len(), 1);
    let listed = scene.upstream.received().remove(0);
    assert!(
        listed.target.contains("labels=a%20bug"),
        "{}",
        listed.target
    );
    scene.assert_credential_replaced_key();
}

/// Makes the upstream serve three issues, one a page, and link to the next page by its own address.
fn pages(scene: &SdkScene) {
    const LAST: u32 = 3;
    let address = scene.upstream.url();
    scene
        .upstream
        .on_request("/repos/ann/gate/issues", move |received| {
            let query = received.target.split_once('?').unwrap_or_default().1;
            let page = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("page=")?.parse().ok())
                .unwrap_or(1);
            let issue = json!({"id": page, "number": page, "title": format!("Issue {page}")});
            let reply = Reply::json(json!([issue]));
            if page == LAST {
                return reply;
            }
            let other = |rel: &str, page: u32| {
                format!("<{address}/repos/ann/gate/issues?per_page=1&page={page}>; rel=\"{rel}\"")
            };
            let links = [other("next", page + 1), other("last", LAST)].join(", ");
            reply.header("Link", &links)
        });
}
