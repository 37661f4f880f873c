//! The way through the proxy port to the upstream: CONNECT, and TLS inside.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use crate::BenchResult;

/// The name of the upstream, which the gateway resolves to the loopback.
pub const HOST: &str = "stub.example";
/// The longest head of a response to CONNECT, in bytes.
const HEAD_BYTES_MAX: usize = 4096;

/// An open tunnel.
pub type Tunnel = TlsStream<TcpStream>;

/// The way through the proxy port to the upstream.
pub struct Way {
    /// The proxy port.
    pub proxy: SocketAddr,
    /// The request that opens a tunnel.
    pub connect: String,
    /// The client's side of TLS.
    pub tls: TlsConnector,
}

impl Way {
    /// Opens a tunnel, with TLS to the gateway inside it.
    pub async fn open(&self) -> BenchResult<Tunnel> {
        let mut stream = TcpStream::connect(self.proxy).await?;
        stream.set_nodelay(true)?;
        stream.write_all(self.connect.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
            head.push(stream.read_u8().await?);
        }
        if !head.starts_with(b"HTTP/1.1 200 ") {
            return Err(String::from_utf8_lossy(&head).into_owned().into());
        }
        let name = ServerName::try_from(HOST)?;
        Ok(self.tls.connect(name, stream).await?)
    }
}
