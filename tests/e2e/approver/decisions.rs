//! Several decisions in one call are each bound to their digest, audited, and made at most once.

use std::collections::HashSet;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Held, Human, Response, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    each_decision_is_bound_to_its_digest_and_audited,
    a_refused_decision_affects_no_other,
    an_action_that_appears_twice_is_refused_with_the_whole_list,
    one_of_many_simultaneous_decisions_wins,
    only_members_of_the_workspace_decide,
    the_kill_switch_leaves_nothing_to_decide,
    two_hundred_decisions_fit_into_one_call,
);

/// A digest that no request has.
const WRONG_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

async fn digest(human: &Human, held: &Held) -> Value {
    human.action(held).await["digest"].clone()
}

/// Returns a decision by the digest that the human sees.
async fn decision(human: &Human, held: &Held, decision: &str) -> Value {
    let digest = digest(human, held).await;
    json!({"action_id": held.action_id, "digest": digest, "decision": decision})
}

async fn send(human: &Human, decisions: &[Value]) -> Response {
    let body = json!({"decisions": decisions});
    human.post("/approvals/decisions").json(body).send().await
}

async fn results(human: &Human, decisions: &[Value]) -> Vec<Value> {
    let response = send(human, decisions).await.expect_status(200);
    response.json()["results"].as_array().unwrap().clone()
}

