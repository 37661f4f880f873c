//! Rules that require a passkey for each approval.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{DirectDatabase, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

use super::authenticator::{Authenticator, SITE, approve_with, begin};
use super::scene::{audited, colleague, verify, vote};

on_both_databases!(
    an_approval_needs_the_passkey_of_the_person_for_this_very_request,
    wrong_uses_of_a_passkey_approve_nothing,
    no_way_to_approve_avoids_the_passkey,
    two_people_use_their_own_passkeys,
    verification_finds_a_changed_assertion,
    a_person_without_a_passkey_learns_why,
    a_rule_that_too_few_can_approve_is_saved_with_a_warning,
);

/// Returns a scene whose DELETE requests need a passkey, and so many approvals.
async fn scene(storage: Storage, count: u32) -> Scene {
    let builder = TestGateway::builder(storage).setting("PUBLIC_URL", SITE);
    let scene = Scene::on(builder).await;
    let rule = json!({
        "name": "Deletions need a passkey",
        "effect": "require_approval",
        "condition": "request.method == 'DELETE'",
        "approvals": if count > 1 { json!({"count": count}) } else { Value::Null },
        "stepUp": "passkey",
    });
    let rule = scene.human.create_rule(rule).await;
    assert_eq!(rule["stepUp"], "passkey");
    scene
}

async fn an_approval_needs_the_passkey_of_the_person_for_this_very_request(storage: Storage) {
    let scene = scene(storage, 1).await;
    let (human, held) = (&scene.human, scene.hold("thing").await);
    let mut phone = Authenticator::of(human, "Phone").await;
    assert_eq!(human.action(&held).await["approvals"]["step_up"], "passkey");
    let refused = vote(human, &held).await;
    let refused = refused.expect_problem(403, "step_up_required").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("/approve/options"), "{detail}");
    let options = begin(human, &held).await.expect_status(200).json();
    assert_eq!(options["rpId"], "localhost");
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let passkey = phone.sign(&options);
    let approved = approve_with(human, &held, &passkey).await;
    assert_eq!(approved.expect_status(200).json()["status"], "APPROVED");
    let action = human.action(&held).await;
    assert_eq!(action["approvals"]["by"][0]["stepped_up"], true);
    let entries = audited(human, &held).await;
    let voted = entries
        .iter()
        .find(|entry| entry["event"] == "action.voted");
    assert!(voted.unwrap()["detail"]["passkey_id"].is_number());
    // An assertion counts once, and for one request.
    let other = scene.hold("other").await;
    let again = approve_with(human, &other, &passkey).await;
    again.expect_problem(403, "step_up_required");
    scene.agent.execute(&held).send().await.expect_status(200);
    verify(&scene.gateway).await;
}

async fn wrong_uses_of_a_passkey_approve_nothing(storage: Storage) {
    let scene = scene(storage, 1).await;
    let human = &scene.human;
    let other = colleague(&scene, "other").await;
    let mut phone = Authenticator::of(human, "Phone").await;
    let mut stolen = Authenticator::of(&other, "Stolen").await;
    let held = scene.hold("thing").await;
    let options = begin(human, &held).await.expect_status(200).json();
    let refuse = async |passkey: Value, code: &str| {
        let refused = approve_with(human, &held, &passkey).await;
        refused.expect_problem(403, code);
        assert_eq!(human.action(&held).await["status"], "PENDING");
    };
    // The passkey of another person, a page of another site, a person who was not verified, a changed signature.
    refuse(stolen.sign(&options), "passkey_refused").await;
    refuse(
        phone.sign_at(&options, "https://evil.example", 0x05),
        "passkey_refused",
    )
    .await;
    refuse(phone.sign_at(&options, SITE, 0x01), "passkey_refused").await;
    let mut changed = phone.sign(&options);
    changed["authenticatorData"] = stolen.sign(&options)["authenticatorData"].clone();
    refuse(changed, "passkey_refused").await;
    // A challenge that was not issued here, and those for another person and for signing in.
    let mut made_up = options.clone();
    made_up["challenge"] = json!("AAAA");
    refuse(phone.sign(&made_up), "passkey_refused").await;
    let for_other = begin(&other, &held).await.expect_status(200).json();
    refuse(phone.sign(&for_other), "passkey_refused").await;
    let sign_in = scene
        .gateway
        .dashboard()
        .post("/auth/passkeys/sign-in/options");
    let sign_in = sign_in
        .json(json!({}))
        .send()
        .await
        .expect_status(200)
        .json();
    refuse(phone.sign(&sign_in), "passkey_refused").await;
    // One for another request of the same person.
    let another = scene.hold("another").await;
    let for_another = begin(human, &another).await.expect_status(200).json();
    refuse(phone.sign(&for_another), "step_up_required").await;
    // No assertion was kept, and the right one still counts.
    let passkey = phone.sign(&options);
    approve_with(human, &held, &passkey)
        .await
        .expect_status(200);
    verify(&scene.gateway).await;
}

