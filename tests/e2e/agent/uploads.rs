//! Bodies below `/s/{service}/` that are forwarded while they arrive, and bodies that are read first.

use std::ops::Deref;
use std::time::Duration;

use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{
    DatabaseOutage, PiecewiseCall, ReceivedBytes, Storage, TestGateway, TestGatewayBuilder,
    WatchedUpstream, eventually, on_both_databases,
};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How long a test waits for something that must not happen.
const A_WHILE: Duration = Duration::from_millis(400);
const LIMIT: Duration = Duration::from_secs(20);
const JSON: &str = "application/json";
const CHUNKED: &str = "Transfer-Encoding: chunked";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

on_both_databases!(
    a_body_is_forwarded_while_it_arrives_and_its_end_is_audited,
    an_interrupted_upload_is_cut_at_the_upstream_and_its_outcome_is_unknown,
    an_upload_gets_its_response_during_an_outage_and_its_end_is_recorded_later,
);

/// A scene whose upstream shows which bytes have arrived so far.
struct UploadScene(Scene<WatchedUpstream>);

impl Deref for UploadScene {
    type Target = Scene<WatchedUpstream>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl UploadScene {
    async fn new(builder: TestGatewayBuilder) -> Self {
        let upstream = WatchedUpstream::start().await;
        let url = upstream.url();
        Self(Scene::before(builder, upstream, &url).await)
    }

    /// Creates a scene with a rule that allows everything.
    async fn allowing_everything(builder: TestGatewayBuilder) -> Self {
        let scene = Self::new(builder).await;
        scene.allow_everything().await;
        scene
    }

    async fn rule(&self, effect: &str, condition: Option<&str>) {
        let rule = json!({
            "name": format!("{effect} {condition:?}"), "effect": effect, "condition": condition,
            "enabled": true,
        });
        self.human.create_rule(rule).await;
    }

    /// Sends the head of a POST.
    async fn begin(&self, path: &str, framing: &str) -> PiecewiseCall {
        self.begin_with(path, "audio/wav", framing).await
    }

    async fn begin_with(&self, path: &str, media_type: &str, framing: &str) -> PiecewiseCall {
        let head = format!(
            "POST /s/things{path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\n\
             X-Agent-Intent: Store a recording\r\nContent-Type: {media_type}\r\n{framing}\r\n\r\n",
            self.agent.key
        );
        PiecewiseCall::begin(self.gateway.client().address(), &head).await
    }

    /// Returns the audit entries of an event, newest first.
    async fn audited(&self, event: &str) -> Vec<Value> {
        let page = self.human.read("/audit?limit=200").await;
        let mut entries = page["items"].as_array().unwrap().clone();
        entries.retain(|entry| entry["event"] == event);
        entries
    }

    /// Waits until the end of the only streamed request is recorded, and returns its details.
    async fn ended(&self) -> Value {
        let entry = eventually("the end is recorded", LIMIT, || async {
            self.audited("request.ended").await.pop()
        });
        entry.await["detail"].clone()
    }

    /// Returns the newest row of the request ledger.
    async fn newest_request(&self) -> Value {
        self.human.read("/requests?limit=1").await["items"][0].clone()
    }

    /// Computes the digest of a request as documented.
    fn digest(&self, path: &str, body: &[u8]) -> String {
        self.digest_with(path, "audio/wav", body)
    }

    fn digest_with(&self, path: &str, media_type: &str, body: &[u8]) -> String {
        let url = self.upstream.url();
        let mut hash = Sha256::new();
        hash.update(format!(
            "gaiterguard.request.v1\nPOST\n{url}{path}\ncontent-type:{media_type}\n\
             user-agent:gaiterguard/{}\n\n",
            env!("CARGO_PKG_VERSION")
        ));
        hash.update(body);
        hex::encode(hash.finalize())
    }
}

async fn a_body_is_forwarded_while_it_arrives_and_its_end_is_audited(storage: Storage) {
    let scene = UploadScene::allowing_everything(TestGateway::builder(storage)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("first piece").await;
    let seen = scene.upstream.wait_for_text("first piece").await.text();
    assert!(seen.starts_with("POST /tape HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("Transfer-Encoding: chunked"), "{seen}");
    assert!(
        seen.contains(CREDENTIAL) && !seen.contains("agt_"),
        "{seen}"
    );
    // The request was recorded before that, without the digest, which is not known yet.
    let decided = scene.audited("request.forwarded").await.remove(0)["detail"].clone();
    assert_eq!(
        (&decided["digest"], &decided["body"]),
        (&Value::Null, &json!("streamed"))
    );
    assert_eq!(scene.newest_request().await["completed_at"], Value::Null);
    assert!(scene.audited("request.ended").await.is_empty());

    call.send_chunk(", and the second").await;
    call.send("0\r\n\r\n").await;
    scene.upstream.wait_for_text("0\r\n\r\n").await;
    scene.upstream.send(OK).await;
    let response = call.until("done").await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    assert!(response.contains("x-proxy-status: forwarded"), "{response}");

    // The end is recorded before the response is complete.
    let ended = scene.audited("request.ended").await.remove(0);
    let body = b"first piece, and the second";
    let detail = &ended["detail"];
    assert_eq!(detail["digest"], scene.digest("/tape", body));
    assert_eq!(detail["body_bytes"], body.len());
    assert_eq!(detail["outcome"], "answered");
    assert_eq!(detail["upstream_status"], 200);
    assert_eq!(detail["request_id"], decided["request_id"]);
    let request = scene.newest_request().await;
    assert_eq!(
        (&request["decision"], &request["upstream_status"]),
        (&json!("forward"), &json!(200))
    );

    // With the whole body known, `POST /proxy` makes the same decision by the same rules.
    let proposal = json!({
        "service": "things", "method": "POST", "path": "/tape", "intent": "Store a recording",
        "headers": {"Content-Type": "audio/wav"}, "body": "first piece, and the second",
    });
    let whole = scene
        .agent
        .call(Method::POST, "/proxy/dry-run")
        .json(proposal);
    let whole = whole.send().await.expect_status(200).json();
    for member in ["decision", "matched_rules"] {
        assert_eq!(request[member], whole[member], "{member}");
    }
}

#[tokio::test]
async fn the_announced_length_is_forwarded() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut call = scene.begin("/tape", "Content-Length: 10").await;
    // Nothing is sent before the body begins.
    call.assert_silent(A_WHILE).await;
    assert!(scene.upstream.received().is_empty());
    call.send("01234").await;
    let seen = scene.upstream.wait_for_text("01234").await.text();
    assert!(seen.contains("Content-Length: 10"), "{seen}");
    call.send("56789").await;
    scene.upstream.wait_for_text("0123456789").await;
    scene.upstream.send(OK).await;
    call.until("done").await;
    assert_eq!(
        scene.ended().await["digest"],
        scene.digest("/tape", b"0123456789")
    );

    // A body that arrives in one piece is known to the decision and needs no second entry.
    let mut call = scene
        .begin("/small", "Content-Length: 5\r\nExpect: 100-continue")
        .await;
    call.until("HTTP/1.1 100 Continue").await;
    call.send("whole").await;
    scene.upstream.wait_for_text("whole").await;
    scene.upstream.send(OK).await;
    call.until("done").await;
    let decided = scene.audited("request.forwarded").await.remove(0);
    assert_eq!(
        decided["detail"]["digest"],
        scene.digest("/small", b"whole")
    );
    assert_eq!(scene.audited("request.ended").await.len(), 1);
}

#[tokio::test]
async fn only_a_body_that_a_rule_reads_is_read_first() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let condition = "request.path == \"/charges\" && request.body.amount > 10";
    scene.rule("deny", Some(condition)).await;
    let mut call = scene.begin_with("/charges", JSON, CHUNKED).await;
    call.send_chunk("{\"amount\": 1").await;
    call.assert_silent(A_WHILE).await;
    assert!(scene.upstream.received().is_empty());
    call.send_chunk("1}").await;
    call.send("0\r\n\r\n").await;
    let response = call.until("policy_denied").await;
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    assert!(scene.upstream.received().is_empty());

    let mut call = scene.begin_with("/charges", JSON, CHUNKED).await;
    call.send_chunk("{\"amount\": ").await;
    call.send_chunk("9}").await;
    call.send("0\r\n\r\n").await;
    scene.upstream.wait_for_text("{\"amount\": 9}").await;
    scene.upstream.send(OK).await;
    call.until("done").await;
    let decided = scene.audited("request.forwarded").await.remove(0);
    assert_eq!(
        decided["detail"]["digest"],
        scene.digest_with("/charges", JSON, b"{\"amount\": 9}")
    );

    // The same rule cannot match on another path, whatever the body is.
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("first").await;
    scene.upstream.wait_for_text("first").await;

    // A rule that could match on any path causes all bodies to be read.
    scene
        .rule("require_approval", Some("request.size > 1000000"))
        .await;
    let before = scene.upstream.received().len();
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("wait").await;
    call.assert_silent(A_WHILE).await;
    assert_eq!(scene.upstream.received().len(), before);
}

#[tokio::test]
async fn a_body_that_no_rule_allows_is_read_first_and_held_unchanged() {
    let scene = UploadScene::new(TestGateway::builder(Storage::Sqlite)).await;
    scene.rule("require_approval", None).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("held ").await;
    call.assert_silent(A_WHILE).await;
    call.send_chunk("whole").await;
    call.send("0\r\n\r\n").await;
    let response = call.until("approval_required").await;
    assert!(response.starts_with("HTTP/1.1 428"), "{response}");
    assert!(scene.upstream.received().is_empty());
    let pending = scene.human.next_pending("/tape").await;
    assert_eq!(pending["digest"], scene.digest("/tape", b"held whole"));
}

#[tokio::test]
async fn a_body_with_an_idempotency_key_is_read_first() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let framing = format!("{CHUNKED}\r\nIdempotency-Key: once");
    let mut call = scene.begin("/tape", &framing).await;
    call.send_chunk("one ").await;
    call.assert_silent(A_WHILE).await;
    assert!(scene.upstream.received().is_empty());
    call.send_chunk("two").await;
    call.send("0\r\n\r\n").await;
    scene.upstream.wait_for_text("one two").await;
    scene.upstream.send(OK).await;
    let response = call.until("done").await;
    assert!(
        response.contains("x-idempotency-status: processed"),
        "{response}"
    );
}

#[tokio::test]
async fn a_denial_that_needs_no_body_reads_none() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    scene.rule("deny", Some("request.path == \"/tape\"")).await;
    let mut call = scene
        .begin("/tape", "Content-Length: 5\r\nExpect: 100-continue")
        .await;
    let response = call.until("policy_denied").await;
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    let detail = scene.audited("request.denied").await.remove(0)["detail"].clone();
    assert_eq!(
        (&detail["digest"], &detail["body"]),
        (&Value::Null, &json!("not_read"))
    );
    assert_eq!(scene.newest_request().await["decision"], "deny");
    assert!(scene.upstream.received().is_empty());
}

