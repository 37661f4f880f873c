//! A request that a test sends piece by piece.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// How long an expected event may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// A connection on which a test sends a request piece by piece. Dropping it closes the connection.
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
            .expect("the server accepts connections");
        stream.set_nodelay(true).expect("a TCP socket");
        let (reader, writer) = stream.into_split();
        let mut call = Self {
            reader,
            writer,
            read: Vec::new(),
        };
        call.send(first).await;
        call
    }

    /// Sends more bytes. A server that no longer reads them is not a failure here.
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

    /// Reads until `expected` has arrived and returns everything read. Panics if it does not arrive.
    pub async fn until(&mut self, expected: &str) -> String {
        let reading = async {
            while !self.text().contains(expected) {
                if self.reader.read_buf(&mut self.read).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(LIMIT, reading).await;
        let text = self.text();
        assert!(
            text.contains(expected),
            "{expected:?} never arrived: {text:?}"
        );
        text
    }

    /// Reads until the server closes the connection and returns everything read.
    pub async fn rest(&mut self) -> String {
        let reading =
            async { while self.reader.read_buf(&mut self.read).await.unwrap_or(0) > 0 {} };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("the server closes the connection");
        self.text()
    }

    /// Panics if anything arrives during `pause`.
    pub async fn assert_silent(&mut self, pause: Duration) {
        let reading = self.reader.read_buf(&mut self.read);
        let read = tokio::time::timeout(pause, reading).await;
        assert!(read.is_err(), "{read:?}: {:?}", self.text());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}
