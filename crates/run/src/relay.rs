//! Passes connections of the program on to the forward proxy, and adds the agent key to them.
//!
//! For programs that have no connection to the proxy of their own, or that cannot name a password for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::proxy::Proxy;

/// The longest head of a request to the proxy, in bytes: as much as the gateway accepts.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long a client may take to send the head of its request. Clients send it as soon as they are connected;
/// without a limit, silent ones would hold connections.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// Time limit for connecting to the proxy. A gateway that is there accepts within milliseconds; ten seconds allow
/// for lost packets.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Connects clients with the proxy.
pub(crate) struct Relay {
    proxy: Proxy,
    tls: Option<TlsConnector>,
    /// The value of `Proxy-Authorization`.
    authorization: String,
}

impl Relay {
    /// Creates a relay to a proxy, for requests with this user name and agent key. `roots` are trusted if the proxy
    /// speaks TLS.
    pub(crate) fn new(
        proxy: &Proxy,
        user_name: &str,
        key: &str,
        roots: &[CertificateDer<'static>],
    ) -> Result<Arc<Self>, String> {
        let tls = proxy.has_tls().then(|| tls(roots)).transpose();
        Ok(Arc::new(Self {
            proxy: proxy.clone(),
            tls: tls.map_err(|error| format!("TLS to the forward proxy: {error}"))?,
            authorization: format!("Basic {}", STANDARD.encode(format!("{user_name}:{key}"))),
        }))
    }

    /// Serves one connection until either side ends it.
    pub(crate) async fn carry(
        &self,
        mut client: impl AsyncRead + AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let Some((head, rest)) = timeout(HEAD_LIMIT, read_head(&mut client)).await?? else {
            return Ok(());
        };
        let head = with_authorization(&head, &self.authorization);
        match self.connect().await {
            Ok(mut proxy) => {
                proxy.write_all(&head).await?;
                proxy.write_all(&rest).await?;
                tokio::io::copy_bidirectional(&mut client, &mut proxy).await?;
                Ok(())
            }
            Err(error) => {
                let reason = format!(
                    "gaiterguard run: cannot reach the forward proxy at {}: {error}\n",
                    self.proxy.address()
                );
                let response = format!(
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{reason}",
                    reason.len()
                );
                client.write_all(response.as_bytes()).await?;
                client.shutdown().await
            }
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let connecting = async {
            let tcp = TcpStream::connect(self.proxy.address()).await?;
            tcp.set_nodelay(true)?;
            let Some(tls) = &self.tls else {
                return Ok(Box::new(tcp) as Box<dyn Stream>);
            };
            let name = self.proxy.host_name().to_owned();
            let name = ServerName::try_from(name).map_err(io::Error::other)?;
            Ok(Box::new(tls.connect(name, tcp).await?) as Box<dyn Stream>)
        };
        timeout(CONNECT_LIMIT, connecting).await?
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

fn tls(roots: &[CertificateDer<'static>]) -> Result<TlsConnector, rustls::Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Returns the head of the first request up to its empty line, and the bytes after it that have arrived; `None` if
/// the client sends nothing.
async fn read_head(
    client: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        // An end can be split between two reads.
        let searched = bytes.len().saturating_sub(3);
        let read = client.read_buf(&mut bytes).await?;
        let found = bytes[searched..]
            .windows(4)
            .position(|it| it == b"\r\n\r\n");
        if let Some(found) = found {
            let rest = bytes.split_off(searched + found + 4);
            return Ok(Some((bytes, rest)));
        }
        match read {
            0 if bytes.is_empty() => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if bytes.len() > HEAD_BYTES_MAX => return Err(io::ErrorKind::InvalidData.into()),
            _ => {}
        }
    }
}

/// Returns the head with the authorization instead of the client's own. A connection that carries requests, not a
/// tunnel, ends after the first one, because only its head is changed.
fn with_authorization(head: &[u8], authorization: &str) -> Vec<u8> {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let mut changed = first.to_vec();
    changed.extend_from_slice(format!("Proxy-Authorization: {authorization}\r\n").as_bytes());
    let mut switches = first.starts_with(b"CONNECT ");
    let mut fields = Vec::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let name = line[..colon].to_ascii_lowercase();
        switches |= name == b"upgrade";
        if name != b"proxy-authorization" {
            fields.push(line);
        }
    }
    if !switches {
        changed.extend_from_slice(b"Connection: close\r\n");
    }
    changed.extend(fields.into_iter().flatten());
    changed
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivateKeyDer;

    use super::*;

    fn changed(head: &str) -> String {
        String::from_utf8(with_authorization(head.as_bytes(), "Basic eDp5")).unwrap()
    }

    #[test]
    fn the_authorization_replaces_that_of_the_client() {
        assert_eq!(
            changed(
                "CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\nPROXY-authorization: Basic Og==\r\n\r\n"
            ),
            "CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\nHost: a\r\n\r\n"
        );
    }

    #[test]
    fn a_connection_without_a_tunnel_carries_one_request() {
        let request = "GET http://a.example/ HTTP/1.1\r\n";
        let added = "Proxy-Authorization: Basic eDp5\r\n";
        assert_eq!(
            changed(&format!("{request}Connection: keep-alive\r\n\r\n")),
            format!("{request}{added}Connection: close\r\nConnection: keep-alive\r\n\r\n")
        );
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(
            changed(&format!("{request}{upgrade}")),
            format!("{request}{added}{upgrade}")
        );
    }

    /// Sends a request through a relay to a proxy with TLS, whose certificate is among the roots or is not. Returns
    /// what the proxy received, and the response.
    async fn through_tls(is_trusted: bool) -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let serving = tokio::spawn(async move {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            let (connection, _) = listener.accept().await.unwrap();
            let Ok(mut connection) = acceptor.accept(connection).await else {
                return String::new();
            };
            let (head, _) = read_head(&mut connection).await.unwrap().unwrap();
            connection
                .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
                .await
                .unwrap();
            connection.shutdown().await.unwrap();
            String::from_utf8(head).unwrap()
        });
        let root = if is_trusted { &made } else { &other };
        let proxy = Proxy::parse(&url).unwrap();
        let relay = Relay::new(&proxy, "label", "agt_0f", &[root.cert.der().clone()]).unwrap();
        let (mut client, server) = tokio::io::duplex(4096);
        let carrying = tokio::spawn(async move { relay.carry(server).await });
        client
            .write_all(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        drop(client);
        carrying.await.unwrap().unwrap();
        (serving.await.unwrap(), response)
    }

    #[tokio::test]
    async fn a_proxy_with_tls_gets_the_key_only_if_its_certificate_is_trusted() {
        let (received, response) = through_tls(true).await;
        let authorization = STANDARD.encode("label:agt_0f");
        assert!(received.contains(&authorization), "{received}");
        assert_eq!(response, "HTTP/1.1 200 OK\r\n\r\n");
        let (received, response) = through_tls(false).await;
        assert_eq!(received, "");
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
        assert!(
            response.contains("cannot reach the forward proxy"),
            "{response}"
        );
        assert!(!response.contains("agt_"), "{response}");
    }

    #[tokio::test]
    async fn a_head_ends_at_its_empty_line_in_whatever_pieces_it_arrives() {
        let text = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01";
        for split in 1..text.len() {
            let (one, two) = text.split_at(split);
            let mut pieces = one.chain(two);
            let (head, mut rest) = read_head(&mut pieces).await.unwrap().unwrap();
            pieces.read_to_end(&mut rest).await.unwrap();
            assert!(head.ends_with(b"Host: a\r\n\r\n"), "{split}");
            assert_eq!(rest, b"\x16\x03\x01", "{split}");
        }
        assert!(read_head(&mut &b""[..]).await.unwrap().is_none());
        assert!(read_head(&mut &b"GET / HTTP"[..]).await.is_err());
        let long = vec![b'x'; HEAD_BYTES_MAX * 2];
        assert!(read_head(&mut &long[..]).await.is_err());
    }
}
