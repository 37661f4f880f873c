//! Clients that were written for other servers: their base URL and their key are all that is changed.

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
struct House {
    gateway: TestGateway,
    upstream: EchoUpstream,
    human: Human,
    service: Service,
    agent: Agent,
}

impl House {
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

    /// What a client tells at its end.
    async fn told(&self, command: Command, input: &str) -> Value {
        let output = finish(command, input).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[tokio::test]
async fn the_openai_sdk_asks_streams_waits_and_is_told() {
    let house = House::new("openai", "/v1", "sk-the-real-one").await;
    let allow = json!({
        "name": "Questions may be asked", "effect": "allow", "enabled": true,
        "condition": "request.path == '/v1/chat/completions'",
    });
    house.human.create_rule(allow).await;
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
    house
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
        house
            .upstream
            .on(&format!("/v1/files/{id}"), Reply::json(deleted));
    }
    let mut command = python_command("python", house.gateway.folder());
    command
        .arg(script("openai_sdk.py"))
        .env("OPENAI_BASE_URL", house.base_url())
        .env("OPENAI_API_KEY", &house.agent.key);
    let (told, ()) = tokio::join!(house.told(command, ""), async {
        house
            .human
            .decide_next("/files/file-2", "approve", "fine")
            .await;
        house
            .human
            .decide_next("/files/file-3", "deny", "Ann needs it")
            .await;
    });
    assert_eq!(told["answer"], "A door in a fence.");
    assert_eq!(told["pieces"], json!(["A door ", "in a fence."]));
    assert_eq!(
        told["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(told["deleted"], true);
    assert_eq!(
        told["denied"],
        json!({"code": "action_denied", "note": "Ann needs it"})
    );
    let received = house.upstream.received();
    assert_eq!(received.len(), 3);
    for request in received {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer sk-the-real-one")
        );
    }
}

#[tokio::test]
async fn the_stripe_sdk_reads_and_refunds_what_a_human_approves() {
    let house = House::new("stripe", "", "sk_live_the_real_one").await;
    let customer = json!({"id": "cus_1", "object": "customer", "email": "ann@example.com"});
    house
        .upstream
        .on("/v1/customers/cus_1", Reply::json(customer));
    house.upstream.on_request("/v1/refunds", |received| {
        let id = if received.text().contains("ch_1") {
            "re_1"
        } else {
            "re_2"
        };
        Reply::json(json!({"id": id, "object": "refund", "status": "succeeded"}))
    });
    let mut command = python_command("python", house.gateway.folder());
    command
        .arg(script("stripe_sdk.py"))
        .env("BASE_URL", house.base_url())
        .env("AGENT_KEY", &house.agent.key);
    let (told, shown) = tokio::join!(house.told(command, ""), async {
        let shown = house
            .human
            .decide_next("/v1/refunds", "approve", "fine")
            .await;
        house
            .human
            .decide_next("/v1/refunds", "approve", "fine")
            .await;
        shown
    });
    assert_eq!(told["email"], "ann@example.com");
    assert_eq!(
        (&told["refund"], &told["again"]),
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
    let refunds = house.upstream.received_at("/v1/refunds");
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
async fn the_github_sdk_lists_pages_and_removes_what_a_human_approves() {
    let house = House::new("github", "", "ghp_the_real_one").await;
    let address = house.base_url();
    let issue =
        |number: u32| json!({"id": number, "number": number, "title": format!("Issue {number}")});
    let issues = (issue(1), issue(2));
    house
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
    house.upstream.on("/repos/ann/gate", Reply::status(204));
    let mut command = node_command();
    command
        .env("BASE_URL", house.base_url())
        .env("AGENT_KEY", &house.agent.key);
    let module = std::fs::read_to_string(script("octokit.mjs")).unwrap();
    let (told, shown) = tokio::join!(
        house.told(command, &module),
        house
            .human
            .decide_next("/repos/ann/gate", "approve", "fine")
    );
    assert_eq!(shown["intent"], "Remove the repository that Ann archived");
    assert_eq!(told["titles"], json!(["Issue 1"]));
    assert_eq!(told["paged"], 2);
    assert_eq!(told["deleted"], 204);
    assert_eq!(
        told["held"],
        json!({"status": 428, "code": "approval_required"})
    );
    assert_eq!(house.upstream.received_at("/repos/ann/gate").len(), 1);
    let listed = house.upstream.received().remove(0);
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

/// What curl prints, and the status.
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
async fn curl_works_with_files_of_a_jupyter_server() {
    let jupyter = Jupyter::start().await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let header = json!({"header": "Authorization", "value": format!("token {}", jupyter.token)});
    let service = human
        .create_service("notebooks", &jupyter.url(), "api_key", header)
        .await;
    let agent = human.create_agent("librarian", &[&service]).await;
    // As that server's own clients send its token.
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
async fn curl_uploads_to_and_writes_in_a_chat() {
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

    // An upload and its download, byte for byte; curl asks first whether so much is taken (Expect).
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