async fn no_way_to_approve_avoids_the_passkey(storage: Storage) {
    let scene = scene(storage, 2).await;
    let (human, held) = (&scene.human, scene.hold("thing").await);
    let digest = human.action(&held).await["digest"].clone();
    let alone = json!({"break_glass": true, "note": "the site is down"});
    let alone = human.decide(&held, "approve", alone).await;
    alone.expect_problem(403, "step_up_required");
    let decision = json!({"action_id": held.action_id, "digest": digest, "decision": "approve"});
    let several = human.post("/approvals/decisions");
    let several = several.json(json!({"decisions": [decision]}));
    let results = several.send().await.expect_status(200).json();
    assert_eq!(results["results"][0]["problem"]["code"], "step_up_required");
    assert_eq!(human.action(&held).await["approvals"]["given"], 0);
    // With it, an owner may approve alone; and a denial needs none.
    let mut phone = Authenticator::of(human, "Phone").await;
    let options = begin(human, &held).await.expect_status(200).json();
    let alone = json!({
        "break_glass": true, "note": "the site is down", "passkey": phone.sign(&options),
    });
    let alone = human.decide(&held, "approve", alone).await;
    assert_eq!(alone.expect_status(200).json()["status"], "APPROVED");
    let denied = scene.hold("other").await;
    human.deny(&denied, "no").await;
    verify(&scene.gateway).await;
}

async fn two_people_use_their_own_passkeys(storage: Storage) {
    let scene = scene(storage, 2).await;
    let other = colleague(&scene, "other").await;
    let held = scene.hold("thing").await;
    for (human, name, status) in [(&scene.human, "One", 202), (&other, "Two", 200)] {
        let mut phone = Authenticator::of(human, name).await;
        let options = begin(human, &held).await.expect_status(200).json();
        let approved = approve_with(human, &held, &phone.sign(&options)).await;
        approved.expect_status(status);
    }
    scene.agent.execute(&held).send().await.expect_status(200);
    verify(&scene.gateway).await;
}

async fn verification_finds_a_changed_assertion(storage: Storage) {
    let scene = scene(storage, 1).await;
    let (human, held) = (&scene.human, scene.hold("thing").await);
    let mut phone = Authenticator::of(human, "Phone").await;
    let options = begin(human, &held).await.expect_status(200).json();
    let passkey = phone.sign(&options);
    approve_with(human, &held, &passkey)
        .await
        .expect_status(200);
    verify(&scene.gateway).await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let mut tamper = async |statement: String, found: &str| {
        database.change(&statement).await;
        let verified = scene.gateway.run(&["audit", "verify"], "").await;
        assert!(!verified.status.success(), "{statement}");
        let error = String::from_utf8(verified.stderr).unwrap();
        assert!(error.contains(found), "{statement}: {error}");
    };
    let id = &held.action_id;
    tamper(
        format!("UPDATE votes SET step_up = REPLACE(step_up, '\"signature\":\"30', '\"signature\":\"31') WHERE action_id = '{id}'"),
        "the assertion of a vote",
    )
    .await;
    tamper(
        format!("UPDATE votes SET step_up = NULL WHERE action_id = '{id}'"),
        "which a rule requires",
    )
    .await;
    tamper(
        format!("DELETE FROM votes WHERE action_id = '{id}'"),
        "a vote",
    )
    .await;
}

async fn a_person_without_a_passkey_learns_why(storage: Storage) {
    let scene = scene(storage, 1).await;
    let held = scene.hold("thing").await;
    let refused = begin(&scene.human, &held).await;
    let refused = refused.expect_problem(409, "passkeys_unavailable").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("you have no passkey"), "{detail}");
    scene.human.deny(&held, "no").await;
    begin(&scene.human, &held)
        .await
        .expect_problem(409, "already_decided");
}

async fn a_rule_that_too_few_can_approve_is_saved_with_a_warning(storage: Storage) {
    let scene = scene(storage, 1).await;
    let human = &scene.human;
    let warnings = async || human.read("/rules").await["items"][0]["warnings"].clone();
    let nobody = warnings().await;
    assert_eq!(nobody[0]["field"], "stepUp", "{nobody}");
    let message = nobody[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("nobody who may approve has a passkey"),
        "{message}"
    );
    let id = human.read("/rules").await["items"][0]["id"].clone();
    assert_eq!(
        human.read(&format!("/rules/{id}")).await["warnings"],
        nobody
    );
    // The form asks before the rule is saved.
    let validated = async |approvals: Value| {
        let call = human.post("/rules/validate").json(json!({
            "condition": "request.method == 'DELETE'", "effect": "require_approval",
            "stepUp": "passkey", "approvals": approvals,
        }));
        call.send().await
    };
    let first = validated(Value::Null).await.expect_status(200).json();
    assert_eq!(first["warnings"], nobody);
    let wrong = validated(json!({"count": 0})).await;
    let wrong = wrong.expect_problem(400, "validation_failed").json();
    assert_eq!(wrong["errors"][0]["field"], "approvals.count", "{wrong}");
    // One passkey is enough for one approval, and not for two.
    Authenticator::of(human, "phone").await;
    assert_eq!(warnings().await, json!([]));
    let one = validated(Value::Null).await.expect_status(200).json();
    assert_eq!(one.get("warnings"), None, "{one}");
    let two = validated(json!({"count": 2}))
        .await
        .expect_status(200)
        .json();
    let message = two["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("only 1 of those who may"), "{message}");
    let change = json!({"approvals": {"exclude": ["rule_author"]}});
    let saved = human.put(&format!("/rules/{id}")).json(change).send().await;
    let saved = saved.expect_status(200).json();
    assert_eq!(saved["warnings"], nobody, "its author is excluded");
}
