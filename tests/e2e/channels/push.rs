//! Push notifications reach the browsers of those who may decide, encrypted so that only the browser can read them. An
//! independent implementation of the standard (`tests/clients/push_browser.mjs`) reads what the push service got.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, Gate, Human, Received, Reply, Storage, TestGateway, eventually, finish,
    node_command, on_both_databases,
};
use serde_json::{Value, json};

use super::{MOMENT, SILENCE, arrived};

on_both_databases!(
    a_held_request_is_pushed_for_the_browser_alone_and_its_end_replaces_it,
    a_browser_that_its_push_service_does_not_know_is_removed,
    a_browser_ends_with_its_session_and_its_membership,
    only_what_a_member_may_decide_on_is_pushed,
    a_push_service_that_hangs_delays_no_other_and_no_kill_loses_a_message,
);

/// The longest time until a message of a killed gateway is sent again.
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

/// A gateway whose push service is a local server with TLS.
struct PushScene {
    scene: Scene,
    service: EchoUpstream,
}

impl PushScene {
    async fn new(storage: Storage) -> Self {
        let service = EchoUpstream::start_with_tls(&["localhost"]).await;
        let builder = TestGateway::builder(storage)
            .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
            .setting("UPSTREAM_CA_FILE", service.certificate_file().display());
        let scene = Scene::on(builder).await;
        Self { scene, service }
    }

    /// Returns the URL at which the push service takes messages for a browser.
    fn endpoint(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.service.address().port())
    }

    /// Subscribes a browser of a member at a path of the push service.
    async fn subscribe(&self, human: &Human, path: &str) -> Browser {
        let keys = node(json!({})).await;
        let call = human.post("/push-devices").json(json!({
            "name": "Firefox on Android",
            "endpoint": self.endpoint(path),
            "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]},
        }));
        let device = call.send().await.expect_status(201).json();
        Browser { keys, device }
    }
}

/// The keys of a browser, and its registration.
struct Browser {
    keys: Value,
    device: Value,
}

impl Browser {
    /// Reads messages of the push service. Panics unless they are encrypted for this browser and signed.
    async fn read(&self, messages: &[Received]) -> Vec<Value> {
        let messages = messages.iter().map(|message| {
            json!({
                "authorization": message.header("authorization").unwrap(),
                "body": STANDARD.encode(&message.body),
            })
        });
        let read = node(json!({
            "private": self.keys["private"],
            "auth": self.keys["auth"],
            "messages": messages.collect::<Vec<_>>(),
        }));
        read.await.as_array().unwrap().clone()
    }

    fn path(&self) -> String {
        format!("/push-devices/{}", self.device["id"])
    }
}

