//! `GaiterGuard` as a system to measure: started from its binary, set up over its HTTP API.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::time;

use crate::{
    BenchResult,
    http_client::ApiClient,
    process::{self, Daemon},
    scenario::SERVICE,
    upstream::CREDENTIAL,
};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "bench-owl-parapet-47";
/// Fixed, so that a restarted gateway can open what it sealed before. It protects only test data.
const SECRET: &str = "only-for-the-bench-and-for-one-run-of-it";

/// How many rules a gateway has that is set up.
pub const RULES: usize = 2;

const START_TIMEOUT: Duration = Duration::from_mins(1);

/// The configuration of a gateway.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// The binary.
    pub binary: PathBuf,
    /// Its data folder, which must exist.
    pub data: PathBuf,
    /// A PostgreSQL database; `None` for `SQLite` in the data folder.
    pub database_url: Option<String>,
    /// The URL of its model up to `/v1`, if it has one.
    pub model_url: Option<String>,
    /// The limit on request bodies, if it differs from the default.
    pub request_body_bytes_max: Option<u64>,
    /// A file with certificates of upstreams, if they have TLS.
    pub upstream_ca_file: Option<PathBuf>,
    /// The proxy port, if it has one.
    pub intercept: Option<Intercept>,
    /// A command to run the binary under (`valgrind --tool=callgrind`), if any.
    pub wrapper: Vec<String>,
}

impl GatewaySettings {
    /// On `SQLite`, without a model.
    pub fn on_sqlite(binary: &Path, data: PathBuf) -> Self {
        Self {
            binary: binary.to_owned(),
            data,
            database_url: None,
            model_url: None,
            request_body_bytes_max: None,
            upstream_ca_file: None,
            intercept: None,
            wrapper: Vec::new(),
        }
    }
}

/// The proxy port, and the upstream behind it.
#[derive(Debug, Clone)]
pub struct Intercept {
    /// Where it listens.
    pub address: SocketAddr,
    /// Names of upstreams with their addresses, as in `UPSTREAM_HOSTS`.
    pub hosts: String,
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Its process.
    pub daemon: Daemon,
    /// The address it listens on.
    pub address: SocketAddr,
    /// From the start of the process to its first 200 on `/health`.
    pub start_time: Duration,
}

/// The credentials to call a gateway that is set up.
#[derive(Debug, Clone)]
pub struct Access {
    /// The dashboard's token.
    pub token: String,
    /// The service's id.
    pub service_id: i64,
    /// The key of an agent whose requests a rule allows.
    pub ruled_key: String,
    /// The key of an agent whose requests a rule holds for a human.
    pub watched_key: String,
    /// The key of an agent whose requests no rule decides.
    pub unruled_key: String,
}

impl Gateway {
    /// Starts a gateway and waits until it is healthy.
    pub async fn start(settings: &GatewaySettings) -> BenchResult<Self> {
        let address = process::free_address()?;
        let began = Instant::now();
        let daemon = Daemon::spawn(
            "gaiterguard",
            command(settings, address),
            &settings.data.join("gaiterguard.log"),
        )?;
        let mut gateway = Self {
            daemon,
            address,
            start_time: Duration::ZERO,
        };
        gateway.wait_until_healthy(began).await.map_err(|error| {
            let log = settings.data.join("gaiterguard.log");
            let log = std::fs::read_to_string(log).unwrap_or_default();
            format!("{error}\n{log}")
        })?;
        gateway.start_time = began.elapsed();
        Ok(gateway)
    }

    async fn wait_until_healthy(&mut self, began: Instant) -> BenchResult<()> {
        loop {
            if let Ok(mut client) = ApiClient::connect(self.address, None).await
                && client
                    .call(Method::GET, "/health", Value::Null)
                    .await
                    .is_ok()
            {
                return Ok(());
            }
            self.daemon.check_running()?;
            if began.elapsed() > START_TIMEOUT {
                return Err("gaiterguard does not become healthy".into());
            }
            time::sleep(Duration::from_micros(500)).await;
        }
    }

    /// Creates a user, a service with `upstream`, three agents, and rules for two of them.
    pub async fn set_up(&self, upstream: SocketAddr) -> BenchResult<Access> {
        self.set_up_at(&format!("http://{upstream}")).await
    }

