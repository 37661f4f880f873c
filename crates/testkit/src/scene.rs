//! The start of most tests: a gateway with one user, one service that points to an echoing upstream, and one
//! agent that may use it.

use http::Method;
use serde_json::{Value, json};

use crate::agent::{Agent, Held};
use crate::client::Response;
use crate::database::Storage;
use crate::echo_upstream::EchoUpstream;
use crate::gateway::{TestGateway, TestGatewayBuilder};
use crate::human::{Human, Service};
use crate::scripted_model::{MODEL_KEY, MODEL_NAME, ScriptedModel};

/// The credential of the scene's service.
pub const CREDENTIAL: &str = "credential/of+the~service?81d7f3";

/// A gateway with its first user, one service and one agent.
pub struct Scene<U = EchoUpstream> {
    /// The gateway.
    pub gateway: TestGateway,
    /// The upstream of the service.
    pub upstream: U,
    /// The first user.
    pub human: Human,
    /// The service `things`, with [`CREDENTIAL`].
    pub service: Service,
    /// An agent that may use the service.
    pub agent: Agent,
}

impl Scene {
    /// Creates a scene with the default settings.
    pub async fn new(storage: Storage) -> Self {
        Self::on(TestGateway::builder(storage)).await
    }

    /// Creates a scene with these settings.
    pub async fn on(builder: TestGatewayBuilder) -> Self {
        Self::on_allowed(builder, EchoUpstream::start().await).await
    }

    /// Creates a scene with an upstream to which the settings refer.
    pub async fn on_allowed(builder: TestGatewayBuilder, upstream: EchoUpstream) -> Self {
        let url = upstream.url();
        Self::before(builder, upstream, &url).await
    }
}

impl<U> Scene<U> {
    /// Creates a scene with another kind of upstream.
    pub async fn before(builder: TestGatewayBuilder, upstream: U, url: &str) -> Self {
        let gateway = builder.start().await;
        let human = Human::register(&gateway).await;
        let service = human.create_bearer_service("things", url, CREDENTIAL).await;
        let agent = human.create_agent("assistant", &[&service]).await;
        Self {
            gateway,
            upstream,
            human,
            service,
            agent,
        }
    }

    /// Adds an `allow` rule for everything, so that requests are forwarded unless another rule applies.
    pub async fn allow_everything(&self) {
        self.human
            .create_rule(json!({"name": "Everything", "effect": "allow", "enabled": true}))
            .await;
    }

    /// Returns the result of a dry run.
    pub async fn dry_run(&self, request: &Value) -> Value {
        let call = self.agent.call(Method::POST, "/proxy/dry-run");
        let call = call.json(request.clone());
        call.send().await.expect_status(200).json()
    }
}

impl Scene {
    /// Sends a GET through the gateway.
    pub async fn get(&self, path: &str) -> Response {
        self.agent.propose(request("GET", path)).send().await
    }

    /// Proposes a DELETE, which is held.
    pub async fn hold(&self, key: &str) -> Held {
        self.agent
            .propose_held(request("DELETE", &format!("/{key}")), key)
            .await
    }

    /// Proposes a DELETE and approves it.
    pub async fn approved(&self, key: &str) -> Held {
        let held = self.hold(key).await;
        self.human.approve(&held).await;
        held
    }
}

/// Prepares a gateway on SQLite that uses this model.
pub fn asking(model: &ScriptedModel) -> TestGatewayBuilder {
    TestGateway::builder(Storage::Sqlite)
        .setting("LLM_BASE_URL", model.base_url())
        .setting("LLM_API_KEY", MODEL_KEY)
        .setting("LLM_MODEL", MODEL_NAME)
        .setting("LLM_TIMEOUT_MS", 30_000)
}

/// Returns the body of a `POST /proxy` for the scene's service, without a request body.
pub fn request(method: &str, path: &str) -> Value {
    json!({
        "service": "things", "method": method, "path": path,
        "intent": format!("Test what {method} {path} does"),
    })
}

/// Returns the body of a `POST /proxy` that proposes a POST to the scene's service.
pub fn post(path: &str, body: Value) -> Value {
    let mut request = request("POST", path);
    request["body"] = body;
    request
}