pub(super) async fn node(input: Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/push_browser.mjs");
    let mut command = node_command();
    command.env("INPUT", input.to_string());
    let output = finish(command, &std::fs::read_to_string(script).unwrap()).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn devices(human: &Human) -> Vec<Value> {
    let list = human.read("/push-devices").await;
    list["items"].as_array().unwrap().clone()
}

async fn a_held_request_is_pushed_for_the_browser_alone_and_its_end_replaces_it(storage: Storage) {
    let push = PushScene::new(storage).await;
    let (scene, service) = (&push.scene, &push.service);
    let browser = push.subscribe(&scene.human, "/send/secret-endpoint").await;
    let key = scene.human.read("/push-key").await["public_key"].clone();
    let mut wanted = request("DELETE", "/customers/17");
    wanted["intent"] = json!("Remove the customer");
    let held = scene.agent.propose_held(wanted, "one").await;
    let all = arrived(service, "/send/secret-endpoint", 1).await;
    let [message] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(message.method, "POST");
    assert_eq!(message.header("content-encoding"), Some("aes128gcm"));
    assert_eq!(message.header("urgency"), Some("high"));
    let id = held.action_id.clone();
    let topic = id.replace('-', "");
    assert_eq!(message.header("topic"), Some(topic.as_str()));
    // A day, which is how long the request can be decided.
    let ttl: u64 = message.header("ttl").unwrap().parse().unwrap();
    assert!((86_000..=86_400).contains(&ttl), "{ttl}");
    let read = browser.read(&all).await;
    assert_eq!(read[0]["key"], key);
    assert_eq!(read[0]["header"], json!({"typ": "JWT", "alg": "ES256"}));
    let claims = &read[0]["claims"];
    let origin = push.endpoint("");
    assert_eq!(claims["aud"], origin);
    let lifetime = claims["exp"].as_i64().unwrap() - jiff::Timestamp::now().as_second();
    assert!((3600..=86_400).contains(&lifetime), "{lifetime}");
    let text = &read[0]["text"];
    assert!(text["title"].as_str().unwrap().contains("17"), "{text}");
    assert_eq!(text["body"], "Deletes · assistant → things");
    assert_eq!(text["tag"], format!("{id} held"));
    assert_eq!(text["action_id"], id);
    let action = scene.human.action(&held).await;
    assert_eq!(text["digest"], action["digest"]);
    assert_eq!(
        (&text["asks"], &text["silent"], &text["waiting"]),
        (&json!(true), &json!(false), &json!(1))
    );

    scene.human.deny(&held, "No.").await;
    let all = arrived(service, "/send/secret-endpoint", 2).await;
    assert_eq!(all[1].header("topic"), Some(topic.as_str()));
    let ended = browser.read(&all[1..]).await.remove(0)["text"].clone();
    let title = ended["title"].as_str().unwrap();
    assert!(
        title.starts_with("Denied by human@example.com: "),
        "{title}"
    );
    assert_eq!(ended["tag"], format!("{id} held"));
    assert_eq!(ended["digest"], json!(null));
    assert_eq!(
        (&ended["asks"], &ended["silent"], &ended["waiting"]),
        (&json!(false), &json!(true), &json!(0))
    );
    tokio::time::sleep(SILENCE).await;
    assert_eq!(service.received_at("/send/secret-endpoint").len(), 2);

    let device = devices(&scene.human).await.remove(0);
    assert_eq!(device["name"], "Firefox on Android");
    assert_eq!(device["last_error"], json!(null));
    assert!(device["last_delivered_at"].is_string());
    // It is not one of the channels of the workspace.
    let channels = scene.human.read("/channels").await;
    assert_eq!(channels["items"], json!([]));
    let path = format!("/channels/{}", browser.device["id"]);
    for call in [scene.human.get(&path), scene.human.delete(&path)] {
        call.send().await.expect_status(404);
    }
    // Neither the endpoint nor the secret of the browser is stored or logged in the clear.
    let auth = browser.keys["auth"].as_str().unwrap();
    for secret in ["secret-endpoint", auth] {
        let places = scene.gateway.places_with(secret).await;
        assert!(places.is_empty(), "{places:?}");
    }
}

async fn a_browser_that_its_push_service_does_not_know_is_removed(storage: Storage) {
    let push = PushScene::new(storage).await;
    let (scene, service) = (&push.scene, &push.service);
    service.on("/gone", Reply::status(410));
    service.on("/unknown", Reply::status(404));
    service.on("/busy", Reply::status(503).header("Retry-After", "1"));
    for path in ["/gone", "/unknown", "/busy"] {
        push.subscribe(&scene.human, path).await;
    }
    scene.hold("one").await;
    let left = eventually("browsers are removed", MOMENT, || async {
        let left = devices(&scene.human).await;
        (left.len() == 1 && left[0]["last_error"].is_string()).then_some(left)
    })
    .await;
    let error = left[0]["last_error"].as_str().unwrap();
    assert!(error.contains("503"), "{error}");
    let audit = scene.human.read("/audit?event=push_device.removed").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
    // The one that fails is tried again.
    service.on("/busy", Reply::status(201));
    eventually("the message arrives", MOMENT, || async {
        let device = devices(&scene.human).await.remove(0);
        device["last_delivered_at"].is_string().then_some(())
    })
    .await;
}

async fn a_browser_ends_with_its_session_and_its_membership(storage: Storage) {
    let push = PushScene::new(storage).await;
    let (scene, service) = (&push.scene, &push.service);
    let owner = &scene.human;
    let elsewhere = Human::log_in(&scene.gateway, &owner.email, &owner.password).await;
    let third = Human::log_in(&scene.gateway, &owner.email, &owner.password).await;
    push.subscribe(owner, "/own").await;
    push.subscribe(&elsewhere, "/elsewhere").await;
    push.subscribe(&third, "/third").await;
    assert_eq!(devices(owner).await.len(), 3);

    // A browser that registers again belongs to the session in which it does.
    let again = push.subscribe(&elsewhere, "/own").await;
    let names = devices(owner).await;
    assert_eq!(names.len(), 3, "other keys replace the ones before");
    let same = owner.post("/push-devices").json(json!({
        "name": "Firefox on Android",
        "endpoint": push.endpoint("/own"),
        "keys": {"p256dh": again.keys["p256dh"], "auth": again.keys["auth"]},
    }));
    let same = same.send().await.expect_status(200).json();
    assert_eq!(same["id"], again.device["id"]);

    let logout = third.post("/auth/logout").json(json!({}));
    logout.send().await.expect_status(200);
    assert_eq!(devices(owner).await.len(), 2);
    owner
        .delete("/auth/sessions")
        .send()
        .await
        .expect_status(200);
    let left = devices(owner).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["id"], again.device["id"]);

    let member = owner
        .add_member(&scene.gateway, "ann@example.com", "approver", json!({}))
        .await;
    let of_member = push.subscribe(&member, "/member").await;
    // Nobody else sees it, tests it, or removes it.
    assert_eq!(devices(owner).await.len(), 1);
    owner
        .delete(&of_member.path())
        .send()
        .await
        .expect_status(404);
    let test = format!("{}/test", of_member.path());
    owner
        .post(&test)
        .json(json!({}))
        .send()
        .await
        .expect_status(404);
    let tested = member.post(&test).json(json!({})).send().await;
    assert_eq!(tested.expect_status(200).json()["delivered"], true);

    let members = owner.read("/members").await;
    let id = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["email"] == "ann@example.com")
        .map(|one| one["userId"].clone())
        .unwrap();
    owner
        .delete(&format!("/members/{id}"))
        .send()
        .await
        .expect_status(200);
    scene.hold("one").await;
    arrived(service, "/own", 1).await;
    tokio::time::sleep(SILENCE).await;
    // The test notification.
    assert_eq!(service.received_at("/member").len(), 1);
    for path in ["/elsewhere", "/third"] {
        assert!(service.received_at(path).is_empty(), "{path}");
    }
}

