//! Tests of TLS to upstreams: who is trusted, under which name, and with which protocol.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gaiterguard_upstream::{
    AmbiguousReason, NotSentReason, Outbound, Scheme, SendError, Upstream, parse_upstream_hosts,
};
use http::Method;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, generate_simple_self_signed,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::Acceptor;
use tempfile::NamedTempFile;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use crate::server::{Peer, Server, ok};
use crate::support::{get, receive, request, send, settings, upstream};

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            file,
        }
    }

    pub(crate) fn certificate_for(
        &self,
        name: &str,
    ) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (
            certificate.der().clone(),
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
    }
}

/// The clients' requests: server name and application protocols.
type Hellos = Arc<Mutex<Vec<(Option<String>, Option<Vec<u8>>)>>>;

async fn tls_server(
    certificate: (CertificateDer<'static>, PrivateKeyDer<'static>),
    alpn: &[&str],
) -> (Server, Hellos) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.0], certificate.1)
        .unwrap();
    config.alpn_protocols = alpn
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let hellos = Hellos::default();
    let server = Server::start({
        let hellos = Arc::clone(&hellos);
        move |peer, _| {
            let (acceptor, hellos) = (acceptor.clone(), Arc::clone(&hellos));
            async move {
                let Ok(stream) = acceptor.accept(peer.stream).await else {
                    return;
                };
                let session = stream.get_ref().1;
                hellos.lock().unwrap().push((
                    session.server_name().map(str::to_owned),
                    session.alpn_protocol().map(<[u8]>::to_vec),
                ));
                let mut peer = Peer {
                    stream,
                    log: peer.log,
                };
                while peer.read_request().await.is_some() {
                    peer.write(&ok("secure")).await;
                }
            }
        }
    })
    .await;
    (server, hellos)
}

pub(crate) fn trusting(authority: Option<&Authority>) -> Upstream {
    let mut settings = settings();
    settings.connect_timeout = Duration::from_secs(5);
    settings.hosts =
        parse_upstream_hosts("good.example=127.0.0.1,other.example=127.0.0.1").unwrap();
    settings.ca_file = authority.map(|authority| authority.file.path().to_owned());
    Upstream::new(settings).unwrap()
}

fn to(server: &Server, name: &str) -> Outbound {
    let mut outbound = request(server, Method::POST, "/");
    outbound.origin = server.origin_named(Scheme::Https, name);
    outbound
}

#[tokio::test]
async fn a_trusted_upstream_is_spoken_to_under_its_name_in_http_1() {
    let authority = Authority::new();
    let (server, hellos) = tls_server(
        authority.certificate_for("good.example"),
        &["h2", "http/1.1"],
    )
    .await;
    let upstream = trusting(Some(&authority));
    for _ in 0..2 {
        assert_eq!(
            receive(&upstream, to(&server, "good.example")).await,
            "secure"
        );
    }
    assert_eq!(
        *hellos.lock().unwrap(),
        [(Some("good.example".to_owned()), Some(b"http/1.1".to_vec()))]
    );
    let host = format!("\r\nHost: good.example:{}\r\n", server.address.port());
    assert!(server.requests()[0].contains(&host));
}

#[tokio::test]
async fn an_address_is_verified_as_an_address() {
    let authority = Authority::new();
    let (server, hellos) = tls_server(authority.certificate_for("127.0.0.1"), &[]).await;
    let upstream = trusting(Some(&authority));
    assert_eq!(receive(&upstream, to(&server, "127.0.0.1")).await, "secure");
    assert_eq!(*hellos.lock().unwrap(), [(None, None)]);
    assert_not_sent(&upstream, &server, "good.example").await;
}

async fn assert_not_sent(upstream: &Upstream, server: &Server, name: &str) {
    let before = server.requests().len();
    let error = send(upstream, to(server, name)).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::Tls(_))),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), before);
}

#[tokio::test]
async fn another_name_or_an_unknown_authority_gets_nothing() {
    let authority = Authority::new();
    let (server, _) = tls_server(authority.certificate_for("good.example"), &[]).await;
    assert_not_sent(&trusting(Some(&authority)), &server, "other.example").await;
    assert_not_sent(&trusting(Some(&Authority::new())), &server, "good.example").await;
    assert_not_sent(&trusting(None), &server, "good.example").await;
}

#[tokio::test]
async fn a_self_signed_upstream_gets_nothing() {
    let signed = generate_simple_self_signed(vec!["good.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let (server, _) = tls_server((signed.cert.der().clone(), key), &[]).await;
    assert_not_sent(&trusting(Some(&Authority::new())), &server, "good.example").await;
}

/// A server that speaks HTTP/2 only, and notes the authority of each request.
async fn http_2_server(authority: &Authority) -> (Server, Arc<Mutex<Vec<String>>>) {
    let (certificate, key) = authority.certificate_for("good.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let authorities = Arc::new(Mutex::new(Vec::new()));
    let server = Server::start({
        let authorities = Arc::clone(&authorities);
        move |peer, _| {
            let (acceptor, authorities) = (acceptor.clone(), Arc::clone(&authorities));
            async move {
                let Ok(stream) = acceptor.accept(peer.stream).await else {
                    return;
                };
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut response))) = connection.accept().await {
                    let asked = request.uri().authority().unwrap().to_string();
                    authorities.lock().unwrap().push(asked);
                    let head = http::Response::new(());
                    let mut body = response.send_response(head, false).unwrap();
                    body.send_data("secure".into(), true).unwrap();
                }
            }
        }
    })
    .await;
    (server, authorities)
}

