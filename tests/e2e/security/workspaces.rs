//! The data of one workspace does not exist for another.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Human, Storage, TestGateway, on_both_databases};
use serde_json::json;

on_both_databases!(another_workspace_sees_nothing);

async fn another_workspace_sees_nothing(storage: Storage) {
    let scene = Scene::on(TestGateway::builder(storage).setting("REGISTRATION", "open")).await;
    let rule = json!({"name": "Hold", "effect": "require_approval", "enabled": true});
    let rule = scene.human.create_rule(rule).await;
    let held = scene.hold("thing").await;
    let document = scene
        .human
        .add_document(&scene.service, "markdown", "# Things")
        .await;
    let entries = scene
        .human
        .get("/requests")
        .send()
        .await
        .expect_status(200)
        .json();
    let entry = entries["items"][0]["id"].clone();

    let other = Human::register_as(&scene.gateway, "other@example.com").await;
    let (service, agent) = (scene.service.id, scene.agent.id);
    let pages = [
        format!("/services/{service}"),
        format!("/services/{service}/docs"),
        format!("/services/{service}/operations"),
        format!("/agents/{agent}"),
        format!("/rules/{}", rule["id"]),
        format!("/requests/{entry}").replace('"', ""),
        format!("/approvals/{}", held.action_id),
    ];
    for page in &pages {
        assert_eq!(scene.human.get(page).send().await.status, 200, "{page}");
        assert_eq!(other.get(page).send().await.status, 404, "{page}");
    }
    let [service_page, documents, _, agent_page, rule_page, _, action] = &pages;
    let name = json!({"name": "mine"});
    let theirs = json!({"name": "mine", "baseUrl": "https://example.com", "authType": "none"});
    let changes = [
        other.put(service_page).json(theirs),
        other.delete(service_page),
        other
            .post(&format!("{service_page}/credentials"))
            .json(json!({"token": "x"})),
        other.delete(&format!("{}/{}", documents, document["id"])),
        other.post(&format!("{}/{}/refresh", documents, document["id"])),
        other.put(agent_page).json(name),
        other.delete(agent_page),
        other
            .put(&format!("{agent_page}/services"))
            .json(json!({"serviceIds": []})),
        other.post(&format!("{agent_page}/rotate-key")),
        other.post(&format!("{agent_page}/block")),
        other.post(&format!("{agent_page}/unblock")),
        other
            .post(&format!("{service_page}/test-call"))
            .json(json!({"method": "GET", "path": "/"})),
        other
            .put(rule_page)
            .json(json!({"name": "Mine", "effect": "allow"})),
        other.delete(rule_page),
        other.patch(&format!("{action}/approve")).json(json!({})),
        other.patch(&format!("{action}/deny")).json(json!({})),
        other.patch(&format!("{action}/revoke")).json(json!({})),
        other
            .patch(&format!("{action}/resolve"))
            .json(json!({"outcome": "executed"})),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let response = change.send().await;
        assert_eq!(response.status, 404, "change {number}: {}", response.text());
    }
    for list in ["/services", "/agents"] {
        assert_eq!(
            other.get(list).send().await.expect_status(200).json(),
            json!([]),
            "{list}"
        );
    }
    for list in ["/requests", "/approvals", "/rules"] {
        let page = other.get(list).send().await.expect_status(200).json();
        assert_eq!(page["items"], json!([]), "{list}");
    }
    assert!(other.pending().await.is_empty());
    let audited = scene.human.read("/audit?limit=200").await.to_string();
    assert!(audited.contains(&held.action_id), "{audited}");
    let audited = other.read("/audit?limit=200").await.to_string();
    assert!(!audited.contains(&held.action_id), "{audited}");
    assert!(!audited.contains("agent.created"), "{audited}");
    let wanted = json!({"name": "thief", "serviceIds": [service]});
    let refused = other.post("/agents").json(wanted).send().await;
    assert!(
        refused.status == 404 || refused.status == 400,
        "{}",
        refused.text()
    );

    let their_agent = other.create_agent("assistant", &[]).await;
    let status = their_agent.call(http::Method::GET, &format!("/status/{}", held.action_id));
    status.send().await.expect_status(404);
    their_agent.execute(&held).send().await.expect_status(404);
    their_agent
        .propose(request("GET", "/"))
        .send()
        .await
        .expect_problem(404, "service_not_found");
    // A colleague in the same workspace does not see it either.
    let colleague = scene
        .human
        .create_agent("colleague", &[&scene.service])
        .await;
    let status = colleague.call(http::Method::GET, &format!("/status/{}", held.action_id));
    status.send().await.expect_status(404);
    assert_eq!(scene.agent.status(&held).await["status"], "PENDING");
    assert_eq!(scene.upstream.connections(), 0);
}
