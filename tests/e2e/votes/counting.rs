//! Which votes count, and when they decide.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{DirectDatabase, Storage, eventually, on_both_databases};
use http::Method;
use serde_json::json;

use super::scene::{
    approvals, audited, colleague, events, id, remove_member, requires, set_rights, two_needed,
    verify, vote,
};

on_both_databases!(
    the_second_person_decides_and_the_request_is_sent_once,
    one_person_counts_once_however_often_they_approve,
    one_denial_ends_it,
    a_vote_names_the_request_that_was_reviewed,
    the_vote_of_someone_who_was_removed_does_not_count,
    only_the_roles_that_the_rule_names_count,
    the_limits_of_an_approver_apply_when_the_votes_are_counted,
    a_vote_is_withdrawn_by_its_giver_while_the_action_is_pending,
    the_time_to_undo_begins_with_the_deciding_vote,
    several_decisions_have_the_shapes_of_single_ones,
    the_agent_sees_only_that_it_is_pending,
    a_held_call_returns_after_the_last_vote,
    votes_survive_a_kill_and_a_restart,
    a_changed_requirement_is_found_by_verification,
);

const MOMENT: Duration = Duration::from_secs(10);

async fn the_second_person_decides_and_the_request_is_sent_once(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let (me, second) = (id(&scene.human).await, id(&other).await);
    let held = scene.hold("thing").await;
    let body = json!({"note": "looks right", "digest": scene.human.action(&held).await["digest"]});
    let voted = scene.human.decide(&held, "approve", body).await;
    let voted = voted.expect_status(202).json();
    assert_eq!(voted["status"], "PENDING");
    assert_eq!(voted["action_id"], held.action_id);
    assert_eq!(voted["approvals"]["given"], 1);
    assert_eq!(voted["approvals"]["needed"], 2);
    let by = &voted["approvals"]["by"][0];
    assert_eq!(by["user_id"], me);
    assert_eq!(by["name"], scene.human.email);
    assert_eq!(by["note"], "looks right");
    scene
        .agent
        .execute(&held)
        .send()
        .await
        .expect_problem(409, "action_not_approved");

    let seen = approvals(&other, &held).await;
    assert_eq!(
        (&seen["given"], &seen["may_vote"]),
        (&json!(1), &json!(true))
    );
    let mine = approvals(&scene.human, &held).await;
    assert_eq!(
        (&mine["given"], &mine["may_vote"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(mine["may_not_vote_because"], json!(null));

    let decided = vote(&other, &held).await.expect_status(200).json();
    assert_eq!(decided["status"], "APPROVED");
    let action = scene.human.action(&held).await;
    assert_eq!(action["approval"]["by"], second);
    assert_eq!(action["approval"]["break_glass"], false);
    assert_eq!(action["approvals"]["given"], 2);
    assert_eq!(action["approvals"]["by"][1]["user_id"], second);
    scene.agent.execute(&held).send().await.expect_status(200);
    assert_eq!(scene.upstream.received().len(), 1);
    let mut events = events(&scene.human, &held).await;
    events.sort();
    assert_eq!(
        events,
        [
            "action.approved",
            "action.created",
            "action.executed",
            "action.executing",
            "action.voted",
            "action.voted",
        ]
    );
    let entries = audited(&scene.human, &held).await;
    let approved = entries
        .iter()
        .find(|entry| entry["event"] == "action.approved")
        .unwrap();
    assert_eq!(approved["actor"], format!("user:{second}"));
    let counted = json!({"needed": 2, "given": 2, "by": [me, second]});
    assert_eq!(approved["detail"]["approvals"], counted);
    verify(&scene.gateway).await;
}

async fn one_person_counts_once_however_often_they_approve(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    for _ in 0..3 {
        let voted = vote(&scene.human, &held).await.expect_status(202).json();
        assert_eq!(voted["approvals"]["given"], 1);
    }
    vote(&other, &held).await.expect_status(200);
    // Everyone whose vote was counted may repeat it; it changes nothing.
    for human in [&scene.human, &other] {
        let again = vote(human, &held).await.expect_status(200).json();
        assert_eq!(again["status"], "APPROVED");
    }
    let third = colleague(&scene, "third").await;
    vote(&third, &held)
        .await
        .expect_problem(409, "already_decided");
    let voted = events(&scene.human, &held).await;
    assert_eq!(
        voted
            .iter()
            .filter(|event| *event == "action.voted")
            .count(),
        2
    );
}

async fn one_denial_ends_it(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    vote(&scene.human, &held).await.expect_status(202);
    other.deny(&held, "not today").await;
    vote(&scene.human, &held)
        .await
        .expect_problem(409, "already_decided");
    assert_eq!(scene.agent.status(&held).await["note"], "not today");
    assert_eq!(scene.human.action(&held).await["approval"], json!(null));
    assert!(scene.upstream.received().is_empty());
}

async fn a_vote_names_the_request_that_was_reviewed(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    let wrong = json!({"digest": "0".repeat(64)});
    let refused = scene.human.decide(&held, "approve", wrong).await;
    refused.expect_problem(409, "digest_mismatch");
    vote(&scene.human, &held).await.expect_status(202);
    // A vote on another revision, or on other bytes, does not count.
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database
        .change("UPDATE votes SET revision = revision + 1")
        .await;
    assert_eq!(approvals(&other, &held).await["given"], 0);
    let voted = vote(&other, &held).await.expect_status(202).json();
    assert_eq!(voted["approvals"]["given"], 1);
    vote(&scene.human, &held).await.expect_status(200);
}

async fn the_vote_of_someone_who_was_removed_does_not_count(storage: Storage) {
    let scene = two_needed(storage).await;
    let (second, third) = (
        colleague(&scene, "second").await,
        colleague(&scene, "third").await,
    );
    let held = scene.hold("thing").await;
    let leaver = id(&second).await;
    vote(&second, &held).await.expect_status(202);
    remove_member(&scene.human, leaver).await;
    assert_eq!(approvals(&scene.human, &held).await["given"], 0);
    let voted = vote(&scene.human, &held).await.expect_status(202).json();
    assert_eq!(voted["approvals"]["given"], 1);
    vote(&third, &held).await.expect_status(200);
    let action = scene.human.action(&held).await;
    let by = action["approvals"]["by"].as_array().unwrap();
    assert_eq!(by.len(), 2, "{by:?}");
    assert!(by.iter().all(|vote| vote["user_id"] != leaver), "{by:?}");
}

async fn only_the_roles_that_the_rule_names_count(storage: Storage) {
    let scene = Scene::new(storage).await;
    let (second, third) = (
        colleague(&scene, "second").await,
        colleague(&scene, "third").await,
    );
    requires(&scene.human, json!({"count": 2, "from": ["owner"]})).await;
    let held = scene.hold("thing").await;
    vote(&second, &held).await.expect_status(202);
    // The role at the moment of the decision counts.
    let changed = id(&second).await;
    set_rights(&scene.human, changed, json!({"role": "approver"})).await;
    let voted = vote(&third, &held).await.expect_status(202).json();
    assert_eq!(voted["approvals"]["given"], 1);
    set_rights(&scene.human, changed, json!({"role": "owner"})).await;
    vote(&third, &held).await.expect_status(200);
}

async fn the_limits_of_an_approver_apply_when_the_votes_are_counted(storage: Storage) {
    let scene = two_needed(storage).await;
    let second = colleague(&scene, "second").await;
    let third = colleague(&scene, "third").await;
    let url = scene.upstream.url();
    let other = scene.human.create_bearer_service("other", &url, "token");
    let (other, limited) = (other.await, id(&second).await);
    let rights = |rights| set_rights(&scene.human, limited, rights);
    rights(json!({"role": "approver", "effects": ["deletes"]})).await;
    let held = scene.hold("thing").await;
    vote(&second, &held).await.expect_status(202);
    rights(json!({"services": [other.id]})).await;
    assert_eq!(approvals(&third, &held).await["given"], 0);
    let mine = approvals(&second, &held).await;
    assert_eq!(mine["may_not_vote_because"], "limits");
    vote(&third, &held).await.expect_status(202);
    vote(&scene.human, &held).await.expect_status(200);
}

async fn a_vote_is_withdrawn_by_its_giver_while_the_action_is_pending(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    let path = format!("/approvals/{}/vote", held.action_id);
    let withdraw = || scene.human.call(Method::DELETE, &path).send();
    withdraw().await.expect_problem(409, "no_vote");
    vote(&scene.human, &held).await.expect_status(202);
    let refused = other.call(Method::DELETE, &path).send().await;
    refused.expect_problem(409, "no_vote");
    let withdrawn = withdraw().await.expect_status(200).json();
    assert_eq!(withdrawn["status"], "PENDING");
    assert_eq!(
        withdrawn["approvals"],
        json!({"given": 0, "needed": 2, "by": []})
    );
    vote(&other, &held).await.expect_status(202);
    vote(&scene.human, &held).await.expect_status(200);
    withdraw().await.expect_problem(409, "no_vote");
    let events = events(&scene.human, &held).await;
    assert!(
        events.contains(&"action.vote_withdrawn".to_owned()),
        "{events:?}"
    );
    verify(&scene.gateway).await;
}

async fn the_time_to_undo_begins_with_the_deciding_vote(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    let body = json!({"undo_seconds": 30});
    scene
        .human
        .decide(&held, "approve", body)
        .await
        .expect_status(202);
    assert_eq!(scene.human.action(&held).await["releases_at"], json!(null));
    let body = json!({"undo_seconds": 20});
    other
        .decide(&held, "approve", body)
        .await
        .expect_status(200);
    assert!(scene.human.action(&held).await["releases_at"].is_string());
    assert_eq!(scene.agent.status(&held).await["status"], "PENDING");
    let undone = scene.human.decide(&held, "revoke", json!({})).await;
    undone.expect_status(200);
    assert!(scene.upstream.received().is_empty());
}

async fn several_decisions_have_the_shapes_of_single_ones(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let (first, second) = (scene.hold("first").await, scene.hold("second").await);
    vote(&other, &second).await.expect_status(202);
    let mut decisions = Vec::new();
    for held in [&first, &second] {
        let digest = scene.human.action(held).await["digest"].clone();
        decisions.push(json!({
            "action_id": held.action_id, "digest": digest, "decision": "approve"
        }));
    }
    let call = scene.human.post("/approvals/decisions");
    let response = call.json(json!({"decisions": decisions})).send().await;
    let results = response.expect_status(200).json()["results"].clone();
    assert_eq!(results[0]["status"], "PENDING");
    assert_eq!(results[0]["approvals"]["given"], 1);
    assert_eq!(results[0]["approvals"]["by"][0]["name"], scene.human.email);
    assert_eq!(
        results[1],
        json!({"action_id": second.action_id, "status": "APPROVED", "problem": null})
    );
}

async fn the_agent_sees_only_that_it_is_pending(storage: Storage) {
    let scene = two_needed(storage).await;
    let held = scene.hold("thing").await;
    vote(&scene.human, &held).await.expect_status(202);
    let status = scene.agent.status(&held).await;
    assert_eq!(status["status"], "PENDING");
    let shown = status.to_string() + &held.response.text();
    for hidden in ["approvals", "human@example.com", "needed"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

async fn a_held_call_returns_after_the_last_vote(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let call = scene
        .agent
        .propose(gaiterguard_testkit::scene::request("DELETE", "/thing"));
    let call = call.header("prefer", "wait=60").idempotency_key("thing");
    let waiting = tokio::spawn(call.send());
    let action = scene.human.next_pending("/thing").await;
    let path = format!(
        "/approvals/{}/approve",
        action["action_id"].as_str().unwrap()
    );
    scene
        .human
        .patch(&path)
        .json(json!({}))
        .send()
        .await
        .expect_status(202);
    assert!(!waiting.is_finished());
    other
        .patch(&path)
        .json(json!({}))
        .send()
        .await
        .expect_status(200);
    waiting.await.unwrap().expect_status(200);
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn votes_survive_a_kill_and_a_restart(storage: Storage) {
    let mut scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    vote(&scene.human, &held).await.expect_status(202);
    scene.gateway.kill9();
    scene.gateway.restart().await;
    assert_eq!(approvals(&other, &held).await["given"], 1);
    let decided = vote(&other, &held).await;
    decided.expect_status(200);
    eventually("the request is executed", MOMENT, || async {
        let executed = scene.agent.execute(&held).send().await;
        (executed.status == 200).then_some(())
    })
    .await;
    assert_eq!(scene.upstream.received().len(), 1);
    verify(&scene.gateway).await;
}

async fn a_changed_requirement_is_found_by_verification(storage: Storage) {
    let scene = two_needed(storage).await;
    scene.hold("thing").await;
    verify(&scene.gateway).await;
    let statement = "UPDATE actions SET judgement = \
                     REPLACE(judgement, '\"needed\":2', '\"needed\":1')";
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database.change(statement).await;
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(!verified.status.success(), "{verified:?}");
    let text = String::from_utf8_lossy(&verified.stdout).into_owned()
        + &String::from_utf8_lossy(&verified.stderr);
    assert!(text.contains("actions"), "{text}");
}
