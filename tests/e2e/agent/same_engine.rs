//! One engine behind several doors: a request is assessed, shown and recorded alike through each of them.

use std::collections::BTreeMap;
use std::process::Command;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    EchoUpstream, Held, McpClient, McpMode, McpTransport, Storage, TestGateway, finish,
    on_both_databases,
};
use http::Method;
use serde_json::{Value, json};

on_both_databases!(a_held_request_is_the_same_through_every_door);

const INTENT: &str = "Pay Ann's invoice 17";
const BODY: &str = r#"{"amount":50000,"to":"ann"}"#;

/// The parts of a held request that are compared.
#[derive(Debug, PartialEq)]
struct Recorded {
    shown: BTreeMap<&'static str, Value>,
    audit: Value,
    decided: BTreeMap<&'static str, Value>,
}

async fn a_held_request_is_the_same_through_every_door(storage: Storage) {
    // The denial of one request is not the response to the next.
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let builder = TestGateway::builder(storage)
        .intercept_port()
        .setting("DENIED_MEMORY_MINUTES", 0)
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display());
    let url = format!("https://localhost:{}", upstream.address().port());
    let scene = Scene::before(builder, upstream, &url).await;
    let by_proxy = recorded(&scene, &by_proxy(&scene).await).await;
    assert_eq!(by_proxy.shown["digest"].as_str().unwrap().len(), 64);
    assert_eq!(by_proxy.shown["request_body"], BODY);
    assert_eq!(by_proxy.audit["event"], "action.created");
    assert_eq!(by_proxy.decided["decision"], "hold");
    assert_eq!(
        recorded(&scene, &by_base_url(&scene).await).await,
        by_proxy,
        "/s/…"
    );
    assert_eq!(
        recorded(&scene, &by_tunnel(&scene).await).await,
        by_proxy,
        "the proxy port"
    );
    assert_eq!(
        recorded(&scene, &by_command(&scene).await).await,
        by_proxy,
        "gaiterguard call"
    );
    for transport in [McpTransport::Http, McpTransport::Stdio] {
        let by_mcp = recorded(&scene, &by_mcp(&scene, transport).await).await;
        assert_eq!(by_mcp, by_proxy, "{transport:?}");
    }
    assert!(scene.upstream.received().is_empty());
}

async fn by_proxy(scene: &Scene) -> String {
    let body: Value = serde_json::from_str(BODY).unwrap();
    let request = json!({
        "service": "things", "method": "POST", "path": "/payments", "intent": INTENT, "body": body,
    });
    scene
        .agent
        .propose_held(request, "by-proxy")
        .await
        .action_id
}

async fn by_base_url(scene: &Scene) -> String {
    let call = scene
        .gateway
        .client()
        .call(Method::POST, "/s/things/payments")
        .bearer(&scene.agent.key)
        .header("x-agent-intent", INTENT)
        .header("content-type", "application/json")
        .body(BODY);
    Held::from_response(call.send().await).action_id
}

async fn by_tunnel(scene: &Scene) -> String {
    let pem = scene.gateway.client().get("/ca.pem").send().await.text();
    let ca_file = scene.gateway.folder().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    let intercept = scene.gateway.intercept_address();
    let proxy = format!("http://report:{}@{intercept}", scene.agent.key);
    let port = scene.upstream.address().port();
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "",
            "--proxy",
            &proxy,
        ])
        .arg("--cacert")
        .arg(ca_file)
        // The other doors add no headers of a client.
        .args(["--header", "Accept:", "--header", "User-Agent:"])
        .args(["--header", &format!("X-Agent-Intent: {INTENT}")])
        .args(["--header", "Content-Type: application/json", "--data", BODY])
        .arg(format!("https://localhost:{port}/payments"));
    let output = finish(command, "").await;
    let problem: Value = serde_json::from_slice(&output.stdout).unwrap();
    problem["action_id"].as_str().unwrap().to_owned()
}

async fn by_command(scene: &Scene) -> String {
    let mut command = scene.gateway.command(&["call", "POST", "/payments"]);
    command
        .args(["--service", "things", "--intent", INTENT, "--data", BODY])
        .args(["--wait", "1s", "--json"])
        .env("GAITERGUARD_URL", scene.gateway.url())
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
    let output = finish(command, "").await;
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    printed["problem"]["action_id"].as_str().unwrap().to_owned()
}

async fn by_mcp(scene: &Scene, transport: McpTransport) -> String {
    let mut client =
        McpClient::connect(&scene.gateway, &scene.agent, transport, McpMode::Newest).await;
    let body: Value = serde_json::from_str(BODY).unwrap();
    let request = json!({
        "service": "things", "method": "POST", "path": "/payments", "intent": INTENT, "body": body,
    });
    let result = client.call("proxy_request", request).await.expect_done();
    result["action_id"].as_str().unwrap().to_owned()
}

/// Returns what the gateway recorded of a held request, without ids and times. Denies it afterwards, so that the
/// next request is a new one.
async fn recorded(scene: &Scene, action_id: &str) -> Recorded {
    let path = format!("/approvals/{action_id}");
    let action = scene.human.read(&path).await;
    let some_of = |whole: &Value, names: &[&'static str]| {
        let member = |name: &&'static str| (*name, whole[*name].clone());
        names.iter().map(member).collect()
    };
    let items = |page: &Value| page["items"].as_array().unwrap().clone();
    let audit = scene.human.read("/audit?limit=200").await;
    let subject = format!("action:{action_id}");
    let mut entries = items(&audit)
        .into_iter()
        .filter(|entry| entry["subject"] == *subject);
    let mut entry = entries.next().unwrap();
    assert!(entries.next().is_none());
    entry["detail"]
        .as_object_mut()
        .unwrap()
        .remove("request_id")
        .unwrap();
    let requests = scene.human.read("/requests?limit=200").await;
    let mut decided = items(&requests);
    decided.retain(|request| request["action_id"] == *action_id);
    assert_eq!(decided.len(), 1);
    scene
        .human
        .patch(&format!("{path}/deny"))
        .json(json!({}))
        .send()
        .await
        .expect_status(200);
    let shown = [
        "agent_id",
        "service_id",
        "method",
        "target_url",
        "request_headers",
        "request_body",
        "body_encoding",
        "digest",
        "intent",
        "risk_score",
        "risk_explanation",
        "signals",
        "matched_rules",
        "operation",
    ];
    let decision = [
        "agent_id",
        "service_id",
        "method",
        "target_url",
        "intent",
        "decision",
        "risk_score",
    ];
    Recorded {
        shown: some_of(&action, &shown),
        audit: json!({
            "event": entry["event"], "actor": entry["actor"], "detail": entry["detail"],
        }),
        decided: some_of(&decided[0], &decision),
    }
}
