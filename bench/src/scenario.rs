//! The scenarios: each one is a row of the table, with a target and a process to measure.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use serde_json::json;

use crate::{
    BenchResult,
    load::{Accounted, RequestMaker, Target},
    upstream::{CREDENTIAL, RESOURCE_PATH},
};

/// One row of the table.
#[derive(Clone)]
pub struct Scenario {
    /// Its name in the table; the goals refer to rows by name.
    pub name: &'static str,
    /// The target and the requests for it.
    pub target: Target,
    /// The process whose processor time is measured.
    pub accounted: Accounted,
}

/// The names of the rows that goals refer to.
pub mod name {
    /// Straight to the upstream.
    pub const DIRECT: &str = "direct";
    /// nginx.
    pub const NGINX: &str = "nginx, 1 worker, adds the header";
    /// The plain pass-through.
    pub const HYPER: &str = "minimal hyper pass-through, 2 threads";
    /// A safe method through `POST /proxy`.
    pub const GET: &str = "GaiterGuard GET, decided by rules, SQLite";
    /// The same on PostgreSQL.
    pub const GET_POSTGRES: &str = "GaiterGuard GET, decided by rules, PostgreSQL";
    /// An unsafe method with a key of its own each time.
    pub const POST: &str = "GaiterGuard POST, fresh key, durable, SQLite";
    /// The same on PostgreSQL.
    pub const POST_POSTGRES: &str = "GaiterGuard POST, fresh key, durable, PostgreSQL";
    /// The same key again and again.
    pub const REPLAY: &str = "GaiterGuard replay of a key, SQLite";
    /// A safe method to an upstream with TLS.
    pub const GET_TLS: &str = "GaiterGuard GET, decided by rules, TLS upstream, SQLite";
    /// A safe method to an upstream with TLS that chooses HTTP/2.
    pub const GET_HTTP_2: &str = "GaiterGuard GET, decided by rules, HTTP/2 upstream, SQLite";
    /// An unsafe method with a long body of JSON.
    pub const POST_LONG: &str = "GaiterGuard POST, fresh key, 100 KB of JSON, SQLite";
    /// The door for unmodified SDKs.
    pub const DOOR: &str = "GaiterGuard GET on /s/…, SQLite";
    /// Rows into `SQLite`.
    pub const RAW_SQLITE: &str = "raw durable rows, SQLite FULL, group commit";
    /// Rows into PostgreSQL.
    pub const RAW_POSTGRES: &str = "raw durable rows, PostgreSQL, batches on 2 connections";
}

/// The service's name in the gateway.
pub const SERVICE: &str = "stub";

/// How many records the long body has, which make it about 100 KB long.
const LONG_RECORDS: usize = 490;

const INTENT: &str = "Read one resource to reply to the customer's question about it";

