//! An agent that helps in a Matrix chat: it reads rooms by itself, and a human sees what it writes before the room
//! does.

use gaiterguard_testkit::{Human, Storage, Synapse, TestGateway, on_both_databases};
use serde_json::json;

on_both_databases!(reads_are_forwarded_and_messages_are_held);

async fn reads_are_forwarded_and_messages_are_held(storage: Storage) {
    let synapse = Synapse::start().await;
    let owner = synapse.create_administrator("owner").await;
    let room = owner.create_room("All hands").await;
    let mut members = Vec::new();
    for number in 1..=5 {
        let member = owner.create_user(&format!("member{number}")).await;
        member.join(&room).await;
        members.push(member);
    }
    let first = owner
        .send_message(&room, "first", "Welcome, everyone")
        .await;
    let room_path = room.replace('!', "%21").replace(':', "%3A");

    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("matrix", &synapse.url(), &owner.access_token)
        .await;
    let rule = json!({
        "name": "People see what is written to a room",
        "effect": "require_approval",
        "service_id": service.id,
        "enabled": true,
    });
    let agent = human.create_agent("secretary", &[&service]).await;

    let rooms = agent
        .propose(json!({
            "service": "matrix", "method": "GET", "path": "/_matrix/client/v3/joined_rooms",
            "intent": "Find the rooms that I could help in",
        }))
        .send()
        .await
        .expect_status(200);
    assert_eq!(rooms.header("x-proxy-status"), Some("forwarded"));
    assert_eq!(rooms.json()["joined_rooms"], json!([room]));
    let messages = agent
        .propose(json!({
            "service": "matrix", "method": "GET",
            "path": format!("/_matrix/client/v3/rooms/{room_path}/messages?dir=b&limit=10"),
            "intent": "Read what was written last",
        }))
        .send()
        .await
        .expect_status(200);
    assert!(messages.text().contains("Welcome, everyone"));

    let message = json!({
        "service": "matrix", "method": "PUT",
        "path": format!("/_matrix/client/v3/rooms/{room_path}/send/m.room.message/agent-1"),
        "body": {"msgtype": "m.text", "body": "The meeting moves to noon"},
        "intent": "Tell everyone in the room that the meeting moves",
    });
    let rule = human.create_rule(rule).await;
    let held = agent.propose_held(message, "meeting-moves").await;
    assert_eq!(members[0].messages(&room).await, ["Welcome, everyone"]);
    let shown = human.action(&held).await;
    let body = shown["request_body"].to_string();
    assert!(body.contains("The meeting moves to noon"), "{body}");
    assert!(
        shown["matched_rules"].to_string().contains("People see"),
        "{shown}"
    );
    human.approve(&held).await;
    let executed = agent.execute(&held).send().await.expect_status(200);
    assert!(executed.json()["event_id"].is_string());
    for member in &members {
        let read = member.messages(&room).await;
        assert_eq!(read, ["The meeting moves to noon", "Welcome, everyone"]);
    }
    let event = owner.events(&room).await.remove(0);
    assert_eq!(event["sender"], owner.user_id.as_str());

    let redaction = json!({
        "service": "matrix", "method": "PUT",
        "path": format!("/_matrix/client/v3/rooms/{room_path}/redact/{}/agent-2", first.replace('$', "%24")),
        "body": {"reason": "clean up"},
        "intent": "Delete the welcome message for good",
    });
    let redaction = agent.propose_held(redaction, "redact").await;
    human.approve(&redaction).await;
    agent.execute(&redaction).send().await.expect_status(200);
    assert_eq!(
        members[0].messages(&room).await,
        ["The meeting moves to noon"]
    );

    // Without a rule, the built-in assessment holds what cannot be undone.
    human
        .delete(&format!("/rules/{}", rule["id"]))
        .send()
        .await
        .expect_status(200);
    let purge = json!({
        "service": "matrix", "method": "DELETE",
        "path": format!("/_synapse/admin/v1/rooms/{room_path}"),
        "body": {"purge": true, "block": true},
        "intent": "Remove the room with everyone in it",
    });
    let purge = agent.propose_held(purge, "purge").await;
    human.deny(&purge, "We still need this room").await;
    agent
        .execute(&purge)
        .send()
        .await
        .expect_problem(409, "action_not_approved");
    let status = agent.status(&purge).await;
    assert_eq!(
        (&status["status"], &status["note"]),
        (&json!("DENIED"), &json!("We still need this room"))
    );
    assert_eq!(
        members[0].messages(&room).await,
        ["The meeting moves to noon"]
    );

    assert_eq!(
        gateway.places_with(&owner.access_token).await,
        Vec::<String>::new()
    );
}
