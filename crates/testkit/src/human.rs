//! A human who uses the dashboard's API, logged in.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::agent::{Agent, Held};
use crate::client::{Call, Client, Response, shortcuts};
use crate::eventually::eventually;
use crate::gateway::TestGateway;
use crate::json::{number, text};

/// The password of all users that tests register.
const PASSWORD: &str = "correct horse battery staple";

/// How long a request may take until it appears as a pending action. Clients in other languages take a while to
/// start on a busy machine.
const PENDING_LIMIT: Duration = Duration::from_mins(2);

/// A user with a workspace and a session.
#[derive(Clone, Debug)]
pub struct Human {
    agents_client: Client,
    client: Client,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The session's access token.
    pub access_token: String,
    /// The session's refresh token.
    pub refresh_token: String,
}

/// A service that was created.
#[derive(Clone, Debug)]
pub struct Service {
    /// The service's id.
    pub id: i64,
    /// The body of the response that created it.
    pub json: Value,
}

impl Human {
    /// Registers the first user of a gateway and logs in.
    pub async fn register(gateway: &TestGateway) -> Self {
        Self::register_as(gateway, "human@example.com").await
    }

    /// Registers a user and logs in. All but the first user need `REGISTRATION=open`.
    pub async fn register_as(gateway: &TestGateway, email: &str) -> Self {
        gateway
            .dashboard()
            .post("/auth/register")
            .json(json!({"email": email, "password": PASSWORD}))
            .send()
            .await
            .expect_status(201);
        Self::log_in(gateway, email, PASSWORD).await
    }

    /// Invites a person to the user's workspace with the body of `POST /members/invitations`, and returns
    /// the token of the link.
    pub async fn invite(&self, invitation: Value) -> String {
        let call = self.post("/members/invitations").json(invitation);
        let invited = call.send().await.expect_status(201).json();
        let link = text(&invited, "link");
        let (_, token) = link.split_once("token=").expect("the link has a token");
        token.to_owned()
    }

    /// Adds a new person to the user's workspace: the invitation is accepted and the person logs in. `limits`
    /// is merged into the body of the invitation.
    pub async fn add_member(
        &self,
        gateway: &TestGateway,
        email: &str,
        role: &str,
        limits: Value,
    ) -> Self {
        let mut invitation = json!({"email": email, "role": role});
        for (name, value) in limits.as_object().into_iter().flatten() {
            invitation[name] = value.clone();
        }
        let token = self.invite(invitation).await;
        let accept = gateway.dashboard().post("/auth/invitations/accept");
        let accept = accept.json(json!({"token": token, "password": PASSWORD}));
        accept.send().await.expect_status(201);
        Self::log_in(gateway, email, PASSWORD).await
    }

    /// Logs in an existing user.
    pub async fn log_in(gateway: &TestGateway, email: &str, password: &str) -> Self {
        let client = gateway.dashboard();
        let session = client
            .post("/auth/login")
            .json(json!({"email": email, "password": password}))
            .send()
            .await
            .expect_status(200)
            .json();
        Self {
            agents_client: gateway.client(),
            client,
            email: email.to_owned(),
            password: password.to_owned(),
            access_token: text(&session, "accessToken"),
            refresh_token: text(&session, "refreshToken"),
        }
    }

    /// Returns the same user with another access token.
    #[must_use]
    pub fn with_access_token(&self, access_token: &str) -> Self {
        Self {
            access_token: access_token.to_owned(),
            ..self.clone()
        }
    }

