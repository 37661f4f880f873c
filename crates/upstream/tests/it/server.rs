//! A TCP server whose every byte is controlled by a test.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gaiterguard_domain::target::BaseUrl;
use gaiterguard_upstream::{Origin, Scheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) fn origin(scheme: Scheme, host: &str, port: u16) -> Origin {
    let url = format!("{}://{host}:{port}", scheme.as_str());
    BaseUrl::parse(&url).unwrap().origin().into()
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    log: Log,
    task: JoinHandle<()>,
}

/// The requests that a server has read, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Server {
    /// Serves each connection with `serve`, which is given the connection and its number from 0.
    pub(crate) async fn start<F>(
        serve: impl Fn(Peer<TcpStream>, usize) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let log = Log::default();
        let task = tokio::spawn({
            let (connections, log) = (Arc::clone(&connections), log.clone());
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let number = connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(
                        Peer {
                            stream,
                            log: log.clone(),
                        },
                        number,
                    ));
                }
            }
        });
        Self {
            address,
            connections,
            log,
            task,
        }
    }

    /// Responds to every request on every connection with these bytes.
    pub(crate) async fn responding(response: impl Into<String>) -> Self {
        let response = response.into();
        Self::start(move |mut peer, _| {
            let response = response.clone();
            async move {
                while peer.read_request().await.is_some() {
                    peer.write(&response).await;
                }
            }
        })
        .await
    }

    /// Responds to the first request of each connection with these bytes, and closes.
    pub(crate) async fn responding_once(response: &'static str) -> Self {
        Self::start(move |mut peer, _| async move {
            peer.read_request().await;
            peer.write(response).await;
        })
        .await
    }

    pub(crate) fn origin(&self) -> Origin {
        origin(Scheme::Http, "127.0.0.1", self.address.port())
    }

    pub(crate) fn origin_named(&self, scheme: Scheme, name: &str) -> Origin {
        origin(scheme, name, self.address.port())
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The heads and bodies of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.0.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The server's end of a connection.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
    pub(crate) log: Log,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Reads one request, including its body if it has a length; `None` when the client has closed.
    pub(crate) async fn read_request(&mut self) -> Option<String> {
        let mut request = self.read_until("\r\n\r\n").await?;
        let length = request
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        request += &String::from_utf8(body).unwrap();
        self.log.0.lock().unwrap().push(request.clone());
        Some(request)
    }

    /// Reads byte by byte, so that nothing after the end is consumed.
    pub(crate) async fn read_until(&mut self, end: &str) -> Option<String> {
        let mut text = String::new();
        while !text.ends_with(end) {
            text.push(char::from(self.stream.read_u8().await.ok()?));
        }
        Some(text)
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn write_bytes(&mut self, bytes: &[u8]) {
        // The test's own assertions notice a client that has closed.
        drop(self.stream.write_all(bytes).await);
        drop(self.stream.flush().await);
    }

    /// Waits until the client has closed.
    pub(crate) async fn closed(&mut self) {
        let mut buffer = [0; 1024];
        while matches!(self.stream.read(&mut buffer).await, Ok(count) if count > 0) {}
    }
}

/// A 200 response with a length.
pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