#[tokio::test]
async fn an_upstream_that_speaks_only_http_2_is_spoken_to_in_http_2() {
    let authority = Authority::new();
    let (server, authorities) = http_2_server(&authority).await;
    let upstream = trusting(Some(&authority));
    for _ in 0..3 {
        let response = receive(&upstream, to(&server, "good.example")).await;
        assert_eq!(response, "secure");
    }
    let asked = format!("good.example:{}", server.address.port());
    assert_eq!(*authorities.lock().unwrap(), [&*asked; 3]);
    // One handshake offers HTTP/1.1; then the origin is known, and its connection used again.
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_web_socket_to_an_upstream_that_speaks_only_http_2_gets_nothing() {
    let authority = Authority::new();
    let (server, authorities) = http_2_server(&authority).await;
    let mut outbound = to(&server, "good.example");
    outbound.web_socket = true;
    let error = send(&trusting(Some(&authority)), outbound).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::Http2Only)),
        "{error:?}"
    );
    assert!(authorities.lock().unwrap().is_empty());
}

#[tokio::test]
async fn grpc_to_an_upstream_that_does_not_agree_to_http_2_gets_nothing() {
    let authority = Authority::new();
    for alpn in [&["http/1.1"][..], &[]] {
        let (server, _) = tls_server(authority.certificate_for("good.example"), alpn).await;
        let mut outbound = to(&server, "good.example");
        let grpc = http::HeaderValue::from_static("application/grpc+proto");
        outbound.headers.insert("content-type", grpc);
        let error = send(&trusting(Some(&authority)), outbound).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, SendError::NotSent(NotSentReason::NoHttp2)),
            "{error:?}"
        );
        assert!(server.requests().is_empty());
    }
}

/// Accepts TLS with HTTP/2 if a client offers it, and without an agreement from any other.
async fn quiet_http_2_server(authority: &Authority, response: &'static [u8]) -> Server {
    let (certificate, key) = authority.certificate_for("good.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut quiet = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let mut agreeing = quiet.clone();
    agreeing.alpn_protocols = vec![b"h2".to_vec()];
    quiet.alpn_protocols = vec![];
    let (quiet, agreeing) = (Arc::new(quiet), Arc::new(agreeing));
    Server::start(move |peer, _| {
        let (quiet, agreeing) = (Arc::clone(&quiet), Arc::clone(&agreeing));
        async move {
            let accepting = LazyConfigAcceptor::new(Acceptor::default(), peer.stream);
            let accepting = accepting.await.unwrap();
            let offers_http_2 = accepting
                .client_hello()
                .alpn()
                .is_some_and(|mut offered| offered.any(|protocol| protocol == b"h2"));
            let config = if offers_http_2 { agreeing } else { quiet };
            let stream = accepting.into_stream(config).await.unwrap();
            let log = peer.log;
            let mut peer = Peer { stream, log };
            if peer.read_request().await.is_some() {
                peer.write_bytes(response).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_upstream_that_speaks_only_http_2_is_named_however_it_breaks_the_connection() {
    let authority = Authority::new();
    for response in [
        &b""[..],
        b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64",
        b"\x15\x03",
    ] {
        let server = quiet_http_2_server(&authority, response).await;
        let upstream = trusting(Some(&authority));
        let error = send(&upstream, to(&server, "good.example")).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, SendError::Ambiguous(AmbiguousReason::Http2)),
            "{response:?}: {error:?}"
        );
        assert!(error.to_string().contains("HTTP/2"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_upstream_without_tls_that_speaks_only_http_2_is_named() {
    let settings_frame = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
    let server = Server::start(move |mut peer, _| async move {
        peer.read_request().await;
        peer.write_bytes(settings_frame).await;
        peer.closed().await;
    })
    .await;
    let error = send(&upstream(), get(&server)).await.unwrap_err();
    assert!(
        matches!(error, SendError::Ambiguous(AmbiguousReason::Http2)),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_upstream_without_tls_gets_nothing() {
    let server = Server::start(|mut peer, _| async move {
        peer.write(&ok("plain")).await;
        peer.closed().await;
    })
    .await;
    assert_not_sent(&trusting(None), &server, "good.example").await;
}

#[tokio::test]
async fn a_handshake_that_hangs_ends_with_the_connect_timeout() {
    let server = Server::start(|mut peer, _| async move { peer.closed().await }).await;
    let mut settings = settings();
    settings.connect_timeout = Duration::from_millis(300);
    // The first use reads the machine's certificates, which does not count as the handshake.
    let upstream = Upstream::new(settings).unwrap();
    let mut outbound = get(&server);
    outbound.origin = server.origin_named(Scheme::Https, "127.0.0.1");
    let error = send(&upstream, outbound).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::ConnectTimedOut)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_request_cut_off_inside_tls_is_ambiguous() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate_for("good.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start(move |peer, _| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(peer.stream).await.unwrap();
            Peer {
                stream,
                log: peer.log,
            }
            .read_request()
            .await;
        }
    })
    .await;
    let error = send(&trusting(Some(&authority)), to(&server, "good.example"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Ambiguous(AmbiguousReason::ConnectionLost(_))
        ),
        "{error:?}"
    );
}

#[test]
fn a_certificate_file_that_cannot_be_used_stops_the_start() {
    let mut empty = NamedTempFile::new().unwrap();
    empty.write_all(b"# no certificate\n").unwrap();
    let mut nonsense = NamedTempFile::new().unwrap();
    nonsense
        .write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    for path in [empty.path(), nonsense.path(), "/nowhere/ca.pem".as_ref()] {
        let mut settings = settings();
        settings.ca_file = Some(path.to_owned());
        let Err(error) = Upstream::new(settings) else {
            panic!("{}", path.display())
        };
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
    }
}
