//! Tests of the system resolver with our own DNS server.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_domain::target::BaseUrl;
use gaiterguard_testkit::{EchoUpstream, Reply};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{SystemResolver, parse_upstream_hosts};
use crate::{
    NotSentReason, Origin, Outbound, OutboundBody, PoolKey, RefusalReason, SendError, SendOptions,
    Upstream, UpstreamSettings, parse_private_allow,
};

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

fn origin(url: &str) -> Origin {
    BaseUrl::parse(url).unwrap().origin().into()
}

struct DnsServer {
    address: SocketAddr,
    queries: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl DnsServer {
    /// Responds to every name with these addresses, each valid for a minute; without addresses, that the
    /// name does not exist.
    async fn start(addresses: &[&str]) -> Self {
        let addresses: Vec<IpAddr> = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let queries = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&queries);
        let task = tokio::spawn(async move {
            let mut query = [0; 512];
            loop {
                let (length, client) = socket.recv_from(&mut query).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let reply = reply(&query[..length], &addresses);
                socket.send_to(&reply, client).await.unwrap();
            }
        });
        Self {
            address,
            queries,
            task,
        }
    }

    fn resolver(&self) -> SystemResolver {
        let mut connection = ConnectionConfig::udp();
        connection.port = self.address.port();
        let mut server = NameServerConfig::udp(self.address.ip());
        server.connections = vec![connection];
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let provider = TokioRuntimeProvider::default();
        SystemResolver::from_builder(Ok(TokioResolver::builder_with_config(config, provider)))
    }

    fn upstream(&self) -> Upstream {
        Upstream::with_resolver(settings(), Arc::new(self.resolver())).unwrap()
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Builds a response: the question, and the addresses of the requested type.
fn reply(query: &[u8], addresses: &[IpAddr]) -> Vec<u8> {
    let name_length = query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let question = &query[12..12 + name_length + 4];
    let kind = u16::from_be_bytes([question[name_length], question[name_length + 1]]);
    let records: Vec<Vec<u8>> = addresses
        .iter()
        .filter_map(|address| match address {
            IpAddr::V4(address) if kind == TYPE_A => Some(address.octets().to_vec()),
            IpAddr::V6(address) if kind == TYPE_AAAA => Some(address.octets().to_vec()),
            _ => None,
        })
        .collect();
    let no_such_name = if addresses.is_empty() { 3 } else { 0 };
    let mut reply = query[..2].to_vec();
    reply.extend([
        0x81,
        0x80 | no_such_name,
        0,
        1,
        0,
        u8::try_from(records.len()).unwrap(),
    ]);
    reply.extend([0, 0, 0, 0]);
    reply.extend(question);
    for record in records {
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 60]);
        reply.extend(u16::try_from(record.len()).unwrap().to_be_bytes());
        reply.extend(record);
    }
    reply
}

fn settings() -> UpstreamSettings {
    let limit = Duration::from_secs(10);
    UpstreamSettings {
        connect_timeout: limit,
        first_byte_timeout: limit,
        idle_timeout: limit,
        private_allow: parse_private_allow("127.0.0.0/8,::1/128").unwrap(),
        hosts: vec![],
        proxy: None,
        ca_file: None,
        own_listeners: vec![],
    }
}

async fn server() -> EchoUpstream {
    let server = EchoUpstream::start().await;
    server.on("/", Reply::text("ok"));
    server
}

/// Builds a GET to a server under this name.
fn to(server: &EchoUpstream, name: &str) -> Outbound {
    Outbound {
        pool: PoolKey {
            service_id: 1,
            target_version: 1,
        },
        origin: origin(&format!("http://{name}:{}", server.address().port())),
        method: Method::GET,
        path_and_query: "/".parse().unwrap(),
        headers: HeaderMap::new(),
        web_socket: false,
        body: OutboundBody::Empty,
        options: SendOptions::default(),
    }
}

/// Sends a request and returns the body of the response.
async fn receive(upstream: &Upstream, outbound: Outbound) -> Result<Vec<u8>, SendError> {
    let response = upstream.send(outbound, &CancellationToken::new()).await?;
    let body = response.body.collect().await.unwrap();
    Ok(body.to_bytes().to_vec())
}

#[tokio::test]
async fn a_name_is_resolved_once_and_dialed() {
    let server = server().await;
    let dns = DnsServer::start(&["127.0.0.1"]).await;
    let upstream = dns.upstream();
    for target_version in 0..3 {
        let mut outbound = to(&server, "api.example.com");
        outbound.pool.target_version = target_version;
        assert!(upstream.check(&outbound.origin).await.is_ok());
        assert_eq!(receive(&upstream, outbound).await.unwrap(), b"ok");
    }
    assert_eq!(server.connections(), 3);
    // One for each family.
    assert_eq!(dns.queries.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_address_of_either_family_refuses_the_name() {
    for addresses in [&["127.0.0.1", "fd00::1"], &["127.0.0.1", "10.0.0.1"]] {
        let dns = DnsServer::start(addresses).await;
        let origin = origin("https://api.example.com");
        let refused = dns.upstream().check(&origin).await.unwrap_err();
        assert_eq!(refused.refused.reason, RefusalReason::Private);
        assert_eq!(refused.host, "api.example.com");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_cannot_be_sent_to() {
    let server = server().await;
    let dns = DnsServer::start(&[]).await;
    let error = receive(&dns.upstream(), to(&server, "nowhere.example.com"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::Resolve(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn without_dns_settings_only_pairs_and_addresses_can_be_dialed() {
    let server = server().await;
    let unreadable = NetError::from("no resolv.conf");
    let resolver = SystemResolver::from_builder(Err(unreadable));
    let mut settings = settings();
    settings.hosts = parse_upstream_hosts("api.example=127.0.0.1").unwrap();
    let upstream = Upstream::with_resolver(settings, Arc::new(resolver)).unwrap();
    let named = receive(&upstream, to(&server, "api.example")).await;
    assert_eq!(named.unwrap(), b"ok");
    let by_address = receive(&upstream, to(&server, "127.0.0.1")).await;
    assert_eq!(by_address.unwrap(), b"ok");
    let error = receive(&upstream, to(&server, "other.example"))
        .await
        .unwrap_err();
    let SendError::NotSent(NotSentReason::Resolve(error)) = error else {
        panic!("{error:?}")
    };
    assert!(error.to_string().contains("no resolv.conf"), "{error}");
}
