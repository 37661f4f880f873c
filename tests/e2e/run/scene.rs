//! A gateway with a proxy port, an agent, and upstreams that have names and the usual ports: the gateway reaches
//! them through a proxy of the test, which leads every name to one of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use gaiterguard_testkit::{Agent, EchoUpstream, Human, Service, Storage, TestGateway};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// The credential of every service.
pub(super) const CREDENTIAL: &str = "credential-of-the-service-6d10";

/// The hosts of the services. The addresses are those of nobody's own network, and nothing is sent to them.
const HOSTS: &str = "things.example=8.8.8.8,api.openai.com=8.8.8.8,github.example=8.8.8.8";

/// A request as the gateway recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The user name of the proxy's URL.
    pub(super) label: String,
    /// Scheme, host, and path.
    pub(super) url: String,
}

/// A gateway and its upstreams. Dropping it ends them.
pub(super) struct RunScene {
    pub(super) gateway: TestGateway,
    pub(super) human: Human,
    pub(super) agent: Agent,
    /// The upstream of `https` URLs.
    pub(super) secure: EchoUpstream,
    /// The certificate of the gateway's authority.
    pub(super) authority: String,
    /// The proxy port.
    pub(super) proxy: SocketAddr,
    leading: AbortHandle,
    _plain: EchoUpstream,
}

impl RunScene {
    /// Starts a gateway whose agent may use every service, and everything is allowed.
    pub(super) async fn new() -> Self {
        let plain = EchoUpstream::start().await;
        let address = plain.address();
        Self::with_plain(plain, address).await
    }

    /// Starts the same with another upstream of `http` URLs.
    pub(super) async fn with_plain(kept: EchoUpstream, plain: SocketAddr) -> Self {
        Self::start(kept, plain, None).await
    }

    /// Starts the same with another upstream of `https` URLs, whose certificate is in a file.
    pub(super) async fn with_secure(secure: SocketAddr, certificate: &Path) -> Self {
        let plain = EchoUpstream::start().await;
        let address = plain.address();
        Self::start(plain, address, Some((secure, certificate))).await
    }

    async fn start(
        kept: EchoUpstream,
        plain: SocketAddr,
        other: Option<(SocketAddr, &Path)>,
    ) -> Self {
        let names = ["things.example", "api.openai.com", "github.example"];
        let secure = EchoUpstream::start_with_tls(&names).await;
        let certificate = secure.certificate_file();
        let (secure_address, certificate) =
            other.unwrap_or_else(|| (secure.address(), &certificate));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let leads = listener.local_addr().unwrap();
        let leading = tokio::spawn(lead(listener, secure_address, plain)).abort_handle();
        let gateway = TestGateway::builder(Storage::Sqlite)
            .intercept_port()
            .setting("UPSTREAM_HOSTS", HOSTS)
            .setting("UPSTREAM_PROXY", format!("http://{leads}"))
            .setting("UPSTREAM_CA_FILE", certificate.display())
            .start()
            .await;
        let human = Human::register(&gateway).await;
        let mut services = vec![];
        for (name, url) in [
            ("things", "https://things.example"),
            ("plain things", "http://things.example"),
            ("openai", "https://api.openai.com/v1"),
            ("github", "https://github.example/api/v3"),
        ] {
            let service = human.create_bearer_service(name, url, CREDENTIAL);
            services.push(service.await);
        }
        let services: Vec<&Service> = services.iter().collect();
        let agent = human.create_agent("runner", &services).await;
        let rule = json!({"name": "Everything", "effect": "allow", "enabled": true});
        human.create_rule(rule).await;
        let authority = gateway.client().get("/ca.pem").send().await.text();
        Self {
            proxy: gateway.intercept_address(),
            gateway,
            human,
            agent,
            secure,
            authority,
            leading,
            _plain: kept,
        }
    }

    /// Returns `gaiterguard run` with these arguments, for this gateway.
    pub(super) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = self.gateway.command(&["run"]);
        command
            .args(arguments)
            .env("GAITERGUARD_URL", self.gateway.url())
            .env("GAITERGUARD_AGENT_KEY", &self.agent.key);
        command
    }

    /// Returns the requests that the gateway has recorded, oldest first. Panics if one reached the upstream
    /// without the credential, or with the agent key.
    pub(super) async fn arrived(&self) -> Vec<Arrived> {
        for request in self.secure.received() {
            let bearer = format!("Bearer {CREDENTIAL}");
            assert_eq!(request.header("authorization"), Some(bearer.as_str()));
            assert!(!format!("{request:?}").contains(&self.agent.key));
        }
        let requests = self.human.read("/requests?limit=100").await;
        let requests = requests["items"].as_array().unwrap().iter().rev();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        requests
            .map(|request| Arrived {
                label: text(&request["label"]),
                url: text(&request["target_url"]),
            })
            .collect()
    }
}

impl Drop for RunScene {
    fn drop(&mut self) {
        self.leading.abort();
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

/// Opens the tunnels of the gateway: those to the port of HTTPS lead to one upstream, all others to the other.
async fn lead(listener: TcpListener, secure: SocketAddr, plain: SocketAddr) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut connection = BufReader::new(connection);
            let mut head = String::new();
            while connection.read_line(&mut head).await.ok()? > 2 {}
            let target = head.split(' ').nth(1)?;
            let address = if target.ends_with(":443") {
                secure
            } else {
                plain
            };
            let mut upstream = TcpStream::connect(address).await.ok()?;
            let opened = b"HTTP/1.1 200 Connection established\r\n\r\n";
            connection.write_all(opened).await.ok()?;
            copy_bidirectional(&mut connection, &mut upstream)
                .await
                .ok()
        });
    }
}