fn fields(refused: &Response) -> Vec<String> {
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    let fields = errors.iter();
    fields
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

async fn each_decision_is_bound_to_its_digest_and_audited(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let [first, second, third] = [
        scene.hold("first").await,
        scene.hold("second").await,
        scene.hold("third").await,
    ];
    let mut denial = decision(human, &second, "deny").await;
    denial["note"] = "not this one".into();
    let decided = results(
        human,
        &[
            decision(human, &third, "approve").await,
            denial,
            decision(human, &first, "approve").await,
        ],
    )
    .await;
    assert_eq!(
        decided,
        [
            json!({"action_id": third.action_id, "status": "APPROVED", "problem": null}),
            json!({"action_id": second.action_id, "status": "DENIED", "problem": null}),
            json!({"action_id": first.action_id, "status": "APPROVED", "problem": null}),
        ]
    );

    let me = human.read("/auth/me").await["id"].clone();
    let audit = human.read("/audit?limit=200").await;
    let audit = audit["items"].as_array().unwrap();
    for (held, event) in [
        (&first, "action.approved"),
        (&second, "action.denied"),
        (&third, "action.approved"),
    ] {
        let subject = format!("action:{}", held.action_id);
        let entries: Vec<_> = audit
            .iter()
            .filter(|entry| entry["subject"] == subject && entry["event"] == event)
            .collect();
        assert_eq!(entries.len(), 1, "{event} of {subject}: {audit:?}");
        assert_eq!(entries[0]["actor"], format!("user:{me}"));
        let reviewed = digest(human, held).await;
        assert_eq!(entries[0]["detail"]["digest"], reviewed);
    }
    assert_eq!(scene.agent.status(&second).await["note"], "not this one");

    assert!(scene.upstream.received().is_empty());
    for held in [&first, &third] {
        scene.agent.execute(held).send().await.expect_status(200);
    }
    let refused = scene.agent.execute(&second).send().await;
    refused.expect_problem(409, "action_not_approved");
    let sent: Vec<_> = scene
        .upstream
        .received()
        .iter()
        .map(|received| received.path().to_owned())
        .collect();
    assert_eq!(sent, ["/first", "/third"]);
}

async fn a_refused_decision_affects_no_other(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let good = scene.hold("good").await;
    let changed = scene.hold("changed").await;
    let decided = scene.hold("decided").await;
    let noted = scene.hold("noted").await;
    let last = scene.hold("last").await;
    human.deny(&decided, "no").await;
    let missing = "6f0f7a5e-5a5b-4a55-8d3c-0d7c8b9f1a2b";
    let long_note = "x".repeat(2001);

    let mut stale = decision(human, &changed, "approve").await;
    stale["digest"] = WRONG_DIGEST.into();
    let mut too_long = decision(human, &noted, "deny").await;
    too_long["note"] = long_note.as_str().into();
    let unknown = json!({"action_id": missing, "digest": WRONG_DIGEST, "decision": "deny"});
    let decisions = [
        decision(human, &good, "approve").await,
        stale,
        unknown,
        decision(human, &decided, "approve").await,
        too_long,
        decision(human, &last, "deny").await,
    ];
    let results = results(human, &decisions).await;
    let statuses: Vec<_> = results
        .iter()
        .map(|result| result["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        [
            json!("APPROVED"),
            json!(null),
            json!(null),
            json!(null),
            json!(null),
            json!("DENIED")
        ]
    );
    // Each problem is the body that the endpoint for one action returns.
    let alone = [
        (
            "approve",
            changed.action_id.as_str(),
            json!({"digest": WRONG_DIGEST}),
        ),
        ("deny", missing, json!({"digest": WRONG_DIGEST})),
        ("approve", decided.action_id.as_str(), json!({})),
        ("deny", noted.action_id.as_str(), json!({"note": long_note})),
    ];
    for ((decision, action, body), result) in alone.into_iter().zip(&results[1..5]) {
        let path = format!("/approvals/{action}/{decision}");
        let refused = human.patch(&path).json(body).send().await;
        assert_eq!(result["problem"], refused.json(), "{decision} {action}");
        assert_eq!(result["problem"]["status"], refused.status.as_u16());
        assert_eq!(result["action_id"], action);
    }
    for held in [&changed, &noted] {
        assert_eq!(scene.agent.status(held).await["status"], "PENDING");
    }
}

async fn an_action_that_appears_twice_is_refused_with_the_whole_list(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let one = scene.hold("one").await;
    let two = scene.hold("two").await;
    let approval = decision(human, &one, "approve").await;
    let mut denial = decision(human, &one, "deny").await;
    // The same id in another spelling.
    denial["action_id"] = one.action_id.to_uppercase().into();
    let other = decision(human, &two, "approve").await;
    let refused = send(human, &[other.clone(), approval.clone(), denial])
        .await
        .expect_problem(400, "validation_failed");
    assert_eq!(fields(&refused), ["decisions[2].action_id"]);

    let mut odd_digest = other.clone();
    odd_digest["digest"] = "not a digest".into();
    let mut odd_decision = other.clone();
    odd_decision["decision"] = "revoke".into();
    let mut without_digest = other.clone();
    without_digest.as_object_mut().unwrap().remove("digest");
    let mut extra = other.clone();
    extra["force"] = true.into();
    for (odd, field) in [
        (odd_digest, "decisions[1].digest"),
        (odd_decision, "decisions[1].decision"),
        (without_digest, "decisions[1].digest"),
        (extra, "decisions[1].force"),
    ] {
        let refused = send(human, &[approval.clone(), odd])
            .await
            .expect_problem(400, "validation_failed");
        assert_eq!(fields(&refused), [field]);
    }
    let many = |count: u32| -> Vec<Value> {
        let id = |number| format!("00000000-0000-4000-8000-{number:012}");
        let one =
            |number| json!({"action_id": id(number), "digest": WRONG_DIGEST, "decision": "deny"});
        (0..count).map(one).collect()
    };
    for count in [0, 201] {
        let refused = send(human, &many(count))
            .await
            .expect_problem(400, "validation_failed");
        assert_eq!(fields(&refused), ["decisions"], "{count}");
    }
    for held in [&one, &two] {
        assert_eq!(scene.agent.status(held).await["status"], "PENDING");
    }
}

async fn one_of_many_simultaneous_decisions_wins(storage: Storage) {
    let scene = Scene::new(storage).await;
    let mut approvals = Vec::new();
    let mut denials = Vec::new();
    let mut holds = Vec::new();
    for number in 0..5 {
        let held = scene.hold(&format!("thing-{number}")).await;
        approvals.push(decision(&scene.human, &held, "approve").await);
        denials.insert(0, decision(&scene.human, &held, "deny").await);
        holds.push(held);
    }
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..8 {
        let human = scene.human.clone();
        let list = if number % 2 == 0 {
            &approvals
        } else {
            &denials
        };
        let list = list.clone();
        calls.spawn(async move { results(&human, &list).await });
    }
    let results: Vec<Value> = calls.join_all().await.into_iter().flatten().collect();
    for held in &holds {
        let of_action = results
            .iter()
            .filter(|result| result["action_id"] == held.action_id);
        let (won, lost): (Vec<_>, Vec<_>) =
            of_action.partition(|result| result["problem"].is_null());
        assert_eq!((won.len(), lost.len()), (1, 7));
        let status = &scene.agent.status(held).await["status"];
        assert_eq!(won[0]["status"], *status);
        for result in lost {
            assert_eq!(result["problem"]["code"], "already_decided");
            assert_eq!(result["problem"]["action_status"], *status);
        }
    }
}

async fn only_members_of_the_workspace_decide(storage: Storage) {
    let scene = Scene::on(TestGateway::builder(storage).setting("REGISTRATION", "open")).await;
    let held = scene.hold("thing").await;
    let approval = decision(&scene.human, &held, "approve").await;
    let stranger = Human::register_as(&scene.gateway, "other@example.com").await;
    let refused = results(&stranger, std::slice::from_ref(&approval)).await;
    assert_eq!(refused[0]["status"], json!(null));
    assert_eq!(refused[0]["problem"]["code"], "not_found");
    let call = scene.agent.call(http::Method::POST, "/approvals/decisions");
    let call = call.json(json!({"decisions": [approval]}));
    call.send().await.expect_problem(401, "not_authenticated");
    assert_eq!(scene.agent.status(&held).await["status"], "PENDING");

    let command = ["user", "create", "colleague@example.com"];
    let workspace = ["--workspace", &*scene.human.email];
    let arguments = [&command[..], &workspace[..]].concat();
    let password = "another correct horse battery";
    let created = scene.gateway.run(&arguments, password).await;
    assert!(created.status.success(), "{created:?}");
    let colleague = Human::log_in(&scene.gateway, "colleague@example.com", password).await;
    let denial = decision(&colleague, &held, "deny").await;
    let won = results(&colleague, &[denial]).await;
    assert_eq!(won[0]["status"], "DENIED");
    let lost = results(&scene.human, &[approval]).await;
    assert_eq!(lost[0]["problem"]["code"], "already_decided");
    let denied_by = &scene.human.action(&held).await["resolved_by"];
    assert_eq!(*denied_by, colleague.read("/auth/me").await["id"]);
}

async fn the_kill_switch_leaves_nothing_to_decide(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("thing").await;
    let approval = decision(&scene.human, &held, "approve").await;
    for active in [true, false] {
        let kill_switch = scene.human.put("/kill-switch");
        let kill_switch = kill_switch.json(json!({"active": active}));
        kill_switch.send().await.expect_status(200);
        let refused = results(&scene.human, std::slice::from_ref(&approval)).await;
        assert_eq!(refused[0]["problem"]["code"], "already_decided");
        assert_eq!(refused[0]["problem"]["action_status"], "REVOKED");
    }
    assert!(scene.upstream.received().is_empty());
}

async fn two_hundred_decisions_fit_into_one_call(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("MAX_PENDING_PER_AGENT", 200);
    let scene = Scene::on(builder).await;
    // Four bytes in UTF-8, the most that a character takes.
    let note = "\u{1F512}".repeat(2000);
    // A few at a time, so that a busy machine keeps up.
    for first in (0..200).step_by(8) {
        let mut holding = tokio::task::JoinSet::new();
        for number in first..first + 8 {
            let agent = scene.agent.clone();
            holding.spawn(async move {
                let (path, key) = (format!("/{number}"), format!("key-{number}"));
                agent.propose_held(request("DELETE", &path), &key).await
            });
        }
        holding.join_all().await;
    }
    let pending = scene.human.pending().await;
    let decisions: Vec<Value> = pending
        .iter()
        .map(|action| {
            json!({
                "action_id": action["action_id"], "digest": action["digest"],
                "decision": "deny", "note": note,
            })
        })
        .collect();
    assert_eq!(decisions.len(), 200);
    let results = results(&scene.human, &decisions).await;
    let decided: HashSet<_> = results
        .iter()
        .filter(|result| result["status"] == "DENIED")
        .map(|result| result["action_id"].as_str())
        .collect();
    assert_eq!(decided.len(), 200);
    assert!(scene.human.pending().await.is_empty());
}