    /// Builds a call of the dashboard's API in this session.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.client.call(method, path).bearer(&self.access_token)
    }

    shortcuts!();

    /// Returns the body of a GET. Panics unless it succeeds.
    pub async fn read(&self, path: &str) -> Value {
        self.get(path).send().await.expect_status(200).json()
    }

    /// Creates a service. `auth_type` and `credentials` have the form of the API.
    pub async fn create_service(
        &self,
        name: &str,
        base_url: &str,
        auth_type: &str,
        credentials: Value,
    ) -> Service {
        let mut body = json!({"name": name, "baseUrl": base_url, "authType": auth_type});
        if !credentials.is_null() {
            body["credentials"] = credentials;
        }
        let json = self
            .post("/services")
            .json(body)
            .send()
            .await
            .expect_status(201)
            .json();
        Service {
            id: number(&json, "id"),
            json,
        }
    }

    /// Creates a service with a bearer token.
    pub async fn create_bearer_service(&self, name: &str, base_url: &str, token: &str) -> Service {
        self.create_service(name, base_url, "bearer", json!({"token": token}))
            .await
    }

    /// Creates an agent that may use these services.
    pub async fn create_agent(&self, name: &str, services: &[&Service]) -> Agent {
        let ids: Vec<i64> = services.iter().map(|service| service.id).collect();
        let created = self
            .post("/agents")
            .json(json!({"name": name, "serviceIds": ids}))
            .send()
            .await
            .expect_status(201)
            .json();
        Agent {
            client: self.agents_client.clone(),
            id: number(&created["agent"], "id"),
            key: text(&created, "apiKey"),
        }
    }

    /// Creates two agents that may use these services: the requests of the first are all allowed, those of
    /// the second all require approval.
    pub async fn create_trusted_and_watched(&self, services: &[Service]) -> (Agent, Agent) {
        let scope: Vec<&Service> = services.iter().collect();
        let trusted = self.create_agent("trusted", &scope).await;
        let watched = self.create_agent("watched", &scope).await;
        for (effect, agent) in [("allow", &trusted), ("require_approval", &watched)] {
            let rule =
                json!({"name": effect, "effect": effect, "agent_id": agent.id, "enabled": true});
            self.create_rule(rule).await;
        }
        (trusted, watched)
    }

    /// Creates a rule from the body of `POST /rules`.
    pub async fn create_rule(&self, rule: Value) -> Value {
        self.post("/rules")
            .json(rule)
            .send()
            .await
            .expect_status(201)
            .json()
    }

    /// Adds a document to a service. `kind` is `openapi`, `markdown` or `url`.
    pub async fn add_document(&self, service: &Service, kind: &str, content: &str) -> Value {
        self.post(&format!("/services/{}/docs", service.id))
            .json(json!({"type": kind, "content": content}))
            .send()
            .await
            .expect_status(201)
            .json()
    }

    /// Returns the pending actions, oldest first.
    pub async fn pending(&self) -> Vec<Value> {
        let response = self
            .get("/approvals/pending")
            .send()
            .await
            .expect_status(200)
            .json();
        response["approvals"]
            .as_array()
            .expect("a list of approvals")
            .clone()
    }

    /// Waits for a pending action whose `target_url` ends with this, and returns it.
    pub async fn next_pending(&self, address_end: &str) -> Value {
        eventually("an action is pending", PENDING_LIMIT, || async {
            self.pending().await.into_iter().find(|action| {
                action["target_url"]
                    .as_str()
                    .is_some_and(|url| url.ends_with(address_end))
            })
        })
        .await
    }

    /// Waits for a pending action whose `target_url` ends with this, and sends `approve`, `deny` or `revoke` with
    /// a note. Returns the action as it was while it was pending.
    pub async fn decide_next(&self, address_end: &str, decision: &str, note: &str) -> Value {
        let action = self.next_pending(address_end).await;
        let path = format!("/approvals/{}/{decision}", text(&action, "action_id"));
        let body = json!({"note": note});
        self.patch(&path).json(body).send().await.expect_status(200);
        action
    }

    /// Returns an action as a human sees it.
    pub async fn action(&self, held: &Held) -> Value {
        self.read(&format!("/approvals/{}", held.action_id)).await
    }

    /// Approves an action by its digest.
    pub async fn approve(&self, held: &Held) {
        let digest = self.action(held).await["digest"].clone();
        self.decide(held, "approve", json!({"digest": digest}))
            .await
            .expect_status(200);
    }

    /// Denies an action with a note to the agent.
    pub async fn deny(&self, held: &Held, note: &str) {
        self.decide(held, "deny", json!({"note": note}))
            .await
            .expect_status(200);
    }

    /// Sends `approve`, `deny`, `revoke` or `resolve` and returns the response, whatever it is.
    pub async fn decide(&self, held: &Held, decision: &str, body: Value) -> Response {
        self.patch(&format!("/approvals/{}/{decision}", held.action_id))
            .json(body)
            .send()
            .await
    }
}
