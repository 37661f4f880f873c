//! What most tests begin with: a gateway with one user, one service on an echoing upstream and one
//! agent that may use it.

use http::Method;
use serde_json::{Value, json};

use crate::agent::{Agent, Held};
use crate::client::Response;
use crate::database::Storage;
use crate::gateway::{TestGateway, TestGatewayBuilder};
use crate::human::{Human, Service};
use crate::model::{MODEL_KEY, MODEL_NAME, ScriptedModel};
use crate::upstream::EchoUpstream;

/// The credential of the scene's service.
pub const CREDENTIAL: &str = "credential/of+the~service?81d7f3";

/// A gateway with its first user, one service and one agent.
pub struct Scene<U = EchoUpstream> {
    /// The gateway.
    pub gateway: TestGateway,
    /// What the service points to.
    pub upstream: U,
    /// The first user.
    pub human: Human,
    /// The service `things`, with [`CREDENTIAL`].
    pub service: Service,
    /// An agent that may use the service.
    pub agent: Agent,
}

impl Scene {
    /// A scene with the default settings.
    pub async fn new(storage: Storage) -> Self {
        Self::on(TestGateway::builder(storage)).await
    }

    /// A scene with these settings.
    pub async fn on(builder: TestGatewayBuilder) -> Self {
        Self::on_allowed(builder, EchoUpstream::start().await).await
    }

    /// The same with an upstream that the settings speak of.
    pub async fn on_allowed(builder: TestGatewayBuilder, upstream: EchoUpstream) -> Self {
        let url = upstream.url();
        Self::before(builder, upstream, &url).await
    }
}

impl<U> Scene<U> {
    /// The same with another kind of upstream.
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

    /// Lets everything through that no other rule stops, so that a test can speak of forwarding.
    pub async fn allow_everything(&self) {
        self.human
            .create_rule(json!({"name": "Everything", "effect": "allow", "enabled": true}))
            .await;
    }

    /// What would become of a proposal.
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

    /// Proposes a removal that is held.
    pub async fn hold(&self, key: &str) -> Held {
        self.agent
            .propose_held(request("DELETE", &format!("/{key}")), key)
            .await
    }

    /// Proposes a removal and approves it.
    pub async fn approved(&self, key: &str) -> Held {
        let held = self.hold(key).await;
        self.human.approve(&held).await;
        held
    }
}

/// A gateway on SQLite that asks this model.
pub fn asking(model: &ScriptedModel) -> TestGatewayBuilder {
    TestGateway::builder(Storage::Sqlite)
        .setting("LLM_BASE_URL", model.base_url())
        .setting("LLM_API_KEY", MODEL_KEY)
        .setting("LLM_MODEL", MODEL_NAME)
        .setting("LLM_TIMEOUT_MS", 30_000)
}

/// A proposal for the scene's service without a body.
pub fn request(method: &str, path: &str) -> Value {
    json!({
        "service": "things", "method": method, "path": path,
        "intent": format!("Test what {method} {path} does"),
    })
}

/// A POST for the scene's service.
pub fn post(path: &str, body: Value) -> Value {
    let mut request = request("POST", path);
    request["body"] = body;
    request
}
