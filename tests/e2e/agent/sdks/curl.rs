//! curl, with a gateway's address in place of the server's.

use std::process::Command;

use gaiterguard_testkit::{Human, Jupyter, Storage, Synapse, TestGateway, finish};
use serde_json::{Value, json};

/// Runs curl and returns its output and the HTTP status.
async fn curl(arguments: &[&str]) -> (String, u16) {
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "90",
            "--write-out",
            "\n%{http_code}",
        ])
        .args(arguments);
    let output = finish(command, "").await;
    let all = String::from_utf8(output.stdout).unwrap();
    let (body, status) = all.rsplit_once('\n').unwrap();
    (body.to_owned(), status.parse().unwrap())
}

#[tokio::test]
async fn curl_manages_files_of_a_jupyter_server() {
    let jupyter = Jupyter::start().await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let header = json!({"header": "Authorization", "value": format!("token {}", jupyter.token)});
    let service = human
        .create_service("notebooks", &jupyter.url(), "api_key", header)
        .await;
    let agent = human.create_agent("librarian", &[&service]).await;
    // The way in which clients of that server send its token.
    let key = format!("Authorization: token {}", agent.key);
    let address = |path: &str| format!("{}/s/notebooks/api/contents/{path}", gateway.url());

    std::fs::write(jupyter.file("é 1.txt"), "text").unwrap();
    let read = curl(&[
        "-H",
        &key,
        "-H",
        "X-Agent-Intent: Read it",
        &address("%C3%A9%201.txt"),
    ])
    .await;
    assert_eq!(read.1, 200);
    assert!(read.0.contains(r#""content": "text""#), "{}", read.0);
    let draft = jupyter.file("draft.txt");
    std::fs::write(&draft, "not needed").unwrap();
    let removal = [
        "-X",
        "DELETE",
        "-H",
        &key,
        "-H",
        "X-Agent-Intent: Remove the draft",
        "-H",
        "Prefer: wait=60",
        &address("draft.txt"),
    ];
    let (removed, _) = tokio::join!(curl(&removal), async {
        let waiting = human.next_pending("/draft.txt").await;
        assert!(draft.exists());
        assert_eq!(waiting["intent"], "Remove the draft");
        human.decide_next("/draft.txt", "approve", "fine").await
    });
    assert_eq!(removed, (String::new(), 204));
    assert!(!draft.exists());
}

#[tokio::test]
async fn curl_uploads_to_a_chat_and_writes_messages() {
    let synapse = Synapse::start().await;
    let owner = synapse.create_administrator("owner").await;
    let room = owner.create_room("All hands").await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let token = &owner.access_token;
    let service = human
        .create_bearer_service("matrix", &synapse.url(), token)
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    let allow = json!({"name": "Everything", "effect": "allow", "enabled": true});
    human.create_rule(allow).await;
    let key = format!("Authorization: Bearer {}", agent.key);
    let base = format!("{}/s/matrix/_matrix", gateway.url());

    // An upload and its download, byte for byte. Before a large upload, curl sends `Expect: 100-continue`.
    let file = gateway.folder().join("picture");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&file, &bytes).unwrap();
    let upload = format!("@{}", file.display());
    let address = format!("{base}/media/v3/upload?filename=picture");
    let kind = "Content-Type: application/octet-stream";
    let (body, status) = curl(&[
        "-H",
        &key,
        "-H",
        kind,
        "-X",
        "POST",
        "--data-binary",
        &upload,
        &address,
    ])
    .await;
    assert_eq!(status, 200, "{body}");
    let uri: Value = serde_json::from_str(&body).unwrap();
    let place = uri["content_uri"]
        .as_str()
        .unwrap()
        .strip_prefix("mxc://")
        .unwrap();
    let back = gateway.folder().join("back");
    let address = format!("{base}/client/v1/media/download/{place}");
    let (_, status) = curl(&["-H", &key, "-o", back.to_str().unwrap(), &address]).await;
    assert_eq!(status, 200);
    assert!(std::fs::read(back).unwrap() == bytes);

    let room_path = room.replace('!', "%21").replace(':', "%3A");
    let address = format!("{base}/client/v3/rooms/{room_path}/send/m.room.message/1");
    let message = r#"{"msgtype":"m.text","body":"Grüße"}"#;
    let (body, status) = curl(&["-X", "PUT", "-H", &key, "-d", message, &address]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(owner.messages(&room).await, ["Grüße"]);
}
