//! Settings are shown without secrets, and the language model can be tested.

use std::time::Duration;

use gaiterguard_testkit::{
    Human, MODEL_KEY, MODEL_NAME, Reply, ScriptedModel, Storage, TestGateway, eventually,
    on_both_databases,
};

/// How long a record may take to be written, on a busy machine.
const MOMENT: Duration = Duration::from_secs(10);

on_both_databases!(
    settings_are_shown_without_secrets,
    the_use_of_the_model_and_its_ceiling_survive_a_kill,
);

async fn settings_are_shown_without_secrets(storage: Storage) {
    let model = ScriptedModel::start().await;
    let gateway = TestGateway::builder(storage)
        .setting("RISK_THRESHOLD", "0.4")
        .setting("APPROVAL_PENDING_TTL_HOURS", "0.5")
        .setting("LLM_BASE_URL", model.base_url())
        .setting("LLM_API_KEY", MODEL_KEY)
        .setting("LLM_MODEL", MODEL_NAME)
        .setting("LLM_DAILY_TOKENS_MAX", 1000)
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let response = human.get("/settings").send().await.expect_status(200);
    let settings = response.json();
    assert_eq!(settings["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(settings["risk_threshold"], 0.4);
    assert_eq!(settings["pending_ttl_ms"], 1_800_000);
    assert_eq!(settings["registration"], "first");
    let database = match storage {
        Storage::Sqlite => "sqlite",
        Storage::Postgres => "postgres",
    };
    assert_eq!(settings["database"], database);
    assert_eq!(settings["llm"]["model"], MODEL_NAME);
    assert_eq!(settings["llm"]["daily_tokens_max"], 1000);
    let text = response.text();
    let url = gateway.database_url();
    for secret in [MODEL_KEY, url.as_str()] {
        assert!(!text.contains(secret), "{text}");
    }
    let stranger = gateway.dashboard().get("/settings").send().await;
    stranger.expect_problem(401, "not_authenticated");
}

async fn the_use_of_the_model_and_its_ceiling_survive_a_kill(storage: Storage) {
    let model = ScriptedModel::start().await;
    let mut gateway = TestGateway::builder(storage)
        .setting("LLM_BASE_URL", model.base_url())
        .setting("LLM_API_KEY", MODEL_KEY)
        .setting("LLM_MODEL", MODEL_NAME)
        .setting("LLM_INPUT_PRICE", "1000")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    for _ in 0..2 {
        let tried = human.post("/settings/llm/test").send().await;
        tried.expect_status(200);
    }
    let used = human.get("/settings").send().await.json()["llm"].clone();
    let tokens = used["input_tokens_today"].as_u64().unwrap();
    let today = async || {
        let overview = human.read("/overview").await;
        let days = overview["model_days"].as_array().unwrap().clone();
        assert_eq!(days.len(), 30);
        days[29].clone()
    };
    eventually("the use of today is written down", MOMENT, async || {
        (today().await["calls"] == 2).then_some(())
    })
    .await;
    let kept = today().await;
    assert_eq!(kept["input_tokens"].as_u64(), Some(tokens));
    assert!((kept["cost"].as_f64().unwrap() - used["cost_today"].as_f64().unwrap()).abs() < 1e-9);

    gateway.kill9();
    gateway.set("LLM_DAILY_TOKENS_MAX", tokens + 1);
    gateway.restart().await;
    let again = human.get("/settings").send().await.json()["llm"].clone();
    assert_eq!(again["input_tokens_today"], used["input_tokens_today"]);
    assert_eq!(again["cost_today"], used["cost_today"]);
    let refused = human.post("/settings/llm/test").send().await;
    refused.expect_problem(502, "llm_failed");
    assert_eq!(model.calls(), 2);
    assert_eq!(today().await, kept);
}

#[tokio::test]
async fn the_language_model_can_be_tested() {
    let model = ScriptedModel::start().await;
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("LLM_BASE_URL", model.base_url())
        .setting("LLM_API_KEY", MODEL_KEY)
        .setting("LLM_MODEL", MODEL_NAME)
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let tried = human.post("/settings/llm/test").send().await;
    assert!(tried.expect_status(200).json()["milliseconds"].is_u64());
    let settings = human.get("/settings").send().await.json();
    assert_eq!(settings["llm"]["calls"], 1);
    assert!(settings["llm"]["input_tokens_today"].as_u64().unwrap() > 0);
    model.always(Reply::status(500));
    let failed = human.post("/settings/llm/test").send().await;
    failed.expect_problem(502, "llm_failed");
}

#[tokio::test]
async fn a_missing_language_model_is_reported() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let tried = human.post("/settings/llm/test").send().await;
    tried.expect_problem(409, "llm_not_configured");
    let settings = human.get("/settings").send().await.json();
    assert!(settings["llm"].is_null());
}
