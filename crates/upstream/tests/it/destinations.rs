//! The upstreams that are dialed, and the address that is chosen.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use gaiterguard_upstream::{
    NotSentReason, Origin, Outbound, RefusalReason, Resolution, ResolveError, Resolver, Scheme,
    SendError, Upstream, parse_private_allow, parse_upstream_hosts,
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::server::{Server, ok};
use crate::support::{get, receive, send, settings};

/// DNS as a table that a test can change.
#[derive(Clone, Default)]
struct Table {
    names: Arc<Mutex<HashMap<String, Vec<IpAddr>>>>,
    asked: Arc<AtomicUsize>,
}

impl Table {
    fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        self.names.lock().unwrap().insert(name.into(), addresses);
    }
}

impl Resolver for Table {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Resolution, ResolveError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let addresses = self.names.lock().unwrap().get(name).cloned();
            let valid_until = Instant::now() + Duration::from_secs(30);
            addresses
                .map(|addresses| Resolution {
                    addresses,
                    valid_until,
                })
                .ok_or_else(|| ResolveError {
                    name: name.into(),
                    detail: "no such name".into(),
                })
        })
    }
}

fn upstream_with(table: &Table, hosts: &str) -> Upstream {
    let mut settings = settings();
    settings.private_allow = parse_private_allow("127.0.0.0/30").unwrap();
    settings.hosts = parse_upstream_hosts(hosts).unwrap();
    Upstream::with_resolver(settings, Arc::new(table.clone())).unwrap()
}

fn to(server: &Server, name: &str) -> Outbound {
    let mut outbound = get(server);
    outbound.origin = server.origin_named(Scheme::Http, name);
    outbound
}

async fn refusal(upstream: &Upstream, origin: &Origin) -> Option<RefusalReason> {
    upstream
        .check(origin)
        .await
        .err()
        .map(|refused| refused.refused.reason)
}

#[tokio::test]
async fn refused_origins_fail_the_check_and_are_not_dialed() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    table.set("private.example", &["127.0.0.9"]);
    table.set("mixed.example", &["127.0.0.1", "10.0.0.1"]);
    table.set("metadata.example", &["169.254.169.254"]);
    let upstream = upstream_with(
        &table,
        "pinned.example=127.0.0.9,half.example=127.0.0.1,half.example=10.0.0.1",
    );
    for (host, reason) in [
        ("127.0.0.9", RefusalReason::Loopback),
        ("[::1]", RefusalReason::Loopback),
        ("[::ffff:127.0.0.9]", RefusalReason::Loopback),
        ("169.254.169.254", RefusalReason::Metadata),
        ("private.example", RefusalReason::Loopback),
        ("mixed.example", RefusalReason::Private),
        ("metadata.example", RefusalReason::Metadata),
        ("pinned.example", RefusalReason::Loopback),
        ("HALF.example", RefusalReason::Private),
    ] {
        let outbound = to(&server, host);
        assert_eq!(
            refusal(&upstream, &outbound.origin).await,
            Some(reason),
            "{host}"
        );
        let error = send(&upstream, outbound).await.unwrap_err();
        assert!(
            matches!(error, SendError::NotSent(NotSentReason::Refused(_))),
            "{host}: {error:?}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_refused_name_is_shown_with_its_other_addresses_and_the_setting() {
    let server = Server::responding(ok("ok")).await;
    let hosts = "host.docker.internal=127.0.0.1,host.docker.internal=fdc4:f303:9324::254";
    let upstream = upstream_with(&Table::default(), hosts);
    let origin = to(&server, "host.docker.internal").origin;
    let text = upstream.check(&origin).await.unwrap_err().to_string();
    for part in [
        "host.docker.internal: fdc4:f303:9324::254 is a private address",
        "also has 127.0.0.1",
        "an operator can add fdc4:f303:9324::254/128 to UPSTREAM_PRIVATE_ALLOW",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let metadata = upstream_with(&Table::default(), "m.example=169.254.169.254");
    let origin = to(&server, "m.example").origin;
    let text = metadata.check(&origin).await.unwrap_err().to_string();
    assert_eq!(
        text,
        "m.example: 169.254.169.254 is a cloud metadata address"
    );
}

#[tokio::test]
async fn a_name_with_a_final_dot_is_resolved_as_absolute_and_sent_without_it() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    table.set("api.svc.", &["127.0.0.1"]);
    let upstream = upstream_with(&table, "pinned.svc.=127.0.0.1");
    assert_eq!(receive(&upstream, to(&server, "api.svc.")).await, "ok");
    let error = send(&upstream, to(&server, "other.svc."))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("other.svc."), "{error}");
    for name in ["pinned.svc", "pinned.svc."] {
        assert_eq!(receive(&upstream, to(&server, name)).await, "ok");
    }
    let port = server.address.port();
    for (head, name) in server.requests().iter().zip(["api", "pinned", "pinned"]) {
        assert!(
            head.contains(&format!("\r\nHost: {name}.svc:{port}\r\n")),
            "{head}"
        );
    }
}

/// Listens on another loopback address with the same port, and neither accepts nor refuses: its queue is full.
async fn dead_listener(port: u16) -> (TcpListener, Vec<JoinHandle<()>>) {
    let socket = TcpSocket::new_v4().unwrap();
    let address: SocketAddr = format!("127.0.0.2:{port}").parse().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = vec![];
    for _ in 0..8 {
        waiting.push(tokio::spawn(async move {
            drop(TcpStream::connect(address).await);
            std::future::pending::<()>().await;
        }));
    }
    // The system does not report that the queue is full.
    sleep(Duration::from_millis(100)).await;
    (listener, waiting)
}

