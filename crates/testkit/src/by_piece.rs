//! Both ends of a request that is sent piece by piece: an agent that a test makes send, and an
//! upstream that shows what has arrived by now.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::eventually::eventually;
use crate::port::listen;

/// How long something may take that is expected to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// How much of what a connection brings is kept; the rest is only counted.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// A connection on which a request is sent piece by piece. Dropping it closes it.
pub struct PiecewiseCall {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    read: Vec<u8>,
}

impl PiecewiseCall {
    /// Connects and sends the first bytes.
    pub async fn begin(address: SocketAddr, first: &str) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("the server takes connections");
        stream.set_nodelay(true).expect("a socket of TCP");
        let (reader, writer) = stream.into_split();
        let mut call = Self {
            reader,
            writer,
            read: Vec::new(),
        };
        call.send(first).await;
        call
    }

    /// Sends more bytes. A server that does not take them any more is no failure here.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sending = self.writer.write_all(bytes.as_ref());
        let _ = tokio::time::timeout(LIMIT, sending)
            .await
            .expect("the server reads");
    }

    /// Sends bytes as one chunk of a chunked body.
    pub async fn send_chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(chunk).await;
    }

    /// Reads on until `needle` has come; gives back everything read. Panics if it does not come.
    pub async fn until(&mut self, needle: &str) -> String {
        let reading = async {
            while !self.text().contains(needle) {
                if self.reader.read_buf(&mut self.read).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(LIMIT, reading).await;
        let text = self.text();
        assert!(text.contains(needle), "{needle:?} never came: {text:?}");
        text
    }

    /// Reads until the server closes the connection; gives back everything read.
    pub async fn rest(&mut self) -> String {
        let reading =
            async { while self.reader.read_buf(&mut self.read).await.unwrap_or(0) > 0 {} };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("the server closes the connection");
        self.text()
    }

    /// What has come by now is nothing.
    pub async fn assert_silent(&mut self, pause: Duration) {
        let reading = self.reader.read_buf(&mut self.read);
        let came = tokio::time::timeout(pause, reading).await;
        assert!(came.is_err(), "{came:?}: {:?}", self.text());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// What one connection has brought by now.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// The first bytes.
    pub bytes: Vec<u8>,
    /// How many there were in all.
    pub count: u64,
    /// Whether the other side has closed it.
    pub is_closed: bool,
}

impl Brought {
    /// The first bytes as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

type Connections = Arc<Mutex<Vec<(Brought, Option<OwnedWriteHalf>)>>>;

/// An upstream that reads whatever comes and says what the test makes it say.
pub struct WatchedUpstream {
    address: SocketAddr,
    connections: Connections,
    accepting: tokio::task::AbortHandle,
}

impl WatchedUpstream {
    /// Starts one on a loopback port.
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

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What each connection has brought by now, in the order in which they were opened.
    pub fn brought(&self) -> Vec<Brought> {
        let connections = lock(&self.connections);
        connections.iter().map(|(seen, _)| seen.clone()).collect()
    }

    /// Waits until the newest connection has brought what `is_there` asks for; panics if it does not.
    pub async fn wait_for(&self, what: &str, is_there: impl Fn(&Brought) -> bool) -> Brought {
        eventually(what, LIMIT, || async {
            self.brought().pop().filter(|brought| is_there(brought))
        })
        .await
    }

    /// Waits until the newest connection has brought this text.
    pub async fn wait_for_text(&self, text: &str) -> Brought {
        self.wait_for(text, |brought| brought.text().contains(text))
            .await
    }

    /// Sends bytes on the newest connection.
    pub async fn say(&self, bytes: &str) {
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
        writer.take().expect("the connection was not closed")
    }
}

impl Drop for WatchedUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(connections: &Connections) -> MutexGuard<'_, Vec<(Brought, Option<OwnedWriteHalf>)>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, connections: Connections) {
    let mut readers = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (mut reader, writer) = stream.into_split();
        let place = {
            let mut all = lock(&connections);
            all.push((Brought::default(), Some(writer)));
            all.len() - 1
        };
        let connections = Arc::clone(&connections);
        readers.spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = reader.read(&mut buffer).await.unwrap_or(0);
                let mut all = lock(&connections);
                let brought = &mut all[place].0;
                if count == 0 {
                    brought.is_closed = true;
                    return;
                }
                brought.count += count as u64;
                let room = KEPT_BYTES_MAX - brought.bytes.len();
                brought.bytes.extend_from_slice(&buffer[..count.min(room)]);
            }
        });
    }
}
