//! Exchanges raw bytes with a server, for requests that no HTTP client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends `pieces` one after the other on a new connection, each after its pause, and returns all bytes received
/// until the server closes the connection or `limit` is over.
pub async fn raw_exchange(
    address: SocketAddr,
    pieces: &[(Duration, &[u8])],
    limit: Duration,
) -> Vec<u8> {
    let stream = TcpStream::connect(address)
        .await
        .expect("the server accepts connections");
    let (mut reader, mut writer) = stream.into_split();
    let mut received = Vec::new();
    let send = async {
        for (pause, piece) in pieces {
            tokio::time::sleep(*pause).await;
            if writer.write_all(piece).await.is_err() {
                break;
            }
        }
        // The write half remains open: a server must respond without waiting for its end.
        std::future::pending::<()>().await;
    };
    let receive = async {
        // A reset after the response counts as its end.
        let _ = reader.read_to_end(&mut received).await;
    };
    let both = async {
        tokio::select! {
            () = send => {}
            () = receive => {}
        }
    };
    let _ = tokio::time::timeout(limit, both).await;
    received
}