#[tokio::test]
async fn a_dead_address_costs_a_quarter_of_a_second_once() {
    let server = Server::responding_once("HTTP/1.1 200 OK\r\n\r\nok").await;
    let dead = dead_listener(server.address.port()).await;
    let hosts = "slow.example=127.0.0.2,slow.example=127.0.0.1";
    let upstream = upstream_with(&Table::default(), hosts);
    let mut times = vec![];
    for _ in 0..4 {
        let started = Instant::now();
        assert_eq!(receive(&upstream, to(&server, "slow.example")).await, "ok");
        times.push(started.elapsed());
    }
    assert!(times[0] >= Duration::from_millis(250), "{times:?}");
    assert!(times[0] < Duration::from_secs(1), "{times:?}");
    let rest: Duration = times[1..].iter().sum();
    assert!(rest < Duration::from_millis(250), "{times:?}");
    for attempt in dead.1 {
        attempt.abort();
    }
}

#[tokio::test]
async fn a_dead_address_is_still_used_if_there_is_no_other() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    table.set("api.example", &["127.0.0.2"]);
    let upstream = upstream_with(&table, "");
    // Nothing listens there yet.
    let error = send(&upstream, to(&server, "api.example"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::Connect(_))),
        "{error:?}"
    );
    let address = format!("127.0.0.2:{}", server.address.port());
    let listener = TcpListener::bind(address).await.unwrap();
    let sending = tokio::spawn(async move { send(&upstream, to(&server, "api.example")).await });
    listener.accept().await.unwrap();
    sending.abort();
}

#[tokio::test]
async fn own_listeners_are_refused_by_name_and_by_address() {
    let server = Server::responding(ok("ok")).await;
    let mut settings = settings();
    settings.own_listeners = vec![
        format!("0.0.0.0:{}", server.address.port())
            .parse()
            .unwrap(),
    ];
    settings.hosts = parse_upstream_hosts("me.example=127.0.0.1").unwrap();
    let upstream = Upstream::new(settings).unwrap();
    for host in [
        "127.0.0.1",
        "127.0.0.2",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "me.example",
        "0.0.0.0",
    ] {
        let outbound = to(&server, host);
        let reason = refusal(&upstream, &outbound.origin).await;
        assert_eq!(reason, Some(RefusalReason::OwnListener), "{host}");
        assert!(
            !send(&upstream, outbound)
                .await
                .unwrap_err()
                .may_have_been_sent()
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_operators_pairs_precede_dns_and_may_repeat() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    // Nothing listens at the first address, so the second is tried.
    let upstream = upstream_with(&table, "api.example=127.0.0.2,api.example=127.0.0.1");
    assert_eq!(receive(&upstream, to(&server, "api.example")).await, "ok");
    assert_eq!(table.asked.load(Ordering::SeqCst), 0);
    let head = &server.requests()[0];
    let host = format!("\r\nHost: api.example:{}\r\n", server.address.port());
    assert!(head.contains(&host), "{head}");
}

#[tokio::test]
async fn a_name_is_resolved_once_while_the_result_is_valid() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    table.set("api.example", &["127.0.0.1"]);
    let upstream = upstream_with(&table, "");
    let origin = server.origin_named(Scheme::Http, "api.example");
    assert_eq!(refusal(&upstream, &origin).await, None);
    // The name changes to another address after the check, which does not matter.
    table.set("api.example", &["127.0.0.9"]);
    assert_eq!(receive(&upstream, to(&server, "api.example")).await, "ok");
    assert_eq!(refusal(&upstream, &origin).await, None);
    assert_eq!(table.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_refused_but_not_sent_to() {
    let server = Server::responding(ok("ok")).await;
    let table = Table::default();
    table.set("empty.example", &[]);
    let upstream = upstream_with(&table, "");
    for name in ["nowhere.example", "empty.example"] {
        let outbound = to(&server, name);
        assert_eq!(refusal(&upstream, &outbound.origin).await, None);
        let error = send(&upstream, outbound).await.unwrap_err();
        assert!(
            matches!(error, SendError::NotSent(NotSentReason::Resolve(_))),
            "{error:?}"
        );
    }
    // A failure is not remembered.
    table.set("nowhere.example", &["127.0.0.1"]);
    assert_eq!(
        receive(&upstream, to(&server, "nowhere.example")).await,
        "ok"
    );
}

#[tokio::test]
async fn the_system_resolver_knows_the_names_of_this_machine() {
    let server = Server::responding(ok("ok")).await;
    let mut settings = settings();
    settings.private_allow = vec![];
    let upstream = Upstream::new(settings).unwrap();
    let outbound = to(&server, "localhost");
    assert_eq!(
        refusal(&upstream, &outbound.origin).await,
        Some(RefusalReason::Loopback)
    );
    assert!(
        !send(&upstream, outbound)
            .await
            .unwrap_err()
            .may_have_been_sent()
    );
}

#[test]
fn pairs_are_parsed_strictly() {
    let pair = |name: &str, address: &str| (name.to_owned(), address.parse().unwrap());
    assert_eq!(
        parse_upstream_hosts(" API.example = 127.0.0.1,api.example=::1,, b.example.=[fd00::1]"),
        Ok(vec![
            pair("api.example", "127.0.0.1"),
            pair("api.example", "::1"),
            pair("b.example", "fd00::1"),
        ])
    );
    assert_eq!(parse_upstream_hosts(""), Ok(vec![]));
    for bad in [
        "api.example",
        "=1.2.3.4",
        "a=",
        "a=b",
        "a=127.1",
        "1.2.3.4=1.2.3.4",
        "a b=1.2.3.4",
    ] {
        let list = format!("api.example=1.2.3.4, {bad} ,b.example=::1");
        assert_eq!(parse_upstream_hosts(&list).unwrap_err(), bad);
    }
}
