//! One large request body, sent while it is generated, to measure its throughput.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

use crate::{BenchResult, upstream::SINK_PATH};

/// The size of a write, in bytes.
const PIECE: &[u8] = &[b'x'; 64 * 1024];
const TIMEOUT: Duration = Duration::from_mins(2);

/// Sends `bytes` below `prefix` to `address`, as the agent with `key` if there is one. Returns the bytes
/// per second; the upstream reports how many arrived.
pub async fn send(
    address: SocketAddr,
    prefix: &str,
    key: Option<&str>,
    bytes: u64,
) -> BenchResult<f64> {
    time::timeout(TIMEOUT, exchange(address, prefix, key, bytes)).await?
}

async fn exchange(
    address: SocketAddr,
    prefix: &str,
    key: Option<&str>,
    bytes: u64,
) -> BenchResult<f64> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let authorization = key.map_or_else(String::new, |key| {
        format!("Authorization: Bearer {key}\r\n")
    });
    let head = format!(
        "POST {prefix}{SINK_PATH} HTTP/1.1\r\nHost: {address}\r\n{authorization}\
         X-Agent-Intent: Store the recording\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {bytes}\r\nConnection: close\r\n\r\n"
    );
    let began = Instant::now();
    stream.write_all(head.as_bytes()).await?;
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE.len() as u64);
        stream.write_all(&PIECE[..usize::try_from(piece)?]).await?;
        left -= piece;
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let elapsed = began.elapsed();
    let is_whole = response.starts_with("HTTP/1.1 200 ")
        && response.trim_end().ends_with(&format!("\r\n\r\n{bytes}"));
    if !is_whole {
        return Err(
            format!("unexpected response to an upload of {bytes} bytes: {response}").into(),
        );
    }
    let megabytes = f64::from(u32::try_from(bytes >> 20)?);
    Ok(megabytes * 1024.0 * 1024.0 / elapsed.as_secs_f64())
}
