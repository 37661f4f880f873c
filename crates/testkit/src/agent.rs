//! An agent with its key.

use http::Method;
use serde_json::Value;

use crate::client::{Call, Client, Response};
use crate::gateway::TestGateway;
use crate::json::text;

/// An agent as its client sees the gateway.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(crate) client: Client,
    /// The agent's id.
    pub id: i64,
    /// The whole key.
    pub key: String,
}

/// A request that waits for a human.
#[derive(Clone, Debug)]
pub struct Held {
    /// The action's id.
    pub action_id: String,
    /// The whole 428 answer.
    pub response: Response,
}

impl Held {
    /// Reads a 428; panics on any other answer.
    #[track_caller]
    pub fn from_response(response: Response) -> Self {
        let response = response.expect_status(428);
        assert_eq!(
            response.header("x-proxy-status"),
            Some("blocked"),
            "{}",
            response.text()
        );
        Self {
            action_id: text(&response.json(), "action_id"),
            response,
        }
    }
}

impl Agent {
    /// A call on an agent route with this agent's key.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.client.call(method, path).agent_key(&self.key)
    }

    /// The same agent, calling another replica.
    #[must_use]
    pub fn calling(mut self, replica: &TestGateway) -> Self {
        self.client = replica.client();
        self
    }

    /// `POST /proxy` with this body.
    pub fn propose(&self, request: Value) -> Call {
        self.call(Method::POST, "/proxy").json(request)
    }

    /// Proposes what must be held; panics if it is not.
    pub async fn propose_held(&self, request: Value, idempotency_key: &str) -> Held {
        let response = self
            .propose(request)
            .idempotency_key(idempotency_key)
            .send()
            .await;
        Held::from_response(response)
    }

    /// `GET /status/{action_id}`.
    pub async fn status(&self, held: &Held) -> Value {
        let path = format!("/status/{}", held.action_id);
        self.call(Method::GET, &path)
            .send()
            .await
            .expect_status(200)
            .json()
    }

    /// `POST /proxy/execute/{action_id}`, not sent yet.
    pub fn execute(&self, held: &Held) -> Call {
        self.call(Method::POST, &format!("/proxy/execute/{}", held.action_id))
    }
}
