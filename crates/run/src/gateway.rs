//! The gateway before the program starts: its authority, its forward proxy, and the agent's services.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use gaiterguard_client::AgentClient;
use gaiterguard_environment::{Source, Variable, read};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::authority;
use crate::proxy::Proxy;

/// Time limit of a call. None of them waits for an upstream.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Time limit for connecting to the proxy. A gateway that is there accepts within milliseconds; ten seconds allow
/// for lost packets.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The variables that only this command reads.
#[derive(Debug, Args)]
struct RunVariables {
    /// URL of the gateway's forward proxy, which listens on `INTERCEPT_PORT`. Without it, the host of
    /// `GAITERGUARD_URL` is used with the port that the gateway names.
    #[arg(env = "GAITERGUARD_PROXY_URL", hide_env_values = true, value_parser = Proxy::parse)]
    proxy: Option<Proxy>,
}

/// Returns the variables that the command reads.
pub fn variables() -> Vec<Variable> {
    let mut variables = gaiterguard_client::variables();
    variables.extend(gaiterguard_environment::variables::<RunVariables>());
    variables
}

/// A gateway with a forward proxy.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// The certificates of its authority.
    pub(crate) authority: Vec<CertificateDer<'static>>,
    /// The forward proxy.
    pub(crate) proxy: Proxy,
    /// The hosts of the services that the agent may use.
    pub(crate) hosts: Vec<String>,
}

impl Gateway {
    /// Asks the gateway, and checks that its proxy accepts connections.
    ///
    /// # Errors
    ///
    /// One line for the user.
    pub(crate) async fn ask(client: &AgentClient) -> Result<Self, String> {
        let source = Source::read(Path::new("."));
        let variables = source.and_then(|source| read::<RunVariables>(&source));
        let RunVariables { proxy } = variables.map_err(|error| error.to_string())?;
        let (authority, named) = authority_and_proxy(client).await?;
        let proxy = proxy.or(named).ok_or(
            "the gateway does not name the port of its forward proxy: set GAITERGUARD_PROXY_URL, for example to \
             http://127.0.0.1:3001",
        )?;
        reach(&proxy).await?;
        Ok(Self {
            authority,
            proxy,
            hosts: hosts_of_services(client).await?,
        })
    }
}

/// Returns the certificates of the gateway's authority, and the proxy on the port that the gateway names.
async fn authority_and_proxy(
    client: &AgentClient,
) -> Result<(Vec<CertificateDer<'static>>, Option<Proxy>), String> {
    let url = client.shown_url();
    let call = client.http.get(format!("{}/ca.pem", client.url));
    let (status, headers, body) = send(client, call).await?;
    match status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(format!(
                "the gateway at {url} has no forward proxy: set INTERCEPT_PORT in its settings"
            ));
        }
        status => return Err(format!("{url}/ca.pem returned {status}")),
    }
    let authority = authority::read(&body)
        .map_err(|reason| format!("{url}/ca.pem is not a certificate authority: {reason}"))?;
    let port = headers.get("x-intercept-port");
    let port = port.and_then(|port| port.to_str().ok()?.parse().ok());
    let proxy = port.and_then(|port| Proxy::next_to(&client.url, port));
    Ok((authority, proxy))
}

async fn reach(proxy: &Proxy) -> Result<(), String> {
    let address = proxy.address();
    let connecting = TcpStream::connect(&address);
    let reason = match tokio::time::timeout(CONNECT_LIMIT, connecting).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no connection within {} seconds", CONNECT_LIMIT.as_secs()),
    };
    Err(format!(
        "cannot reach the forward proxy at {address}: {reason}. Check GAITERGUARD_PROXY_URL and the gateway's \
         INTERCEPT_PORT"
    ))
}

/// Returns the hosts of the agent's services, from the MCP tool that lists them.
async fn hosts_of_services(client: &AgentClient) -> Result<Vec<String>, String> {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "list_services", "arguments": {}},
    });
    let call = client.http.post(format!("{}/mcp", client.url));
    let call = call
        .header("Agent-Key", client.key.clone())
        .header("Accept", "application/json, text/event-stream")
        .header("Content-Type", "application/json")
        .body(message.to_string());
    let (_, _, body) = send(client, call).await?;
    let response: Value = serde_json::from_slice(&body).unwrap_or_default();
    let result = &response["result"]["structuredContent"];
    if let Some(services) = result["services"].as_array() {
        return Ok(services.iter().filter_map(host).collect());
    }
    // The problem is the response itself or, if only the tool failed, its result.
    let details = [&response["detail"], &result["detail"]];
    let detail = details.iter().find_map(|detail| detail.as_str());
    Err(format!(
        "the gateway does not list the agent's services: {}",
        detail.unwrap_or("the server at this URL is not a GaiterGuard gateway")
    ))
}

fn host(service: &Value) -> Option<String> {
    let url = Url::parse(service["base_url"].as_str()?).ok()?;
    url.host_str().map(str::to_owned)
}

async fn send(
    client: &AgentClient,
    call: RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), String> {
    let response = async {
        let mut response = call.timeout(CALL_LIMIT).send().await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok((status, headers, response.bytes().await?.to_vec()))
    };
    response.await.map_err(|error| client.describe(error))
}
