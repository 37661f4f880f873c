//! An agent and its key.

use http::Method;
use serde_json::Value;

use crate::client::{Call, Client, Response};
use crate::gateway::TestGateway;
use crate::json::text;

/// An agent that calls a gateway with its key.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(crate) client: Client,
    /// The agent's id.
    pub id: i64,
    /// The agent key.
    pub key: String,
}

/// A request that the gateway holds for a human.
#[derive(Clone, Debug)]
pub struct Held {
    /// The action's id.
    pub action_id: String,
    /// The 428 response.
    pub response: Response,
}

impl Held {
    /// Reads a 428 response. Panics on any other status.
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
    /// Builds a call of an agent route with this agent's key.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.client.call(method, path).agent_key(&self.key)
    }

    /// Returns the same agent, calling another replica.
    #[must_use]
    pub fn calling(mut self, replica: &TestGateway) -> Self {
        self.client = replica.client();
        self
    }

    /// Builds a `POST /proxy` with this body.
    pub fn propose(&self, request: Value) -> Call {
        self.call(Method::POST, "/proxy").json(request)
    }

    /// Proposes a request. Panics unless it is held.
    pub async fn propose_held(&self, request: Value, idempotency_key: &str) -> Held {
        let response = self
            .propose(request)
            .idempotency_key(idempotency_key)
            .send()
            .await;
        Held::from_response(response)
    }

    /// Returns the body of `GET /status/{action_id}`.
    pub async fn status(&self, held: &Held) -> Value {
        let path = format!("/status/{}", held.action_id);
        self.call(Method::GET, &path)
            .send()
            .await
            .expect_status(200)
            .json()
    }

    /// Builds a `POST /proxy/execute/{action_id}`.
    pub fn execute(&self, held: &Held) -> Call {
        self.call(Method::POST, &format!("/proxy/execute/{}", held.action_id))
    }
}