async fn only_what_a_member_may_decide_on_is_pushed(storage: Storage) {
    let push = PushScene::new(storage).await;
    let (scene, service) = (&push.scene, &push.service);
    let owner = &scene.human;
    let other = owner
        .create_bearer_service("others", &scene.upstream.url(), "another-credential")
        .await;
    let limits = [
        ("viewer", "viewer", json!({})),
        ("operator", "operator", json!({})),
        ("free", "approver", json!({})),
        ("here", "approver", json!({"services": [scene.service.id]})),
        ("there", "approver", json!({"services": [other.id]})),
        ("payer", "approver", json!({"effects": ["pays"]})),
        ("remover", "approver", json!({"effects": ["deletes"]})),
    ];
    for (name, role, limits) in limits {
        let email = format!("{name}@example.com");
        let member = owner.add_member(&scene.gateway, &email, role, limits).await;
        push.subscribe(&member, &format!("/{name}")).await;
    }
    push.subscribe(owner, "/owner").await;
    let held = scene.hold("one").await;
    for path in ["/owner", "/free", "/here", "/remover"] {
        arrived(service, path, 1).await;
    }
    owner.deny(&held, "No.").await;
    for path in ["/owner", "/free", "/here", "/remover"] {
        arrived(service, path, 2).await;
    }
    tokio::time::sleep(SILENCE).await;
    for path in ["/viewer", "/operator", "/there", "/payer"] {
        assert!(service.received_at(path).is_empty(), "{path}");
    }
}

async fn a_push_service_that_hangs_delays_no_other_and_no_kill_loses_a_message(storage: Storage) {
    let mut push = PushScene::new(storage).await;
    let gate = Gate::new();
    let first = std::sync::atomic::AtomicBool::new(true);
    let stuck = Reply::status(201).after(&gate);
    push.service.on_request("/stuck", move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            stuck.clone()
        } else {
            Reply::status(201)
        }
    });
    let stuck = push.subscribe(&push.scene.human, "/stuck").await;
    push.subscribe(&push.scene.human, "/quick").await;
    push.scene.hold("one").await;
    arrived(&push.service, "/stuck", 1).await;
    push.scene.hold("two").await;
    arrived(&push.service, "/quick", 2).await;
    assert_eq!(push.service.received_at("/stuck").len(), 1);
    // The first message is in flight.
    push.scene.gateway.kill9();
    push.scene.gateway.restart().await;
    let all = eventually("every message arrives", RECOVERY_LIMIT, || async {
        let all = push.service.received_at("/stuck");
        (all.len() >= 3 && all.iter().all(|one| one.complete)).then_some(all)
    })
    .await;
    let read = stuck.read(&all).await;
    let tags: Vec<_> = read.iter().map(|one| &one["text"]["tag"]).collect();
    // A notification that arrives twice replaces itself.
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[1], tags[2]);
    gate.open();
}

