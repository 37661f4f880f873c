//! Tests of upstreams that may choose between HTTP/2 and HTTP/1.1: which requests share a connection, and which have
//! one to themselves.

mod again;
mod broken;
mod connections;
mod flow;
mod messages;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gaiterguard_upstream::{Outbound, Scheme, Upstream};
use http::{Method, Request};
use rustls::ServerConfig;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::http2::{Call, echo};
use crate::server::{Peer, Server, ok};
use crate::support::request;
use crate::tls::{Authority, trusting};

/// A request that a server has read.
#[derive(Clone, Debug)]
struct Seen {
    connection: usize,
    is_http_2: bool,
    head: Request<()>,
}

/// A server with TLS whose name is `good.example`.
struct Both {
    server: Server,
    authority: Authority,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// The most requests that a connection served at a time.
    most: Arc<Mutex<HashMap<usize, usize>>>,
}

impl Both {
    /// Serves each stream in HTTP/2 with `serve`, and each request in HTTP/1.1 with 200 after a short time.
    async fn start<F>(
        alpn: &[&str],
        serve: impl Fn(usize, Call) -> F + Send + Sync + Clone + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::new();
        let acceptor = acceptor(&authority, alpn);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let most = Arc::new(Mutex::new(HashMap::new()));
        let server = Server::start({
            let (seen, most) = (Arc::clone(&seen), Arc::clone(&most));
            move |peer, connection| {
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                let (seen, most) = (Arc::clone(&seen), Arc::clone(&most));
                async move {
                    let Ok(stream) = acceptor.accept(peer.stream).await else {
                        return;
                    };
                    let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let note = move |head: Request<()>| {
                        let mut seen = seen.lock().unwrap();
                        seen.push(Seen {
                            connection,
                            is_http_2,
                            head,
                        });
                    };
                    if !is_http_2 {
                        let log = peer.log;
                        let mut peer = Peer { stream, log };
                        while let Some(text) = peer.read_request().await {
                            let method = text.split(' ').next().unwrap();
                            let head = Request::builder()
                                .method(method)
                                .version(http::Version::HTTP_11);
                            note(head.body(()).unwrap());
                            sleep(Duration::from_millis(100)).await;
                            peer.write(&ok("hello")).await;
                        }
                        return;
                    }
                    let running = Arc::new(AtomicUsize::new(0));
                    let mut http_2 = h2::server::Builder::new()
                        .max_concurrent_streams(100)
                        .handshake(stream)
                        .await
                        .unwrap();
                    while let Some(Ok((request, response))) = http_2.accept().await {
                        let (head, body) = request.into_parts();
                        note(Request::from_parts(head.clone(), ()));
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        let mut most = most.lock().unwrap();
                        let most = most.entry(connection).or_default();
                        *most = now.max(*most);
                        let served = serve(connection, (Request::from_parts(head, body), response));
                        let running = Arc::clone(&running);
                        tokio::spawn(async move {
                            served.await;
                            running.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                }
            }
        })
        .await;
        Self {
            server,
            authority,
            seen,
            most,
        }
    }

    fn upstream(&self) -> Upstream {
        trusting(Some(&self.authority))
    }

    /// Returns a request that may be sent twice if its method is safe.
    fn request(&self, method: Method, path: &'static str) -> Outbound {
        repeatable(&self.server, method, path)
    }

    fn get(&self) -> Outbound {
        self.request(Method::GET, "/")
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Returns a request to `good.example` on that server, which may be sent twice if its method is safe.
fn repeatable(server: &Server, method: Method, path: &'static str) -> Outbound {
    let mut outbound = request(server, method, path);
    outbound.origin = server.origin_named(Scheme::Https, "good.example");
    outbound.options.may_repeat = true;
    outbound
}

fn acceptor(authority: &Authority, alpn: &[&str]) -> TlsAcceptor {
    let (certificate, key) = authority.certificate_for("good.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let alpn = alpn.iter();
    config.alpn_protocols = alpn.map(|protocol| protocol.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

const EITHER: &[&str] = &["h2", "http/1.1"];

async fn slowly(call: Call) {
    sleep(Duration::from_millis(100)).await;
    echo(call).await;
}
