//! The gateway conforms to its own OpenAPI document: schemathesis reads the document and tries every operation with
//! generated requests, valid and invalid.

use gaiterguard_testkit::{
    Agent, EchoUpstream, Human, Storage, TestGateway, finish, python_command,
};

/// The routes for agents. All others are for humans.
const AGENT_ROUTES: &str = "^/(proxy|status|mcp|s/)";
/// The routes for humans that take most of the time. They are tried at the same time as the others.
const DEFINITION_ROUTES: &str = "^/(services|agents|rules|channels)";
const UNMODIFIED_ROUTE: &str = "/s/{service}/{path}";
/// Operations that would end the session of the other calls, and streams without an end.
const NOT_TRIED: [&str; 3] = ["/auth/logout", "/auth/sessions/{id}", "/events"];

async fn gateway() -> (TestGateway, EchoUpstream, Human, Agent) {
    let upstream = EchoUpstream::start().await;
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("REGISTRATION", "open")
        // Every generated proposal may become a pending action.
        .setting("MAX_PENDING_PER_AGENT", 1_000_000)
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_bearer_service("things", &upstream.url(), "a-credential")
        .await;
    let agent = human.create_agent("fuzzer", &[&service]).await;
    (gateway, upstream, human, agent)
}

/// Tries the operations that `selection` names, with `header` on every request.
async fn try_operations(gateway: &TestGateway, header: &str, selection: &[&str]) {
    let mut command = python_command("schemathesis", gateway.folder());
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    command
        .args([
            "--config-file",
            config,
            "run",
            &format!("{}/openapi.json", gateway.url()),
            "--header",
            header,
        ])
        .args(selection)
        // One worker: two threads of CPython 3.11 that parse source text at the same time corrupt the parser's depth.
        .args(["--checks", "all", "--max-examples", "15", "--workers", "1"])
        .args(["--generation-deterministic", "--continue-on-failure"])
        // A busy machine is slow.
        .args(["--suppress-health-check", "all"]);
    let ran = finish(command, "").await;
    let report = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{report}\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(!report.contains("Unresolvable references"), "{report}");
    // The gateway still works after the run.
    gateway
        .client()
        .get("/ready")
        .send()
        .await
        .expect_status(200);
}

#[tokio::test]
async fn routes_of_definitions_conform_to_the_document() {
    let (gateway, _upstream, human, _agent) = gateway().await;
    let header = format!("Authorization: Bearer {}", human.access_token);
    let selection = ["--include-path-regex", DEFINITION_ROUTES];
    try_operations(&gateway, &header, &selection).await;
}

#[tokio::test]
async fn all_other_routes_for_humans_conform_to_the_document() {
    let (gateway, _upstream, human, _agent) = gateway().await;
    let header = format!("Authorization: Bearer {}", human.access_token);
    let not_here = format!("{AGENT_ROUTES}|{DEFINITION_ROUTES}");
    let mut selection = vec!["--exclude-path-regex", not_here.as_str()];
    selection.extend(NOT_TRIED.iter().flat_map(|path| ["--exclude-path", path]));
    try_operations(&gateway, &header, &selection).await;
}

#[tokio::test]
async fn agent_routes_conform_to_the_document() {
    let (gateway, _upstream, _human, agent) = gateway().await;
    let header = format!("Agent-Key: {}", agent.key);
    let selection = [
        "--include-path-regex",
        AGENT_ROUTES,
        "--exclude-path",
        UNMODIFIED_ROUTE,
    ];
    try_operations(&gateway, &header, &selection).await;
}

#[tokio::test]
async fn the_route_for_unmodified_clients_conforms_to_the_document() {
    let (gateway, _upstream, _human, agent) = gateway().await;
    let header = format!("Agent-Key: {}", agent.key);
    let selection = [
        "--include-path",
        UNMODIFIED_ROUTE,
        // The protocol's other methods pass, too, and a document can describe only eight.
        "--exclude-checks",
        "unsupported_method",
    ];
    try_operations(&gateway, &header, &selection).await;
}