#[tokio::test]
async fn two_replicas_push_each_message_once_and_share_the_key() {
    let push = PushScene::new(Storage::Postgres).await;
    let (scene, service) = (&push.scene, &push.service);
    let replica = scene.gateway.start_replica().await;
    let there = Human::log_in(&replica, &scene.human.email, &scene.human.password).await;
    let (one, other) = tokio::join!(scene.human.read("/push-key"), there.read("/push-key"));
    assert_eq!(one, other);
    let browser = push.subscribe(&scene.human, "/browser").await;
    for number in 0..6 {
        let held = scene.hold(&format!("key-{number}")).await;
        arrived(service, "/browser", 2 * number + 1).await;
        there.deny(&held, "No.").await;
        arrived(service, "/browser", 2 * number + 2).await;
    }
    tokio::time::sleep(SILENCE).await;
    let all = service.received_at("/browser");
    assert_eq!(all.len(), 12);
    for pair in browser.read(&all).await.chunks(2) {
        assert_eq!(pair[0]["text"]["asks"], true);
        assert_eq!(pair[1]["text"]["asks"], false);
        assert_eq!(pair[0]["text"]["tag"], pair[1]["text"]["tag"]);
        assert_eq!(pair[0]["key"], one["public_key"]);
    }
}

#[tokio::test]
async fn a_burst_of_held_requests_is_one_notification() {
    let push = PushScene::new(Storage::Sqlite).await;
    let (scene, service) = (&push.scene, &push.service);
    let gate = Gate::new();
    let first = Reply::status(201).after(&gate);
    service.on("/browser", first);
    let browser = push.subscribe(&scene.human, "/browser").await;
    scene.hold("key-0").await;
    arrived(service, "/browser", 1).await;
    // While the first message is in flight, the others wait, however long it takes to hold them.
    for number in 1..8 {
        scene.hold(&format!("key-{number}")).await;
    }
    gate.open();
    let read = eventually("all are announced", RECOVERY_LIMIT, || async {
        let all = service.received_at("/browser");
        if all.len() < 2 || all.iter().any(|one| !one.complete) {
            return None;
        }
        let read = browser.read(&all).await;
        let last = read.last()?["text"].clone();
        (last["waiting"] == 8).then_some(read)
    })
    .await;
    assert!(read.len() < 8, "{read:?}");
    let groups = read.iter().map(|one| &one["text"]["tag"]);
    assert!(
        groups
            .into_iter()
            .any(|tag| tag.as_str().unwrap().starts_with("group ")),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_subscription_that_cannot_be_used_is_refused_by_its_field() {
    let gateway = TestGateway::builder(Storage::Sqlite);
    let scene = Scene::on(gateway).await;
    let keys = node(json!({})).await;
    let good = json!({"p256dh": keys["p256dh"], "auth": keys["auth"]});
    let refused = async |endpoint: &str, keys: &Value| {
        let call = scene.human.post("/push-devices").json(json!({
            "name": "Browser", "endpoint": endpoint, "keys": keys,
        }));
        let problem = call.send().await;
        let problem = problem.expect_problem(400, "validation_failed").json();
        problem["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    for endpoint in [
        "http://push.example/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest",
        "https://[::1]/a",
        "https://u:p@push.example/a",
        "push.example",
    ] {
        assert_eq!(refused(endpoint, &good).await, "endpoint", "{endpoint}");
    }
    let endpoint = "https://push.example/a";
    let bad = json!({"p256dh": "AAAA", "auth": keys["auth"]});
    assert_eq!(refused(endpoint, &bad).await, "keys.p256dh");
    let bad = json!({"p256dh": keys["p256dh"], "auth": "AAAA"});
    assert_eq!(refused(endpoint, &bad).await, "keys.auth");
    assert_eq!(devices(&scene.human).await, Vec::<Value>::new());
}