async fn an_upload_gets_its_response_during_an_outage_and_its_end_is_recorded_later(
    storage: Storage,
) {
    let scene = UploadScene::allowing_everything(TestGateway::builder(storage)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("a part").await;
    scene.upstream.wait_for_text("a part").await;
    let outage = DatabaseOutage::begin(&scene.gateway).await;
    call.send("0\r\n\r\n").await;
    scene.upstream.wait_for_text("0\r\n\r\n").await;
    scene.upstream.send(OK).await;
    let response = call.until("done").await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    outage.end().await;
    let ended = eventually("the end is recorded", LIMIT, || async {
        let response = scene.human.get("/audit?limit=200").send().await;
        if response.status != 200 {
            return None;
        }
        let entries = response.json()["items"].as_array().unwrap().clone();
        entries
            .into_iter()
            .find(|entry| entry["event"] == "request.ended")
    });
    let ended = ended.await["detail"].clone();
    assert_eq!(ended["outcome"], "answered", "{ended}");
    assert_eq!(ended["digest"], scene.digest("/tape", b"a part"));
    assert_eq!(scene.upstream.received().len(), 1);
}

async fn an_interrupted_upload_is_cut_at_the_upstream_and_its_outcome_is_unknown(storage: Storage) {
    for (path, framing) in [("/chunks", CHUNKED), ("/length", "Content-Length: 100")] {
        let scene = UploadScene::allowing_everything(TestGateway::builder(storage)).await;
        let mut call = scene.begin(path, framing).await;
        if framing == CHUNKED {
            call.send_chunk("a part").await;
        } else {
            call.send("a part").await;
        }
        scene.upstream.wait_for_text("a part").await;
        drop(call);
        let seen = scene
            .upstream
            .wait_for("the connection is cut", |seen| seen.is_closed)
            .await;
        assert!(!has_its_end(&seen), "{}", seen.text());
        assert_eq!(scene.upstream.received().len(), 1);
        let ended = scene.ended().await;
        assert_eq!(
            (&ended["outcome"], &ended["digest"]),
            (&json!("unknown"), &Value::Null)
        );
        assert_eq!(ended["body_bytes"], 6);
        assert!(ended["body_cut"].is_string(), "{ended}");
        let request = scene.newest_request().await;
        assert_eq!(request["upstream_status"], Value::Null);
        assert!(request["completed_at"].is_string(), "{request}");
    }
}

#[tokio::test]
async fn the_size_limit_applies_to_streamed_bodies() {
    let limited = TestGateway::builder(Storage::Sqlite).setting("MAX_REQUEST_BODY_BYTES", 20);
    let scene = UploadScene::allowing_everything(limited).await;
    let mut call = scene.begin("/tape", "Content-Length: 21").await;
    let response = call.until("payload_too_large").await;
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    assert!(scene.upstream.received().is_empty());

    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("ten bytes.").await;
    scene.upstream.wait_for_text("ten bytes.").await;
    call.send_chunk("eleven more").await;
    let response = call.until("payload_too_large").await;
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    let seen = scene
        .upstream
        .wait_for("the connection is cut", |seen| seen.is_closed)
        .await;
    assert!(!seen.text().contains("eleven"), "{}", seen.text());
    assert!(!has_its_end(&seen), "{}", seen.text());
    let ended = scene.ended().await;
    assert_eq!(
        (&ended["outcome"], &ended["body_bytes"]),
        (&json!("unknown"), &json!(10))
    );
}

#[tokio::test]
async fn an_agent_that_stops_sending_times_out() {
    let impatient = TestGateway::builder(Storage::Sqlite).setting("BODY_IDLE_TIMEOUT_MS", 500);
    // The timeout of the upstream is shorter and must not apply.
    let scene =
        UploadScene::allowing_everything(impatient.setting("UPSTREAM_TIMEOUT_MS", 200)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("a part").await;
    scene.upstream.wait_for_text("a part").await;
    let response = call.rest().await;
    assert!(response.starts_with("HTTP/1.1 408"), "{response}");
    assert!(response.contains("request_timeout"), "{response}");
    let seen = scene
        .upstream
        .wait_for("the connection is cut", |seen| seen.is_closed)
        .await;
    assert!(!has_its_end(&seen), "{}", seen.text());
    assert_eq!(scene.ended().await["outcome"], "unknown");
}

#[tokio::test]
async fn a_block_cuts_an_upload_within_a_second() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("a part").await;
    scene.upstream.wait_for_text("a part").await;
    let block = scene
        .human
        .call(Method::POST, &format!("/agents/{}/block", scene.agent.id));
    block.send().await.expect_status(200);
    let cut = tokio::time::timeout(Duration::from_secs(1), call.until("agent_blocked"));
    let response = cut.await.expect("it is cut within a second");
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    scene
        .upstream
        .wait_for("the connection is cut", |seen| seen.is_closed)
        .await;
    assert_eq!(scene.ended().await["outcome"], "unknown");
}

#[tokio::test]
async fn a_block_ends_an_upload_that_has_not_begun_within_a_second() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.assert_silent(A_WHILE).await;
    let block = scene
        .human
        .call(Method::POST, &format!("/agents/{}/block", scene.agent.id));
    block.send().await.expect_status(200);
    let ended = tokio::time::timeout(Duration::from_secs(1), call.until("agent_blocked"));
    let response = ended.await.expect("it ends within a second");
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn an_upstream_may_respond_before_the_end_of_the_body() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("too much").await;
    scene.upstream.wait_for_text("too much").await;
    scene
        .upstream
        .send("HTTP/1.1 413 Enough\r\nContent-Length: 6\r\n\r\nenough")
        .await;
    let response = call.until("enough").await;
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    assert!(response.contains("x-proxy-status: forwarded"), "{response}");
    let ended = scene.ended().await;
    assert_eq!(
        (&ended["outcome"], &ended["upstream_status"]),
        (&json!("answered"), &json!(413))
    );
    assert_eq!(
        (&ended["digest"], &ended["body_bytes"]),
        (&Value::Null, &json!(8))
    );
    scene
        .upstream
        .wait_for("the connection is closed", |seen| seen.is_closed)
        .await;
}

