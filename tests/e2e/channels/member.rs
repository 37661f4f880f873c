//! A channel for one member reaches that person, wherever they are, and only about what they may decide on.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    EchoUpstream, Human, PythonUpstream, ReservedPort, Storage, TestGateway, eventually,
    on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

use super::{MOMENT, arrived, create, deliveries, ended, path_of};

on_both_databases!(
    a_request_that_nobody_decides_is_escalated_to_a_person,
    a_member_who_cannot_be_reached_is_tried_again,
);

/// How long an escalation after a minute may take.
const ESCALATION_MAX: Duration = Duration::from_secs(100);

async fn id(human: &Human) -> Value {
    human.read("/auth/me").await["id"].clone()
}

/// Returns a channel for a member.
fn for_member(user: &Value, filter: &Value) -> Value {
    json!({"kind": "member", "name": "A person", "settings": {"user_id": user}, "filter": filter})
}

async fn mails(server: &PythonUpstream) -> Vec<Value> {
    let mails = server.client().get("/mails").send().await.json();
    mails.as_array().unwrap().clone()
}

async fn subscribe(human: &Human, service: &EchoUpstream, path: &str) {
    let keys = super::push::node(json!({})).await;
    let call = human.post("/push-devices").json(json!({
        "name": "A phone",
        "endpoint": format!("https://localhost:{}{path}", service.address().port()),
        "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]},
    }));
    call.send().await.expect_status(201);
}

async fn a_request_that_nobody_decides_is_escalated_to_a_person(storage: Storage) {
    let push = EchoUpstream::start_with_tls(&["localhost"]).await;
    let smtp = ReservedPort::take();
    let port = smtp.number().to_string();
    let server = PythonUpstream::start("mail_server.py", &[("SMTP_PORT", port.as_str())]).await;
    let builder = TestGateway::builder(storage)
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
        .setting("UPSTREAM_CA_FILE", push.certificate_file().display())
        .setting("SMTP_URL", format!("smtp://127.0.0.1:{port}"))
        .setting("MAIL_FROM", "GaiterGuard <gate@example.com>");
    let scene = Scene::on(builder).await;
    let owner = &scene.human;
    let limits = json!({"effects": ["pays"]});
    let ann = owner
        .add_member(&scene.gateway, "ann@example.com", "approver", json!({}))
        .await;
    let bob = owner
        .add_member(&scene.gateway, "bob@example.com", "approver", limits)
        .await;
    let viewer = owner
        .add_member(&scene.gateway, "viewer@example.com", "viewer", json!({}))
        .await;
    subscribe(&ann, &push, "/ann").await;
    let invited = mails(&server).await.len();
    for nobody in [&id(&viewer).await, &json!(99), &json!("ann@example.com")] {
        let call = owner.post("/channels").json(for_member(nobody, &json!({})));
        let refused = call.send().await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        assert_eq!(
            refused["errors"][0]["field"], "settings.user_id",
            "{refused}"
        );
    }
    let escalation =
        json!({"events": ["action.created", "action.ended"], "escalate_after_minutes": 1});
    let to_ann = create(owner, for_member(&id(&ann).await, &escalation)).await;
    let to_bob = create(owner, for_member(&id(&bob).await, &escalation)).await;
    let decided = scene.hold("decided").await;
    let ignored = scene.hold("ignored").await;
    // Her browser is notified of both at first, as that of every approver, and then of the decision.
    arrived(&push, "/ann", 2).await;
    owner.deny(&decided, "No.").await;
    arrived(&push, "/ann", 3).await;
    let before = push.received_at("/ann").len();
    assert_eq!(mails(&server).await.len(), invited);
    let escalated = eventually("the request is escalated", ESCALATION_MAX, || async {
        let all = mails(&server).await;
        (all.len() > invited).then_some(all)
    })
    .await;
    assert_eq!(escalated.len(), invited + 1, "{escalated:?}");
    let mail = &escalated[invited];
    assert_eq!(mail["to"], json!(["ann@example.com"]));
    let text = mail["text"].as_str().unwrap();
    let page = format!("{}/app/?action={}", scene.gateway.url(), ignored.action_id);
    assert!(text.contains(&page), "{text}");
    let pushed = eventually("her browser is notified again", MOMENT, || async {
        let all = push.received_at("/ann");
        (all.len() > before).then_some(all)
    })
    .await;
    assert_eq!(pushed.last().unwrap().header("urgency"), Some("high"));
    let sent = ended(owner, &path_of(&to_ann), 3).await;
    let states: Vec<_> = sent
        .iter()
        .map(|one| (one["subject"].clone(), one["state"].clone()))
        .collect();
    let of = |held: &gaiterguard_testkit::Held| json!(format!("action:{}", held.action_id));
    assert!(
        states.contains(&(of(&ignored), json!("delivered"))),
        "{states:?}"
    );
    assert!(
        !states.contains(&(of(&decided), json!("delivered"))),
        "{states:?}"
    );
    // Bob may not decide on it, and gets nothing.
    let skipped = eventually("his messages are skipped", MOMENT, || async {
        let all = deliveries(owner, &path_of(&to_bob)).await;
        let of_ignored = all.into_iter().find(|one| one["subject"] == of(&ignored))?;
        (of_ignored["state"] == "skipped").then_some(of_ignored)
    })
    .await;
    let why = skipped["last_error"].as_str().unwrap();
    assert!(why.contains("could not decide"), "{why}");
    // She is removed, and gets nothing more of the channel, which remains.
    let user = id(&ann).await;
    let call = owner.call(Method::DELETE, &format!("/members/{user}"));
    call.send().await.expect_status(200);
    owner.deny(&ignored, "No.").await;
    let skipped = eventually("her messages are skipped", MOMENT, || async {
        let all = deliveries(owner, &path_of(&to_ann)).await;
        all.into_iter()
            .find(|one| one["event"] == "action.ended" && one["subject"] == of(&ignored))
            .filter(|one| one["state"] == "skipped")
    })
    .await;
    assert!(
        skipped["last_error"]
            .as_str()
            .unwrap()
            .contains("could not decide")
    );
    assert_eq!(mails(&server).await.len(), invited + 1);
}

async fn a_member_who_cannot_be_reached_is_tried_again(storage: Storage) {
    let push = EchoUpstream::start_with_tls(&["localhost"]).await;
    let builder = TestGateway::builder(storage)
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
        .setting("UPSTREAM_CA_FILE", push.certificate_file().display());
    let scene = Scene::on(builder).await;
    let owner = &scene.human;
    let filter = json!({"events": ["action.created"]});
    let channel = create(owner, for_member(&id(owner).await, &filter)).await;
    scene.hold("one").await;
    let failed = eventually("the attempt fails", MOMENT, || async {
        let all = deliveries(owner, &path_of(&channel)).await;
        let error = all.first()?["last_error"].as_str()?.to_owned();
        Some((all[0]["state"].clone(), error))
    })
    .await;
    assert_eq!(failed.0, "waiting");
    assert!(
        failed.1.contains("no browser with push notifications"),
        "{}",
        failed.1
    );
    assert!(failed.1.contains("SMTP_URL"), "{}", failed.1);
    // The message arrives once the person has turned on notifications.
    subscribe(owner, &push, "/phone").await;
    let sent = ended(owner, &path_of(&channel), 1).await;
    assert_eq!(sent[0]["state"], "delivered");
    assert_eq!(arrived(&push, "/phone", 1).await.len(), 1);
}
