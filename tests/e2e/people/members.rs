//! Roles and limits apply immediately, and the rights of a member end when the member leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{DirectDatabase, Gate, Human, Reply, Storage, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    an_approver_decides_within_the_limits_and_learns_why_not_beyond,
    a_viewer_and_an_operator_decide_nothing,
    a_member_who_may_only_stop_agents_cannot_release_them,
    the_last_owner_stays,
    a_removed_member_is_signed_out_everywhere_within_a_second,
    a_demotion_takes_effect_within_a_second,
    no_decision_counts_after_its_maker_was_removed,
    the_names_of_former_members_stay_in_the_history,
    a_damaged_member_is_listed_and_can_be_repaired_or_removed,
);

/// A call must end within a second. The rest is for a busy machine.
const IN_TIME: Duration = Duration::from_millis(2500);

async fn user_id(person: &Human) -> String {
    person.read("/auth/me").await["id"].to_string()
}

async fn an_approver_decides_within_the_limits_and_learns_why_not_beyond(storage: Storage) {
    let scene = Scene::new(storage).await;
    let owner = &scene.human;
    let other = owner
        .create_service("other", "https://example.com", "none", Value::Null)
        .await;
    let approver = async |email: &str, limits: Value| {
        owner
            .add_member(&scene.gateway, email, "approver", limits)
            .await
    };
    let all = approver("all@example.com", json!({})).await;
    let elsewhere = approver("elsewhere@example.com", json!({"services": [other.id]})).await;
    let creates = approver("creates@example.com", json!({"effects": ["creates"]})).await;
    let deletes = json!({"services": [scene.service.id, other.id], "effects": ["deletes"]});
    let deletes = approver("deletes@example.com", deletes).await;

    let held = scene.hold("one").await;
    for (person, reason) in [
        (&elsewhere, "this service"),
        (&creates, "deletes or cancels"),
    ] {
        let action = person.action(&held).await;
        assert_eq!(action["may_decide"], false);
        let because = action["may_not_decide_because"].as_str().unwrap();
        assert!(because.contains(reason), "{because}");
        assert_eq!(person.pending().await[0]["may_not_decide_because"], because);
        for decision in ["approve", "deny", "revoke"] {
            let refused = person.decide(&held, decision, json!({})).await;
            let refused = refused.expect_problem(403, "not_permitted").json();
            assert_eq!(refused["detail"], because);
        }
        let digest = action["digest"].clone();
        let several = json!({"decisions": [
            {"action_id": held.action_id, "digest": digest, "decision": "approve"},
        ]});
        let several = person
            .post("/approvals/decisions")
            .json(several)
            .send()
            .await;
        let result = several.expect_status(200).json()["results"][0].clone();
        assert_eq!(result["problem"]["code"], "not_permitted");
    }
    assert_eq!(owner.action(&held).await["status"], "PENDING");
    assert_eq!(deletes.action(&held).await["may_decide"], true);
    deletes.approve(&held).await;
    let second = scene.hold("two").await;
    all.deny(&second, "no").await;
    // Limits are changed, and removed with the role.
    let id = user_id(&elsewhere).await;
    let change = async |body: Value| {
        let changed = owner
            .patch(&format!("/members/{id}"))
            .json(body)
            .send()
            .await;
        changed.expect_status(200).json()
    };
    let changed = change(json!({"services": [scene.service.id]})).await;
    assert_eq!(changed["services"], json!([scene.service.id]));
    let third = scene.hold("three").await;
    elsewhere.approve(&third).await;
    let changed = change(json!({"effects": ["pays"]})).await;
    assert_eq!(changed["services"], json!([scene.service.id]));
    assert_eq!(changed["effects"], json!(["pays"]));
    let changed = change(json!({"role": "operator"})).await;
    assert_eq!(
        (&changed["services"], &changed["effects"]),
        (&Value::Null, &Value::Null)
    );
    let limited = owner
        .patch(&format!("/members/{id}"))
        .json(json!({"services": [other.id]}));
    limited
        .send()
        .await
        .expect_problem(400, "validation_failed");
}

async fn a_viewer_and_an_operator_decide_nothing(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("one").await;
    for role in ["viewer", "operator"] {
        let email = format!("{role}@example.com");
        let person = scene
            .human
            .add_member(&scene.gateway, &email, role, json!({}))
            .await;
        let action = person.action(&held).await;
        assert_eq!(action["may_decide"], false);
        let because = action["may_not_decide_because"].as_str().unwrap();
        assert!(
            because.starts_with("only owners and approvers"),
            "{because}"
        );
        for decision in ["approve", "deny", "revoke"] {
            let refused = person.decide(&held, decision, json!({})).await;
            refused.expect_problem(403, "not_permitted");
        }
        let finding = json!({"outcome": "executed"});
        let refused = person.decide(&held, "resolve", finding).await;
        refused.expect_problem(403, "not_permitted");
    }
    assert_eq!(scene.human.action(&held).await["status"], "PENDING");
}

