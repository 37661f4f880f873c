//! A server with the two sides of the gateway that `gaiterguard run` depends on: the port on which it asks for
//! the authority and the services, and the forward proxy, which ends TLS with certificates of that authority.
//! It shows what a program sent, which the gateway would first decide about.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::{EchoUpstream, Reply, Storage, TestGateway};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// The agent key that the server accepts.
pub(super) const KEY: &str = "agt_5f1d0c4be7a9836255aa10fe93c7d2484b6e0f7a91d35c28e4b7f60a1c9d8e37";

/// A request that arrived at the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The user name of the proxy's URL.
    pub(super) label: String,
    /// Scheme, host, and path.
    pub(super) url: String,
}

struct Shared {
    issuer: Issuer<'static, KeyPair>,
    arrived: Mutex<Vec<Arrived>>,
}

/// The server. Dropping it ends it.
pub(super) struct TestProxy {
    /// The port of the API.
    pub(super) api: EchoUpstream,
    /// The proxy.
    pub(super) proxy: SocketAddr,
    /// The authority's certificate.
    pub(super) authority: String,
    shared: Arc<Shared>,
    accepting: AbortHandle,
    /// The binary with a folder of its own. It is never started as a gateway.
    binary: TestGateway,
}

impl TestProxy {
    /// Starts both sides, for an agent that may use no service.
    pub(super) async fn start() -> Self {
        let mut parameters = CertificateParams::default();
        let name = "Authority of a test";
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let authority = parameters.self_signed(&key).unwrap().pem();
        let shared = Arc::new(Shared {
            issuer: Issuer::new(parameters, key),
            arrived: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = listener.local_addr().unwrap();
        let api = EchoUpstream::start().await;
        let certificate = Reply::text(authority.clone());
        let port = proxy.port().to_string();
        api.on("/ca.pem", certificate.header("X-Intercept-Port", &port));
        let gateway = Self {
            api,
            proxy,
            authority,
            accepting: tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle(),
            shared,
            binary: TestGateway::builder(Storage::Sqlite).prepare().await,
        };
        gateway.list_services(&json!({
            "jsonrpc": "2.0", "id": 1, "result": {"structuredContent": {"services": []}},
        }));
        gateway
    }

    /// Sets the response to the call that lists the agent's services.
    pub(super) fn list_services(&self, response: &Value) {
        let response = response.clone();
        self.api.on_request("/mcp", move |request| {
            if request.header("agent-key") == Some(KEY) {
                Reply::json(response.clone())
            } else {
                Reply::status(401).body(r#"{"detail": "the agent key is unknown"}"#)
            }
        });
    }

    /// Returns `gaiterguard run` with these arguments, for this gateway.
    pub(super) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = self.binary.command(&["run"]);
        command
            .args(arguments)
            .env("GAITERGUARD_URL", self.api.url())
            .env("GAITERGUARD_AGENT_KEY", KEY);
        command
    }

    /// Returns the requests that have arrived at the proxy.
    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.shared
            .arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Returns a command that starts another, in its folder and with its environment alone.
pub(super) fn wrapped(wrapper: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(wrapper[0]);
    outer.args(&wrapper[1..]).env_clear();
    outer.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        outer.envs(value.map(|value| (name, value)));
    }
    outer
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(connection, Arc::clone(&shared)));
    }
}

/// Serves a connection of the proxy. Errors are those of the program that the test observes.
async fn serve(connection: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let head = read_head(&mut connection).await?;
        let Some(label) = label(&head) else {
            let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
                Proxy-Authenticate: Basic realm=\"gaiterguard\"\r\nContent-Length: 0\r\n\r\n";
            connection.write_all(refused).await.ok()?;
            continue;
        };
        let (method, target) = head.lines().next()?.split_once(' ')?;
        let target = target.split(' ').next()?;
        if method != "CONNECT" {
            respond(&mut connection, &shared, &label, target.to_owned()).await?;
            continue;
        }
        let host = target.strip_suffix(":443")?;
        connection
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await
            .ok()?;
        let acceptor = acceptor(&shared, host);
        let mut inside = BufReader::new(acceptor.accept(connection).await.ok()?);
        loop {
            let head = read_head(&mut inside).await?;
            let path = head.split(' ').nth(1)?;
            respond(
                &mut inside,
                &shared,
                &label,
                format!("https://{host}{path}"),
            )
            .await?;
        }
    }
}

fn acceptor(shared: &Shared, host: &str) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new([host.to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, &shared.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(settings))
}

/// Records a request and responds with its URL.
async fn respond(
    connection: &mut (impl AsyncWrite + Unpin),
    shared: &Shared,
    label: &str,
    url: String,
) -> Option<()> {
    let body = format!("arrived: {url}\n");
    let arrived = Arrived {
        label: label.to_owned(),
        url,
    };
    shared
        .arrived
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(arrived);
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(response.as_bytes()).await.ok()?;
    connection.flush().await.ok()
}

/// Returns the head of a request without a body.
async fn read_head(reader: &mut BufReader<impl AsyncRead + Unpin>) -> Option<String> {
    let mut head = String::new();
    while reader.read_line(&mut head).await.ok()? > 2 {}
    head.ends_with("\r\n\r\n").then_some(head)
}

/// Returns the label of a request whose password is the agent key.
fn label(head: &str) -> Option<String> {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then_some(value)
    });
    let credential = STANDARD.decode(value?.strip_prefix("Basic ")?).ok()?;
    let credential = String::from_utf8(credential).ok()?;
    let (label, key) = credential.split_once(':')?;
    (key == KEY).then(|| label.to_owned())
}