#[tokio::test]
async fn an_upload_is_never_sent_a_second_time() {
    let scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut first = scene.begin("/tape", CHUNKED).await;
    first.send_chunk("one").await;
    first.send("0\r\n\r\n").await;
    scene.upstream.wait_for_text("0\r\n\r\n").await;
    scene.upstream.send(OK).await;
    first.until("done").await;
    // The second is sent on the connection of the first, which is then closed.
    let mut second = scene.begin("/again", CHUNKED).await;
    second.send_chunk("two").await;
    scene.upstream.wait_for_text("two").await;
    scene.upstream.close();
    second.send_chunk("three").await;
    let response = second.until("upstream_broken").await;
    assert!(response.starts_with("HTTP/1.1 502"), "{response}");
    assert_eq!(scene.upstream.received().len(), 1);
    let ended = scene.audited("request.ended").await.remove(0);
    assert_eq!(ended["detail"]["outcome"], "unknown");
}

#[tokio::test]
async fn a_large_upload_takes_little_memory() {
    // Three times as much as the memory of the gateway may grow.
    const PIECES: usize = 48;
    let roomy = TestGateway::builder(Storage::Sqlite).setting("MAX_REQUEST_BODY_BYTES", 1 << 30);
    let scene = UploadScene::allowing_everything(roomy).await;
    let before = scene.gateway.peak_memory_bytes();
    let piece = vec![b'x'; 1 << 20];
    let length = PIECES * piece.len();
    let mut call = scene
        .begin("/tape", &format!("Content-Length: {length}"))
        .await;
    for _ in 0..PIECES {
        call.send(&piece).await;
    }
    let all = |seen: &ReceivedBytes| seen.count > length as u64;
    scene.upstream.wait_for("all of it arrives", all).await;
    scene.upstream.send(OK).await;
    call.until("done").await;
    assert_eq!(scene.ended().await["body_bytes"], length);
    let grown = scene.gateway.peak_memory_bytes() - before;
    assert!(grown < 16 << 20, "{} KiB", grown >> 10);
}

#[tokio::test]
async fn after_a_kill_no_upload_looks_complete() {
    let mut scene = UploadScene::allowing_everything(TestGateway::builder(Storage::Sqlite)).await;
    let mut call = scene.begin("/tape", CHUNKED).await;
    call.send_chunk("a part").await;
    scene.upstream.wait_for_text("a part").await;
    scene.0.gateway.kill9();
    let seen = scene
        .upstream
        .wait_for("the connection is cut", |seen| seen.is_closed)
        .await;
    assert!(!has_its_end(&seen), "{}", seen.text());
    scene.0.gateway.restart().await;
    // The log shows that it was forwarded, and no end.
    assert_eq!(scene.newest_request().await["upstream_status"], Value::Null);
    assert_eq!(scene.audited("request.forwarded").await.len(), 1);
    assert!(scene.audited("request.ended").await.is_empty());
    let checked = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(scene.upstream.received().len(), 1);
}

/// Returns whether a chunked body is complete.
fn has_its_end(seen: &ReceivedBytes) -> bool {
    seen.text().contains("\r\n0\r\n\r\n")
}
