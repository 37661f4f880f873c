//! An upstream that shows which bytes have arrived so far.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;

use crate::eventually::eventually;
use crate::reserved_port::listen;

/// How long an expected event may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// How many bytes of a connection are kept. Further bytes are only counted.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The bytes that one connection has received so far.
#[derive(Clone, Debug, Default)]
pub struct ReceivedBytes {
    /// The first bytes.
    pub bytes: Vec<u8>,
    /// How many bytes were received in total.
    pub count: u64,
    /// Whether the other side has closed it.
    pub is_closed: bool,
}

impl ReceivedBytes {
    /// Returns the first bytes as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

type Connections = Arc<Mutex<Vec<(ReceivedBytes, Option<OwnedWriteHalf>)>>>;

/// An upstream that reads everything and sends only the bytes that the test chooses. Dropping it ends the server.
pub struct WatchedUpstream {
    address: SocketAddr,
    connections: Connections,
    accepting: tokio::task::AbortHandle,
}

impl WatchedUpstream {
    /// Starts a server on a loopback port.
    pub async fn start() -> Self {
        let (listener, address) = listen().await;
        let connections = Connections::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&connections))).abort_handle();
        Self {
            address,
            connections,
            accepting,
        }
    }

    /// Returns its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the bytes that each connection has received so far, in the order in which they were opened.
    pub fn received(&self) -> Vec<ReceivedBytes> {
        let connections = lock(&self.connections);
        connections.iter().map(|(bytes, _)| bytes.clone()).collect()
    }

    /// Waits until the bytes of the newest connection satisfy `is_enough`. Panics if they do not.
    pub async fn wait_for(
        &self,
        what: &str,
        is_enough: impl Fn(&ReceivedBytes) -> bool,
    ) -> ReceivedBytes {
        eventually(what, LIMIT, || async {
            self.received().pop().filter(|received| is_enough(received))
        })
        .await
    }

    /// Waits until the newest connection has received this text.
    pub async fn wait_for_text(&self, text: &str) -> ReceivedBytes {
        self.wait_for(text, |received| received.text().contains(text))
            .await
    }

    /// Sends bytes on the newest connection.
    pub async fn send(&self, bytes: &str) {
        let mut writer = self.take_writer();
        writer
            .write_all(bytes.as_bytes())
            .await
            .expect("the other side reads");
        if let Some((_, place)) = lock(&self.connections).last_mut() {
            *place = Some(writer);
        }
    }

    /// Closes the newest connection.
    pub fn close(&self) {
        drop(self.take_writer());
    }

    fn take_writer(&self) -> OwnedWriteHalf {
        let mut connections = lock(&self.connections);
        let (_, writer) = connections.last_mut().expect("a connection was opened");
        writer
            .take()
            .expect("the test has not closed the connection")
    }
}

impl Drop for WatchedUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(connections: &Connections) -> MutexGuard<'_, Vec<(ReceivedBytes, Option<OwnedWriteHalf>)>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, connections: Connections) {
    let mut readers = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (mut reader, writer) = stream.into_split();
        let place = {
            let mut all = lock(&connections);
            all.push((ReceivedBytes::default(), Some(writer)));
            all.len() - 1
        };
        let connections = Arc::clone(&connections);
        readers.spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = reader.read(&mut buffer).await.unwrap_or(0);
                let mut all = lock(&connections);
                let received = &mut all[place].0;
                if count == 0 {
                    received.is_closed = true;
                    return;
                }
                received.count += count as u64;
                let room = KEPT_BYTES_MAX - received.bytes.len();
                received.bytes.extend_from_slice(&buffer[..count.min(room)]);
            }
        });
    }
}