async fn a_member_who_may_only_stop_agents_cannot_release_them(storage: Storage) {
    let scene = Scene::new(storage).await;
    let add = async |role: &str| {
        let email = format!("{role}@example.com");
        scene
            .human
            .add_member(&scene.gateway, &email, role, json!({}))
            .await
    };
    let (operator, approver, viewer) = (
        add("operator").await,
        add("approver").await,
        add("viewer").await,
    );
    let set = async |person: &Human, active: bool| {
        person
            .put("/kill-switch")
            .json(json!({"active": active}))
            .send()
            .await
    };
    set(&viewer, true)
        .await
        .expect_problem(403, "not_permitted");
    set(&approver, true).await.expect_status(200);
    set(&approver, false)
        .await
        .expect_problem(403, "not_permitted");
    assert_eq!(viewer.read("/kill-switch").await["active"], true);
    set(&operator, false).await.expect_status(200);
    let block = format!("/agents/{}/block", scene.agent.id);
    let unblock = format!("/agents/{}/unblock", scene.agent.id);
    viewer
        .post(&block)
        .send()
        .await
        .expect_problem(403, "not_permitted");
    approver.post(&block).send().await.expect_status(200);
    approver
        .post(&unblock)
        .send()
        .await
        .expect_problem(403, "not_permitted");
    operator.post(&unblock).send().await.expect_status(200);
}

async fn the_last_owner_stays(storage: Storage) {
    let scene = Scene::new(storage).await;
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "operator", json!({}))
        .await;
    let path = format!("/members/{}", user_id(owner).await);
    owner
        .delete(&path)
        .send()
        .await
        .expect_problem(409, "last_owner");
    let demote = async || {
        owner
            .patch(&path)
            .json(json!({"role": "viewer"}))
            .send()
            .await
    };
    demote().await.expect_problem(409, "last_owner");
    let other = format!("/members/{}", user_id(&ann).await);
    owner
        .patch(&other)
        .json(json!({"role": "owner"}))
        .send()
        .await
        .expect_status(200);
    // The new owner has the role immediately, in the session that was open before.
    ann.read("/members/invitations").await;
    demote().await.expect_status(200);
    owner
        .get("/members/invitations")
        .send()
        .await
        .expect_problem(403, "not_permitted");
    owner.get("/members").send().await.expect_status(200);
    ann.delete("/members/999")
        .send()
        .await
        .expect_problem(404, "not_found");
}

async fn a_removed_member_is_signed_out_everywhere_within_a_second(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene
        .upstream
        .on("/slow", Reply::text("done").after(&Gate::new()));
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "operator", json!({}))
        .await;
    let again = Human::log_in(&scene.gateway, &ann.email, &ann.password).await;
    let mut stream = ann.get("/events").open().await;
    stream.until(":").await;
    let path = format!("/services/{}/test-call", scene.service.id);
    let before = scene.upstream.received().len();
    let slow = ann.post(&path).json(json!({"path": "/slow"}));
    let slow = tokio::spawn(slow.send());
    scene.upstream.wait_for(before + 1).await;
    let id = user_id(&ann).await;
    owner
        .delete(&format!("/members/{id}"))
        .send()
        .await
        .expect_status(200);
    for person in [&ann, &again] {
        person
            .get("/auth/me")
            .send()
            .await
            .expect_problem(401, "not_authenticated");
        let refresh = scene.gateway.dashboard().post("/auth/refresh");
        let refresh = refresh.json(json!({"refreshToken": person.refresh_token}));
        refresh.send().await.expect_status(401);
    }
    let ended = async {
        let _ = stream.try_rest().await;
        slow.await.unwrap().expect_problem(401, "not_authenticated");
    };
    tokio::time::timeout(IN_TIME, ended).await.unwrap();
    let audit = owner.read("/audit?event=member.removed").await;
    assert_eq!(audit["items"][0]["subject"], format!("user:{id}"));
}

