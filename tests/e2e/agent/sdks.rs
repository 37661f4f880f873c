//! Clients that were written for other servers. Only their base URL and key are changed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gaiterguard_testkit::{
    Agent, EchoUpstream, Human, Jupyter, Reply, Service, Storage, Synapse, TestGateway, finish,
    node_command, python_command,
};
use serde_json::{Value, json};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// A gateway in front of one upstream.
struct SdkScene {
    gateway: TestGateway,
    upstream: EchoUpstream,
    human: Human,
    service: Service,
    agent: Agent,
}

impl SdkScene {
    async fn new(name: &str, base_path: &str, credential: &str) -> Self {
        let gateway = TestGateway::start(Storage::Sqlite).await;
        let upstream = EchoUpstream::start().await;
        let human = Human::register(&gateway).await;
        let base_url = format!("{}{base_path}", upstream.url());
        let service = human
            .create_bearer_service(name, &base_url, credential)
            .await;
        let agent = human.create_agent("assistant", &[&service]).await;
        Self {
            gateway,
            upstream,
            human,
            service,
            agent,
        }
    }

    fn base_url(&self) -> String {
        let name = self.service.json["name"].as_str().unwrap();
        format!("{}/s/{name}", self.gateway.url())
    }

    /// Runs a client and returns the JSON that it prints.
    async fn run(&self, command: Command, input: &str) -> Value {
        let output = finish(command, input).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[tokio::test]
async fn the_openai_sdk_completes_streams_waits_and_reports_errors() {
    let scene = SdkScene::new("openai", "/v1", "sk-the-real-one").await;
    let allow = json!({
        "name": "Questions may be asked", "effect": "allow", "enabled": true,
        "condition": "request.path == '/v1/chat/completions'",
    });
    scene.human.create_rule(allow).await;
    let completion = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000,
        "model": "gpt-4o-mini",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "A door in a fence."},
        }],
    });
    let chunk = |content: &str| {
        json!({
            "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}],
        })
        .to_string()
    };
    let events = [chunk("A door "), chunk("in a fence."), "[DONE]".to_owned()];
    scene
        .upstream
        .on_request("/v1/chat/completions", move |received| {
            let events = events.each_ref().map(String::as_str);
            if received.text().contains(r#""stream":true"#) {
                Reply::events(&events, Duration::from_millis(10))
            } else {
                Reply::json(completion.clone())
            }
        });
    for number in 1..=3 {
        let id = format!("file-{number}");
        let deleted = json!({"id": id, "object": "file", "deleted": true});
        scene
            .upstream
            .on(&format!("/v1/files/{id}"), Reply::json(deleted));
    }
    let mut command = python_command("python", scene.gateway.folder());
    command
        .arg(script("openai_sdk.py"))
        .env("OPENAI_BASE_URL", scene.base_url())
        .env("OPENAI_API_KEY", &scene.agent.key);
    let (results, ()) = tokio::join!(scene.run(command, ""), async {
        scene
            .human
            .decide_next("/files/file-2", "approve", "fine")
            .await;
        scene
            .human
            .decide_next("/files/file-3", "deny", "Ann needs it")
            .await;
    });
    assert_eq!(results["completion"], "A door in a fence.");
    assert_eq!(results["pieces"], json!(["A door ", "in a fence."]));
    assert_eq!(
        results["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(results["deleted"], true);
    assert_eq!(
        results["denied"],
        json!({"code": "action_denied", "note": "Ann needs it"})
    );
    let received = scene.upstream.received();
    assert_eq!(received.len(), 3);
    for request in received {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer sk-the-real-one")
        );
    }
}

#[tokio::test]
async fn the_stripe_sdk_reads_and_refunds_after_approval() {
    let scene = SdkScene::new("stripe", "", "sk_live_the_real_one").await;
    let customer = json!({"id": "cus_1", "object": "customer", "email": "ann@example.com"});
    scene
        .upstream
        .on("/v1/customers/cus_1", Reply::json(customer));
    scene.upstream.on_request("/v1/refunds", |received| {
        let id = if received.text().contains("ch_1") {
            "re_1"
        } else {
            "re_2"
        };
        Reply::json(json!({"id": id, "object": "refund", "status": "succeeded"}))
    });
    let mut command = python_command("python", scene.gateway.folder());
    command
        .arg(script("stripe_sdk.py"))
        .env("BASE_URL", scene.base_url())
        .env("AGENT_KEY", &scene.agent.key);
    let (results, shown) = tokio::join!(scene.run(command, ""), async {
        let shown = scene
            .human
            .decide_next("/v1/refunds", "approve", "fine")
            .await;
        scene
            .human
            .decide_next("/v1/refunds", "approve", "fine")
            .await;
        shown
    });
    assert_eq!(results["email"], "ann@example.com");
    assert_eq!(
        (&results["refund"], &results["again"]),
        (&json!("re_1"), &json!(["re_2", "re_2"]))
    );
    let body = "amount=500&charge=ch_1&metadata%5Border%5D=%C3%A9%2617";
    let sorted = |body: &str| {
        let mut fields: Vec<_> = body.split('&').map(str::to_owned).collect();
        fields.sort_unstable();
        fields
    };
    let decoded = |body: &str| body.replace('[', "%5B").replace(']', "%5D");
    assert_eq!(
        sorted(&decoded(shown["request_body"].as_str().unwrap())),
        sorted(body)
    );
    let refunds = scene.upstream.received_at("/v1/refunds");
    assert_eq!(refunds.len(), 2);
    assert_eq!(shown["request_body"], refunds[0].text());
    for refund in refunds {
        assert_eq!(
            refund.header("authorization"),
            Some("Bearer sk_live_the_real_one")
        );
    }
}

#[tokio::test]
async fn the_github_sdk_lists_pages_and_deletes_after_approval() {
    let scene = SdkScene::new("github", "", "ghp_the_real_one").await;
    // The API links to itself by its own address.
    let address = scene.upstream.url();
    let issue =
        |number: u32| json!({"id": number, "number": number, "title": format!("Issue {number}")});
    let issues = (issue(1), issue(2));
    scene
        .upstream
        .on_request("/repos/ann/gate/issues", move |received| {
            let last = received.target.contains("page=2");
            let shown = if last { &issues.1 } else { &issues.0 };
            let reply = Reply::json(json!([shown]));
            if last || !received.target.contains("per_page=1") {
                return reply;
            }
            let next = format!("<{address}/repos/ann/gate/issues?per_page=1&page=2>; rel=\"next\"");
            reply.header("Link", &next)
        });
    scene.upstream.on("/repos/ann/gate", Reply::status(204));
    let mut command = node_command();
    command
        .env("BASE_URL", scene.base_url())
        .env("AGENT_KEY", &scene.agent.key);
    let module = std::fs::read_to_string(script("octokit.mjs")).unwrap();
    let (results, shown) = tokio::join!(
        scene.run(command, &module),
        scene
            .human
            .decide_next("/repos/ann/gate", "approve", "fine")
    );
    assert_eq!(shown["intent"], "Remove the repository that Ann archived");
    assert_eq!(results["titles"], json!(["Issue 1"]));
    assert_eq!(results["paged"], 2);
    assert_eq!(results["deleted"], 204);
    assert_eq!(
        results["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(scene.upstream.received_at("/repos/ann/gate").len(), 1);
    let listed = scene.upstream.received().remove(0);
    assert!(
        listed.target.contains("labels=a%20bug"),
        "{}",
        listed.target
    );
    assert_eq!(
        listed.header("authorization"),
        Some("Bearer ghp_the_real_one")
    );
}

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