/// A plain GET, as an ordinary client sends it, with the credential if `with_credential`.
pub fn plain_get(address: SocketAddr, with_credential: bool) -> BenchResult<Target> {
    let host = HeaderValue::try_from(address.to_string())?;
    let credential = HeaderValue::try_from(format!("Bearer {CREDENTIAL}"))?;
    let request: Arc<RequestMaker> = Arc::new(move |_, _| {
        let mut request = request(Method::GET, RESOURCE_PATH, Bytes::new());
        let headers = request.headers_mut();
        headers.insert(header::HOST, host.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if with_credential {
            headers.insert(header::AUTHORIZATION, credential.clone());
        }
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: None,
    })
}

/// `POST /proxy` with a GET in it.
pub fn proxied_get(address: SocketAddr, agent_keys: Vec<String>) -> BenchResult<Target> {
    let body = json!({
        "service": SERVICE, "method": "GET", "path": RESOURCE_PATH,
        "headers": {"Accept": "application/json"}, "intent": INTENT,
    });
    let body = Bytes::from(body.to_string());
    let headers = ProxyHeaders::new(address, agent_keys)?;
    let request: Arc<RequestMaker> = Arc::new(move |connection, number| {
        let mut request = request(Method::POST, "/proxy", body.clone());
        headers.insert_into(&mut request, connection, number);
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: Some("forwarded"),
    })
}

/// `POST /proxy` with a POST in it and an idempotency key that was never used before.
pub fn proxied_post(address: SocketAddr, agent_key: String, run: &str) -> BenchResult<Target> {
    keyed_post(address, agent_key, run, post_body())
}

/// The same with a body of about 100 KB of JSON.
pub fn proxied_long_post(address: SocketAddr, agent_key: String, run: &str) -> BenchResult<Target> {
    keyed_post(address, agent_key, &format!("{run}-long"), long_post_body())
}

fn keyed_post(
    address: SocketAddr,
    agent_key: String,
    run: &str,
    body: String,
) -> BenchResult<Target> {
    let body = Bytes::from(body);
    let headers = ProxyHeaders::new(address, vec![agent_key])?;
    let run = run.to_owned();
    let sequence = AtomicU64::new(0);
    let request: Arc<RequestMaker> = Arc::new(move |connection, number| {
        let mut request = request(Method::POST, "/proxy", body.clone());
        headers.insert_into(&mut request, connection, number);
        let key = format!("{run}-{}", sequence.fetch_add(1, Ordering::Relaxed));
        insert_key(&mut request, &key);
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: Some("forwarded"),
    })
}

/// The same with one key per connection. The first response is made while warming up.
pub fn replayed_post(address: SocketAddr, agent_key: String, run: &str) -> BenchResult<Target> {
    let body = Bytes::from(post_body());
    let headers = ProxyHeaders::new(address, vec![agent_key])?;
    let run = run.to_owned();
    let request: Arc<RequestMaker> = Arc::new(move |connection, number| {
        let mut request = request(Method::POST, "/proxy", body.clone());
        headers.insert_into(&mut request, connection, number);
        insert_key(&mut request, &format!("{run}-replay-{connection}"));
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: Some("replayed"),
    })
}

/// A GET on the door for unmodified SDKs, the agent's key as its API key.
pub fn door_get(address: SocketAddr, agent_key: &str, path: &str) -> BenchResult<Target> {
    let uri = format!("/s/{SERVICE}{path}");
    let host = HeaderValue::try_from(address.to_string())?;
    let key = HeaderValue::try_from(format!("Bearer {agent_key}"))?;
    let request: Arc<RequestMaker> = Arc::new(move |_, _| {
        let mut request = request(Method::GET, &uri, Bytes::new());
        let headers = request.headers_mut();
        headers.insert(header::HOST, host.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::AUTHORIZATION, key.clone());
        headers.insert("x-agent-intent", HeaderValue::from_static(INTENT));
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: Some("forwarded"),
    })
}

fn post_body() -> String {
    json!({
        "service": SERVICE, "method": "POST", "path": RESOURCE_PATH,
        "headers": {"Content-Type": "application/json"},
        "body": {"amount": 500, "currency": "usd", "customer": "cus_123"},
        "intent": "Charge customer $5 for subscription renewal",
    })
    .to_string()
}

/// A list of records, as bulk imports send it: [`LONG_RECORDS`] of about 200 bytes.
fn long_post_body() -> String {
    let records: Vec<_> = (0..LONG_RECORDS)
        .map(|number| {
            json!({
                "id": format!("rec_{number:06}"), "amount": 100 + number, "currency": "usd",
                "customer": format!("cus_{:05}", number * 7), "active": number % 2 == 0,
                "description": "Imported from the previous system, without changes to its fields",
                "tags": ["import", "batch", "2026"],
            })
        })
        .collect();
    json!({
        "service": SERVICE, "method": "POST", "path": RESOURCE_PATH,
        "headers": {"Content-Type": "application/json"},
        "body": {"records": records},
        "intent": "Import the records of the previous system",
    })
    .to_string()
}

fn request(method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

fn insert_key(request: &mut Request<Full<Bytes>>, key: &str) {
    if let Ok(value) = HeaderValue::from_str(key) {
        request.headers_mut().insert("idempotency-key", value);
    }
}

/// Returns the headers of a request on `POST /proxy`, using the agents' keys in turn.
struct ProxyHeaders {
    host: HeaderValue,
    agent_keys: Vec<HeaderValue>,
}

impl ProxyHeaders {
    fn new(address: SocketAddr, agent_keys: Vec<String>) -> BenchResult<Self> {
        let agent_keys: Result<Vec<_>, _> =
            agent_keys.into_iter().map(HeaderValue::try_from).collect();
        Ok(Self {
            host: HeaderValue::try_from(address.to_string())?,
            agent_keys: agent_keys?,
        })
    }

    fn insert_into(&self, request: &mut Request<Full<Bytes>>, connection: usize, number: u64) {
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        // A stride that is coprime to the number of keys takes each connection through all of them.
        let turn = connection.wrapping_add(usize::try_from(number).unwrap_or(0).wrapping_mul(257));
        headers.insert(
            "agent-key",
            self.agent_keys[turn % self.agent_keys.len()].clone(),
        );
    }
}
