//! The commands of the binary other than `serve`.

use std::path::PathBuf;
use std::process::Output;

use gaiterguard_testkit::{Human, Storage, TestGateway, finish, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(users_are_created_and_passwords_reset);

fn said(output: &Output) -> String {
    format!(
        "{} {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

async fn users_are_created_and_passwords_reset(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "closed")
        .start()
        .await;
    let create = ["user", "create", "someone@example.com"];
    let made = gateway.run(&create, "a long enough password\n").await;
    assert!(made.status.success(), "{}", said(&made));
    let human = Human::log_in(&gateway, "someone@example.com", "a long enough password").await;
    human
        .create_bearer_service("things", "https://things.example", "x")
        .await;
    let again = gateway.run(&create, "a long enough password\n").await;
    assert!(!again.status.success(), "{}", said(&again));
    let short = gateway
        .run(&["user", "create", "short@example.com"], "short\n")
        .await;
    assert!(!short.status.success(), "{}", said(&short));

    let same = [
        "user",
        "create",
        "colleague@example.com",
        "--workspace",
        "someone@example.com",
    ];
    let made = gateway.run(&same, "another long password\n").await;
    assert!(made.status.success(), "{}", said(&made));
    let colleague = Human::log_in(&gateway, "colleague@example.com", "another long password").await;
    let services = colleague
        .get("/services")
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(services[0]["name"], "things");

    let reset = ["user", "reset-password", "someone@example.com"];
    let done = gateway.run(&reset, "quite another password\n").await;
    assert!(done.status.success(), "{}", said(&done));
    Human::log_in(&gateway, "someone@example.com", "quite another password").await;
    let old = json!({"email": "someone@example.com", "password": "a long enough password"});
    let refused = gateway
        .dashboard()
        .post("/auth/login")
        .json(old)
        .send()
        .await;
    refused.expect_problem(401, "invalid_credentials");
    // The sessions with the old password have ended.
    human.get("/auth/me").send().await.expect_status(401);
}

#[tokio::test]
async fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    let cases = [
        ("PORT", "70000"),
        ("HOST", "not a host"),
        ("DATABASE_URL", "mysql://x"),
        ("JWT_SECRET", "short"),
        ("ENCRYPTION_SECRET", "short"),
        ("JWT_ACCESS_EXPIRY", "soon"),
        ("LLM_BASE_URL", "model"),
        ("LLM_TIMEOUT_MS", "-1"),
        ("LLM_FAILURE_MODE", "ignore"),
        ("RISK_THRESHOLD", "1.5"),
        ("APPROVAL_PENDING_TTL_HOURS", "x"),
        ("UPSTREAM_PRIVATE_ALLOW", "10.0.0.0/40"),
        ("UPSTREAM_HOSTS", "name"),
        ("UPSTREAM_CA_FILE", "/nowhere.pem"),
        ("MAX_REQUEST_BODY_BYTES", "many"),
        ("REGISTRATION", "maybe"),
        ("LOG_FORMAT", "xml"),
        ("DASHBOARD_PORT", "x"),
        ("PUBLIC_URL", "gateway"),
    ];
    for (name, value) in cases {
        let gateway = TestGateway::builder(Storage::Sqlite)
            .setting(name, value)
            .prepare()
            .await;
        let ended = gateway.run(&["serve"], "").await;
        assert!(!ended.status.success(), "{name}={value}: {}", said(&ended));
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(errors.trim().lines().count(), 1, "{name}={value}: {errors}");
        assert!(errors.contains(name), "{name}={value}: {errors}");
    }
}

#[tokio::test]
async fn a_start_with_another_encryption_secret_is_refused_and_changes_nothing() {
    const ANOTHER: &str = "another-secret-that-is-long-enough-0002";
    let mut gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    human
        .create_bearer_service("things", "https://things.example", "x")
        .await;
    gateway.terminate().await;
    let mut serve = gateway.command(&["serve"]);
    serve.env("ENCRYPTION_SECRET", ANOTHER);
    let refused = finish(serve, "").await;
    assert!(!refused.status.success(), "{}", said(&refused));
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(errors.trim().lines().count(), 1, "{errors}");
    assert!(errors.contains("ENCRYPTION_SECRET"), "{errors}");
    assert!(!said(&refused).contains(ANOTHER), "{}", said(&refused));
    gateway.restart().await;
    human.get("/services").send().await.expect_status(200);
}

#[tokio::test]
async fn the_key_of_a_model_without_its_url_is_a_warning_that_does_not_show_it() {
    const KEY: &str = "sk-canary-of-the-model";
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("LLM_API_KEY", KEY)
        .setting("LOG", "warn")
        .start()
        .await;
    let logs = gateway.logs();
    assert!(
        logs.contains("LLM_API_KEY has no effect without LLM_BASE_URL"),
        "{logs}"
    );
    assert!(!logs.contains(KEY), "{logs}");
}

#[tokio::test]
async fn the_settings_of_the_example_file_work() {
    let gateway = TestGateway::builder(Storage::Sqlite).prepare().await;
    let example = include_str!("../../../.env.example");
    let settings: Vec<&str> = example
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .collect();
    assert!(settings.len() > 30, "{settings:?}");
    std::fs::write(gateway.folder().join(".env"), settings.join("\n")).unwrap();
    let mut command = gateway.command(&["migrate"]);
    command.env_clear();
    let ended = finish(command, "").await;
    assert!(ended.status.success(), "{}", said(&ended));
    assert!(gateway.folder().join("data/gaiterguard.db").exists());
}

#[tokio::test]
async fn replicas_need_explicit_secrets() {
    let gateway = TestGateway::builder(Storage::Postgres).prepare().await;
    let mut command = gateway.command(&["serve"]);
    command
        .env_remove("ENCRYPTION_SECRET")
        .env_remove("JWT_SECRET");
    let ended = finish(command, "").await;
    assert!(!ended.status.success(), "{}", said(&ended));
    assert!(said(&ended).contains("SECRET"), "{}", said(&ended));
}

#[tokio::test]
async fn the_printed_openapi_document_is_the_served_one() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let printed = gateway.run(&["openapi"], "").await;
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let served = gateway
        .client()
        .get("/openapi.json")
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(printed, served);
    let kept: PathBuf =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/server/openapi.json").into();
    let kept: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    assert_eq!(printed, kept, "run `make openapi`");
}

#[tokio::test]
async fn migrations_can_run_alone_and_repeatedly() {
    for storage in [Storage::Sqlite, Storage::Postgres] {
        let gateway = TestGateway::builder(storage).prepare().await;
        for _ in 0..2 {
            let migrated = gateway.run(&["migrate"], "").await;
            assert!(
                migrated.status.success(),
                "{storage:?}: {}",
                said(&migrated)
            );
        }
    }
}
