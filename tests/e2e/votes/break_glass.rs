//! An owner who approves alone.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::json;

use super::scene::{
    audited, colleague, events, id, requires, set_rights, two_needed, verify, vote,
};

on_both_databases!(
    an_owner_approves_alone_with_a_note_and_it_is_marked,
    without_a_note_nothing_happens,
    only_an_owner_breaks_the_glass,
    an_excluded_owner_can_break_the_glass,
    an_ordinary_approval_is_not_marked,
);

async fn an_owner_approves_alone_with_a_note_and_it_is_marked(storage: Storage) {
    let scene = two_needed(storage).await;
    let me = id(&scene.human).await;
    let held = scene.hold("thing").await;
    vote(&scene.human, &held).await.expect_status(202);
    let body = json!({"break_glass": true, "note": "the site is down"});
    let decided = scene.human.decide(&held, "approve", body).await;
    assert_eq!(decided.expect_status(200).json()["status"], "APPROVED");
    let action = scene.human.action(&held).await;
    assert_eq!(action["approval"]["break_glass"], true);
    assert_eq!(action["approval"]["note"], "the site is down");
    assert_eq!(action["approvals"]["given"], 1);
    let entries = audited(&scene.human, &held).await;
    let of = |event| {
        entries
            .iter()
            .find(|entry| entry["event"] == event)
            .unwrap()
    };
    assert_eq!(of("action.approved")["detail"]["break_glass"], true);
    let broken = of("action.glass_broken");
    assert_eq!(broken["actor"], format!("user:{me}"));
    assert_eq!(broken["detail"]["note"], "the site is down");
    scene.agent.execute(&held).send().await.expect_status(200);
    verify(&scene.gateway).await;
}

async fn without_a_note_nothing_happens(storage: Storage) {
    let scene = two_needed(storage).await;
    let held = scene.hold("thing").await;
    for note in [json!(null), json!(""), json!("  \n")] {
        let body = json!({"break_glass": true, "note": note});
        let refused = scene.human.decide(&held, "approve", body).await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        assert_eq!(refused["errors"][0]["field"], "note");
    }
    assert_eq!(scene.human.action(&held).await["status"], "PENDING");
    assert_eq!(events(&scene.human, &held).await, ["action.created"]);
}

async fn only_an_owner_breaks_the_glass(storage: Storage) {
    let scene = two_needed(storage).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    set_rights(&scene.human, id(&other).await, json!({"role": "approver"})).await;
    let body = json!({"break_glass": true, "note": "I am in a hurry"});
    let refused = other.decide(&held, "approve", body).await;
    refused.expect_problem(403, "may_not_approve");
    assert_eq!(scene.human.action(&held).await["approvals"]["given"], 0);
}

async fn an_excluded_owner_can_break_the_glass(storage: Storage) {
    let scene = Scene::new(storage).await;
    requires(&scene.human, json!({"exclude": ["rule_author"]})).await;
    let held = scene.hold("thing").await;
    vote(&scene.human, &held)
        .await
        .expect_problem(403, "may_not_approve");
    let body = json!({"break_glass": true, "note": "nobody else is awake"});
    scene
        .human
        .decide(&held, "approve", body)
        .await
        .expect_status(200);
}

async fn an_ordinary_approval_is_not_marked(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let body = json!({"break_glass": true, "note": "one approval is enough"});
    scene
        .human
        .decide(&held, "approve", body)
        .await
        .expect_status(200);
    let action = scene.human.action(&held).await;
    assert_eq!(action["approval"]["break_glass"], false);
    assert_eq!(action["approvals"]["needed"], 1);
    assert_eq!(action["approvals"]["given"], 1);
    let mut events = events(&scene.human, &held).await;
    events.sort();
    assert_eq!(events, ["action.approved", "action.created"]);
}
