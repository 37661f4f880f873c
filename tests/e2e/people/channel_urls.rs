//! The address of a channel is often all that it takes to write there, so only those who may change it see it whole.

use gaiterguard_testkit::{Human, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(those_who_may_not_change_channels_see_only_their_origins,);

async fn those_who_may_not_change_channels_see_only_their_origins(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "open")
        .start()
        .await;
    let owner = Human::register(&gateway).await;
    for (kind, settings) in [
        (
            "webhook",
            json!({"url": "https://hooks.example.com:8443/T0/B0/secret?token=abc"}),
        ),
        (
            "ntfy",
            json!({"server": "https://ntfy.example.com", "topic": "secret-topic"}),
        ),
    ] {
        let channel = json!({"kind": kind, "name": kind, "settings": settings});
        let call = owner.post("/channels").json(channel);
        call.send().await.expect_status(201);
    }
    let whole = owner.read("/channels").await;
    assert!(whole.to_string().contains("/T0/B0/secret?token=abc"));
    assert!(whole.to_string().contains("secret-topic"));
    for role in ["viewer", "approver", "operator"] {
        let email = format!("{role}@example.com");
        let member = owner.add_member(&gateway, &email, role, json!({})).await;
        let list = member.read("/channels").await;
        let id = &list["items"][0]["id"];
        let one = member.read(&format!("/channels/{id}")).await;
        let is_whole = role == "operator";
        for shown in [&list, &one] {
            assert_eq!(
                shown.to_string().contains("token=abc"),
                is_whole,
                "{role}: {shown}"
            );
        }
        assert_eq!(
            list.to_string().contains("secret-topic"),
            is_whole,
            "{role}: {list}"
        );
        if !is_whole {
            let settings: &Value = &one["settings"];
            assert_eq!(settings["url"], "https://hooks.example.com:8443");
        }
    }
}
