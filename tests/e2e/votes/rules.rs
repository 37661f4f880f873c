//! The approvals that a rule can ask for, and the requirement of several rules together.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::json;

use super::scene::{approvals, colleague, id, requires, vote};

on_both_databases!(
    a_rule_shows_and_changes_the_approvals_that_it_asks_for,
    every_error_of_the_approvals_names_its_field,
    the_strictest_of_all_matching_rules_applies,
    a_held_request_keeps_its_requirement_when_the_rule_changes,
    the_author_of_the_rule_is_excluded,
    the_owner_of_the_agent_is_excluded,
    an_unknown_author_excludes_nobody,
);

async fn a_rule_shows_and_changes_the_approvals_that_it_asks_for(storage: Storage) {
    let scene = Scene::new(storage).await;
    let me = id(&scene.human).await;
    let other = colleague(&scene, "other").await;
    let rule = requires(&scene.human, json!({"count": 2})).await;
    let expected = json!({"count": 2, "from": ["approver", "owner"], "exclude": []});
    assert_eq!(rule["approvals"], expected);
    assert_eq!(rule["author_id"], me);

    let path = format!("/rules/{}", rule["id"]);
    let change = async |body| {
        let changed = other.put(&path).json(body).send().await;
        changed.expect_status(200).json()
    };
    let renamed = change(json!({"name": "Renamed", "enabled": false})).await;
    assert_eq!(renamed["approvals"], expected);
    assert_eq!(renamed["author_id"], me);
    let changed = change(json!({"approvals": {"count": 3, "exclude": ["agent_owner"]}})).await;
    let three = json!({"count": 3, "from": ["approver", "owner"], "exclude": ["agent_owner"]});
    assert_eq!(changed["approvals"], three);
    assert_eq!(changed["author_id"], id(&other).await);
    assert_eq!(scene.human.read(&path).await["approvals"], three);
    let removed = change(json!({"approvals": null})).await;
    assert_eq!(removed["approvals"], json!(null));
}

async fn every_error_of_the_approvals_names_its_field(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    for (rule, field, words) in [
        (
            json!({"effect": "require_approval", "approvals": {"count": 0}}),
            "approvals.count",
            "from 1 to 10",
        ),
        (
            json!({"effect": "require_approval", "approvals": {"from": []}}),
            "approvals.from",
            "at least one role",
        ),
        (
            json!({"effect": "require_approval", "approvals": {"from": ["viewer"]}}),
            "approvals.from",
            "approver, owner",
        ),
        (
            json!({"effect": "require_approval", "approvals": {"exclude": ["agent"]}}),
            "approvals.exclude",
            "rule_author, agent_owner",
        ),
        (
            json!({"effect": "require_approval", "approvals": {"quorum": 2}}),
            "approvals.quorum",
            "unknown field",
        ),
        (
            json!({"effect": "deny", "approvals": {"count": 2}}),
            "approvals",
            "require_approval",
        ),
        (
            json!({"effect": "require_approval", "text": "No payments", "approvals": {"count": 2}}),
            "approvals",
            "add a condition",
        ),
        (
            json!({"effect": "require_approval", "approvals": 2}),
            "approvals",
            "must be an object",
        ),
    ] {
        let mut rule = rule;
        rule["name"] = "Two".into();
        let refused = human.post("/rules").json(rule.clone()).send().await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        let error = &refused["errors"][0];
        assert_eq!(error["field"], field, "{rule}");
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{error}"
        );
    }
    let proposed = json!({"rules": [{
        "name": "Two", "effect": "require_approval", "approvals": {"count": 2}
    }]});
    let simulated = human.post("/rules/simulate").json(proposed).send().await;
    simulated.expect_status(200);
}

async fn the_strictest_of_all_matching_rules_applies(storage: Storage) {
    let scene = Scene::new(storage).await;
    for approvals in [
        json!({"count": 2, "from": ["owner", "approver"]}),
        json!({"count": 1, "from": ["owner"], "exclude": ["agent_owner"]}),
        json!({"count": 1, "from": ["approver"], "exclude": ["rule_author"]}),
    ] {
        requires(&scene.human, approvals).await;
    }
    let held = scene.hold("thing").await;
    let approvals = approvals(&scene.human, &held).await;
    assert_eq!(
        approvals,
        json!({
            "needed": 2, "given": 0, "by": [], "from": ["owner"],
            "exclude": ["rule_author", "agent_owner"], "step_up": null,
            "may_vote": false, "may_not_vote_because": "rule_author", "may_break_glass": true,
        })
    );
}

async fn a_held_request_keeps_its_requirement_when_the_rule_changes(storage: Storage) {
    let scene = Scene::new(storage).await;
    let rule = requires(&scene.human, json!({"count": 2})).await;
    let held = scene.hold("thing").await;
    let path = format!("/rules/{}", rule["id"]);
    let change = scene.human.put(&path).json(json!({"approvals": null}));
    change.send().await.expect_status(200);
    vote(&scene.human, &held).await.expect_status(202);
    let later = scene.hold("later").await;
    vote(&scene.human, &later).await.expect_status(200);
}

async fn the_author_of_the_rule_is_excluded(storage: Storage) {
    let scene = Scene::new(storage).await;
    let other = colleague(&scene, "other").await;
    requires(&scene.human, json!({"exclude": ["rule_author"]})).await;
    let held = scene.hold("thing").await;
    let refused = vote(&scene.human, &held).await;
    let refused = refused.expect_problem(403, "may_not_approve").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("you wrote a rule"), "{detail}");
    vote(&other, &held).await.expect_status(200);
    scene.agent.execute(&held).send().await.expect_status(200);
}

async fn the_owner_of_the_agent_is_excluded(storage: Storage) {
    let scene = Scene::new(storage).await;
    let other = colleague(&scene, "other").await;
    requires(&other, json!({"exclude": ["agent_owner"]})).await;
    let agents = scene.human.read("/agents").await;
    assert_eq!(agents[0]["ownerId"], id(&scene.human).await);
    let held = scene.hold("thing").await;
    let refused = vote(&scene.human, &held).await;
    let refused = refused.expect_problem(403, "may_not_approve").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("you own the agent"), "{detail}");
    // Someone who is excluded may still deny.
    let second = scene.hold("second").await;
    scene.human.deny(&second, "no").await;
    vote(&other, &held).await.expect_status(200);
}

async fn an_unknown_author_excludes_nobody(storage: Storage) {
    let scene = Scene::new(storage).await;
    requires(
        &scene.human,
        json!({"exclude": ["rule_author", "agent_owner"]}),
    )
    .await;
    let mut database = gaiterguard_testkit::DirectDatabase::open(&scene.gateway).await;
    database.change("UPDATE rules SET author_id = NULL").await;
    database.change("UPDATE agents SET owner_id = NULL").await;
    database
        .change("UPDATE workspaces SET version = version + 1")
        .await;
    drop(database);
    gaiterguard_testkit::eventually(
        "the definitions are read again",
        std::time::Duration::from_secs(10),
        || async {
            let held = scene.hold("thing").await;
            (vote(&scene.human, &held).await.status == 200).then_some(())
        },
    )
    .await;
}