    /// Sets up like [`Self::set_up`], with the base URL of the service.
    pub async fn set_up_at(&self, base_url: &str) -> BenchResult<Access> {
        let mut api = ApiClient::connect(self.address, None).await?;
        let account = json!({"email": EMAIL, "password": PASSWORD});
        api.call(Method::POST, "/auth/register", account.clone())
            .await?;
        let login = api.call(Method::POST, "/auth/login", account).await?;
        let token = text(&login, "/accessToken")?;
        api.set_token(token.clone());
        let service = json!({
            "name": SERVICE, "baseUrl": base_url, "authType": "bearer",
            "credentials": {"token": CREDENTIAL},
        });
        let service = api.call(Method::POST, "/services", service).await?;
        let service_id = service["id"].as_i64().ok_or("a service without an id")?;
        let ruled = create_agent(&mut api, "ruled", service_id).await?;
        let watched = create_agent(&mut api, "watched", service_id).await?;
        let unruled = create_agent(&mut api, "unruled", service_id).await?;
        for rule in [
            rule(
                "Forward requests of the ruled agent",
                "allow",
                &ruled,
                service_id,
            ),
            rule(
                "The watched agent needs a human",
                "require_approval",
                &watched,
                service_id,
            ),
        ] {
            api.call(Method::POST, "/rules", rule).await?;
        }
        Ok(Access {
            token,
            service_id,
            ruled_key: ruled.key,
            watched_key: watched.key,
            unruled_key: unruled.key,
        })
    }

    /// Creates rules until there are `number`, none of which applies to the requests that are measured.
    pub async fn create_rules(&self, access: &Access, number: usize) -> BenchResult<()> {
        let token = Some(access.token.clone());
        let mut api = ApiClient::connect(self.address, token).await?;
        for index in RULES..number {
            let rule = json!({
                "name": format!("Rule {index}"), "effect": "require_approval", "enabled": true,
                "service_id": access.service_id,
                "condition": format!("request.method == 'DELETE' && request.path == '/other/{index}'"),
            });
            api.call(Method::POST, "/rules", rule).await?;
        }
        Ok(())
    }

    /// Creates up to `number` further agents over `connections` connections, until `patience` is over;
    /// returns the keys of those that were created.
    pub async fn create_agents(
        &self,
        access: &Access,
        number: usize,
        connections: usize,
        patience: Duration,
    ) -> BenchResult<Vec<String>> {
        let began = Instant::now();
        let parts = (0..connections).map(|part| async move {
            let token = Some(access.token.clone());
            let mut api = ApiClient::connect(self.address, token).await?;
            let mut keys = Vec::new();
            for index in (part..number).step_by(connections) {
                if began.elapsed() > patience {
                    break;
                }
                let name = format!("worker {index}");
                keys.push(create_agent(&mut api, &name, access.service_id).await?.key);
            }
            BenchResult::Ok(keys)
        });
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }
}

fn command(settings: &GatewaySettings, address: SocketAddr) -> Command {
    let mut command = match settings.wrapper.split_first() {
        None => Command::new(&settings.binary),
        Some((wrapper, arguments)) => {
            let mut command = Command::new(wrapper);
            command.args(arguments).arg(&settings.binary);
            command
        }
    };
    // Ignore the caller's settings, both the environment and an `.env` file.
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir(&settings.data);
    command
        .env("HOST", address.ip().to_string())
        .env("PORT", address.port().to_string())
        .env("DATA_DIR", &settings.data)
        .env("JWT_SECRET", SECRET)
        .env("ENCRYPTION_SECRET", SECRET)
        .env("UPSTREAM_PRIVATE_ALLOW", "127.0.0.1/32")
        .env("MAX_PENDING_PER_AGENT", "1000000");
    if let Some(url) = &settings.database_url {
        command.env("DATABASE_URL", url);
    }
    if let Some(bytes) = settings.request_body_bytes_max {
        command.env("MAX_REQUEST_BODY_BYTES", bytes.to_string());
    }
    if let Some(file) = &settings.upstream_ca_file {
        command.env("UPSTREAM_CA_FILE", file);
    }
    if let Some(intercept) = &settings.intercept {
        command
            .env("INTERCEPT_PORT", intercept.address.port().to_string())
            .env("UPSTREAM_HOSTS", &intercept.hosts);
    }
    if let Some(url) = &settings.model_url {
        command.env("LLM_BASE_URL", url).env("LLM_API_KEY", "none");
    }
    command
}

/// Returns a rule with `effect` for requests from `agent` to the service.
fn rule(name: &str, effect: &str, agent: &Agent, service_id: i64) -> Value {
    json!({
        "name": name, "effect": effect, "enabled": true,
        "agent_id": agent.id, "service_id": service_id,
    })
}

struct Agent {
    id: i64,
    key: String,
}

async fn create_agent(api: &mut ApiClient, name: &str, service_id: i64) -> BenchResult<Agent> {
    let agent = json!({"name": name, "serviceIds": [service_id]});
    let created = api.call(Method::POST, "/agents", agent).await?;
    let id = created
        .pointer("/agent/id")
        .and_then(Value::as_i64)
        .ok_or("an agent without an id")?;
    Ok(Agent {
        id,
        key: text(&created, "/apiKey")?,
    })
}

fn text(value: &Value, pointer: &str) -> BenchResult<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| format!("no {pointer} in a response").into())
}
