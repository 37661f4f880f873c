//! Channels are created, changed, tested and deleted; their secrets are never shown, and each workspace has its own.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::secret_search::SecretSearch;
use gaiterguard_testkit::{EchoUpstream, Human, Reply, Storage, TestGateway, on_both_databases};
use serde_json::json;

use super::{SILENCE, body_of, create, path_of, webhook};

on_both_databases!(
    a_channel_is_created_changed_and_deleted,
    wrong_channels_are_refused_with_every_error,
    a_channel_belongs_to_its_workspace,
);

async fn a_channel_is_created_changed_and_deleted(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let created = webhook(
        &scene.human,
        &receiver,
        "/hook",
        json!({"minimum_risk": 0.2}),
    )
    .await;
    let path = path_of(&created);
    let channel = &created["channel"];
    assert_eq!(
        channel["settings"]["url"],
        format!("{}/hook", receiver.url())
    );
    assert_eq!(channel["filter"]["minimum_risk"], 0.2);
    assert_eq!(channel["enabled"], true);
    let hours = json!({"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"});
    let change = json!({"name": "Night", "quiet_hours": hours, "filter": null});
    let changed = scene.human.put(&path).json(change).send().await;
    let changed = changed.expect_status(200).json();
    assert_eq!(changed["name"], "Night");
    assert_eq!(changed["quiet_hours"], hours);
    assert_eq!(changed["filter"]["minimum_risk"], json!(null));
    assert_eq!(changed["settings"], channel["settings"]);
    assert_eq!(scene.human.read(&path).await, changed);
    let listed = scene.human.read("/channels").await;
    assert_eq!(listed["items"], json!([changed]));

    let tested = scene.human.post(&format!("{path}/test")).send().await;
    let tested = tested.expect_status(200).json();
    assert_eq!(tested, json!({"delivered": true, "error": null}));
    assert_eq!(body_of(&receiver.only())["type"], "channel.test");
    receiver.on("/hook", Reply::status(404));
    let tested = scene.human.post(&format!("{path}/test")).send().await;
    let tested = tested.expect_status(200).json();
    assert_eq!(tested["delivered"], false);
    assert!(tested["error"].as_str().unwrap().contains("404"));

    let deleted = scene.human.call(http::Method::DELETE, &path).send().await;
    deleted.expect_status(200);
    scene.human.get(&path).send().await.expect_status(404);
    scene.hold("one").await;
    tokio::time::sleep(SILENCE).await;
    assert_eq!(receiver.received_at("/hook").len(), 2);
    let audit = scene.human.read("/audit?subject=channel:1").await;
    let events = audit["items"].as_array().unwrap().iter();
    let events: Vec<_> = events
        .map(|entry| entry["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        ["channel.deleted", "channel.updated", "channel.created"]
    );
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success());
}

async fn wrong_channels_are_refused_with_every_error(storage: Storage) {
    let scene = Scene::new(storage).await;
    let post = |channel| scene.human.post("/channels").json(channel).send();
    let fields = |response: gaiterguard_testkit::Response| {
        let problem = response.expect_problem(400, "validation_failed").json();
        let errors = problem["errors"].as_array().unwrap().iter();
        let mut fields: Vec<_> = errors
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect();
        fields.sort();
        fields
    };
    let wrong = json!({
        "kind": "webhook", "name": " ", "settings": {"url": "/hook"}, "enabled": 1,
        "filter": {"events": ["all"]}, "quiet_hours": {"from": "7", "to": "08:00"},
        "grouping": {"seconds": 0},
    });
    assert_eq!(
        fields(post(wrong).await),
        [
            "enabled",
            "filter.events",
            "grouping.seconds",
            "name",
            "quiet_hours.from",
            "settings.url"
        ]
    );
    for url in [
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        &scene.gateway.url(),
    ] {
        let hook = json!({"kind": "webhook", "name": "x", "settings": {"url": url}});
        assert_eq!(fields(post(hook).await), ["settings.url"], "{url}");
    }
    let mail = json!({"kind": "email", "name": "x", "settings": {"to": ["a@b.example"]}});
    assert_eq!(fields(post(mail).await), ["kind"]);
    let pager = json!({"kind": "pager", "name": "x", "settings": {}});
    assert_eq!(fields(post(pager).await), ["kind"]);
    assert_eq!(fields(post(json!({})).await), ["kind", "name", "settings"]);
}

async fn a_channel_belongs_to_its_workspace(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("REGISTRATION", "open");
    let scene = Scene::on(builder).await;
    let receiver = EchoUpstream::start().await;
    let other = Human::register_as(&scene.gateway, "other@example.com").await;
    let mine = webhook(&scene.human, &receiver, "/mine", json!({})).await;
    webhook(&other, &receiver, "/others", json!({})).await;
    let path = path_of(&mine);
    other.get(&path).send().await.expect_status(404);
    other
        .get(&format!("{path}/deliveries"))
        .send()
        .await
        .expect_status(404);
    for action in ["test", "rotate-key"] {
        let call = other.post(&format!("{path}/{action}"));
        call.send().await.expect_status(404);
    }
    scene.hold("one").await;
    super::arrived(&receiver, "/mine", 1).await;
    tokio::time::sleep(SILENCE).await;
    assert!(receiver.received_at("/others").is_empty());
    // The token of a channel is stored sealed only.
    let token = "tk_canary81d7f3canary81d7f3";
    let settings = json!({"server": receiver.url(), "topic": "t", "token": token});
    let ntfy = json!({"kind": "ntfy", "name": "n", "settings": settings});
    let shown = create(&scene.human, ntfy).await;
    assert_eq!(shown["channel"]["settings"]["has_token"], true);
    assert!(!shown.to_string().contains(token));
    let mut search = SecretSearch::stored(&scene.gateway).await;
    search.add("log", scene.gateway.logs());
    let secrets = [("token".to_owned(), token.to_owned())];
    assert_eq!(search.findings(&secrets), [""; 0]);
}