async fn a_demotion_takes_effect_within_a_second(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene
        .upstream
        .on("/slow", Reply::text("done").after(&Gate::new()));
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "operator", json!({}))
        .await;
    let path = format!("/services/{}/test-call", scene.service.id);
    let before = scene.upstream.received().len();
    let slow = tokio::spawn(ann.post(&path).json(json!({"path": "/slow"})).send());
    scene.upstream.wait_for(before + 1).await;
    let member = format!("/members/{}", user_id(&ann).await);
    let demoted = owner
        .patch(&member)
        .json(json!({"role": "viewer"}))
        .send()
        .await;
    assert_eq!(demoted.expect_status(200).json()["role"], "viewer");
    ann.post("/rules")
        .json(json!({}))
        .send()
        .await
        .expect_problem(403, "not_permitted");
    let ended = async { slow.await.unwrap().expect_problem(403, "not_permitted") };
    tokio::time::timeout(IN_TIME, ended).await.unwrap();
    assert_eq!(ann.read("/auth/me").await["role"], "viewer");
    let audit = owner.read("/audit?event=member.changed").await;
    assert_eq!(audit["items"][0]["detail"]["after"]["role"], "viewer");
    assert_eq!(audit["items"][0]["detail"]["before"]["role"], "operator");
}

async fn no_decision_counts_after_its_maker_was_removed(storage: Storage) {
    let scene = Scene::new(storage).await;
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "approver", json!({}))
        .await;
    let mut held = Vec::new();
    for n in 0..30 {
        held.push(scene.hold(&format!("thing-{n}")).await);
    }
    let id = user_id(&ann).await;
    let is_removed = Arc::new(AtomicBool::new(false));
    let deciding = held.chunks(6).map(|mine| {
        let (mine, ann, is_removed) = (mine.to_vec(), ann.clone(), Arc::clone(&is_removed));
        tokio::spawn(async move {
            for action in mine {
                let was_removed = is_removed.load(Ordering::SeqCst);
                let response = ann.decide(&action, "approve", json!({})).await;
                assert!(
                    !was_removed || response.status == 401,
                    "{}",
                    response.text()
                );
                assert!(
                    [200, 401, 403].contains(&response.status.as_u16()),
                    "{}",
                    response.text()
                );
            }
        })
    });
    let deciding: Vec<_> = deciding.collect();
    // The removal meets decisions that are under way.
    tokio::time::sleep(Duration::from_millis(30)).await;
    owner
        .delete(&format!("/members/{id}"))
        .send()
        .await
        .expect_status(200);
    is_removed.store(true, Ordering::SeqCst);
    let approved = async || {
        let listed = owner.read("/approvals?status=APPROVED&limit=200").await;
        listed["items"].as_array().unwrap().len()
    };
    let at_removal = approved().await;
    for task in deciding {
        task.await.unwrap();
    }
    assert_eq!(approved().await, at_removal);
}

async fn the_names_of_former_members_stay_in_the_history(storage: Storage) {
    let scene = Scene::new(storage).await;
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "approver", json!({}))
        .await;
    let held = scene.hold("one").await;
    ann.deny(&held, "no").await;
    let id = user_id(&ann).await;
    owner
        .delete(&format!("/members/{id}"))
        .send()
        .await
        .expect_status(200);
    assert_eq!(
        owner.action(&held).await["resolved_by_name"],
        "ann@example.com"
    );
    let members = owner.read("/members").await["items"].clone();
    assert_eq!(members.as_array().unwrap().len(), 1);
}

async fn a_damaged_member_is_listed_and_can_be_repaired_or_removed(storage: Storage) {
    let scene = Scene::new(storage).await;
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "operator", json!({}))
        .await;
    let id = user_id(&ann).await;
    let path = format!("/members/{id}");
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let damage = format!("UPDATE members SET role = 'king' WHERE user_id = {id}");
    database.change(&damage).await;
    assert_eq!(ann.get("/services").send().await.status, 500);
    let members = owner.read("/members").await["items"].clone();
    assert_eq!(members[0]["unreadable"], false);
    assert_eq!(members[1]["unreadable"], true);
    assert_eq!(members[1]["email"], ann.email);
    let repair = owner.patch(&path).json(json!({"role": "viewer"}));
    assert_eq!(
        repair.send().await.expect_status(200).json()["unreadable"],
        false
    );
    assert_eq!(ann.read("/auth/me").await["role"], "viewer");
    database.change(&damage).await;
    owner.delete(&path).send().await.expect_status(200);
    ann.get("/services").send().await.expect_status(401);
}

#[tokio::test]
async fn a_change_of_members_at_one_replica_applies_at_the_other() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let owner = &scene.human;
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "operator", json!({}))
        .await;
    let there = Human::log_in(&replica, &ann.email, &ann.password).await;
    let mut stream = there.get("/events").open().await;
    stream.until(":").await;
    let path = format!("/members/{}", user_id(&ann).await);
    let demoted = owner.patch(&path).json(json!({"role": "viewer"}));
    demoted.send().await.expect_status(200);
    let change = there.post("/rules").json(json!({})).send().await;
    change.expect_problem(403, "not_permitted");
    owner.delete(&path).send().await.expect_status(200);
    there.get("/services").send().await.expect_status(401);
    let ended = async { drop(stream.try_rest().await) };
    tokio::time::timeout(IN_TIME, ended).await.unwrap();
}
