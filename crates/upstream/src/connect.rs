//! Opening connections, only to addresses that have just passed the rules. The checked address is the
//! one that is dialed; a name is never resolved a second time.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::address::AddressPolicy;
use crate::error::{CheckRefused, NotSentReason};
use crate::origin::{Host, Origin, Scheme};
use crate::resolve::Names;
use crate::wire::{Stream, Wire};

/// The only protocol that is spoken to upstreams.
const ALPN_HTTP_1_1: &[u8] = b"http/1.1";

/// The operator's certificates or the TLS library could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of additional trusted certificates cannot be read, or holds no certificate.
    #[error("the certificates in {path}: {detail}")]
    CertificateFile { path: String, detail: String },
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// Opens a byte stream to an origin.
pub(crate) struct Connector {
    policy: AddressPolicy,
    names: Names,
    tls: Tls,
    connect_timeout: Duration,
}

impl Connector {
    pub(crate) fn new(
        policy: AddressPolicy,
        names: Names,
        ca_file: Option<&Path>,
        connect_timeout: Duration,
    ) -> Result<Self, TlsSetupError> {
        Ok(Self {
            policy,
            names,
            tls: Tls::new(ca_file)?,
            connect_timeout,
        })
    }

    /// Checks whether the origin may be dialed. A name that cannot be resolved is not refused here;
    /// opening the connection will fail.
    pub(crate) async fn check(&self, origin: &Origin) -> Result<(), CheckRefused> {
        if let Host::Address(address) = origin.host() {
            return self.permit(origin, &[*address]);
        }
        // Boxed because its state is large and an origin that is an address does not need it.
        let looking_up = Box::pin(self.names.addresses(origin.host()));
        match timeout(self.connect_timeout, looking_up).await {
            Ok(Ok(addresses)) => self.permit(origin, &addresses),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }

    /// Opens a connection. Resolving, connecting and the TLS handshake share the connect timeout.
    pub(crate) async fn connect(&self, origin: &Origin) -> Result<Wire, NotSentReason> {
        let deadline = Instant::now() + self.connect_timeout;
        let addresses = timeout_at(deadline, self.names.addresses(origin.host()))
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)??;
        self.permit(origin, &addresses)?;
        let tcp = dial_in_order(&addresses, origin.port(), deadline).await?;
        tcp.set_nodelay(true).map_err(NotSentReason::Connect)?;
        let stream = match origin.scheme() {
            Scheme::Http => Stream::Plain(tcp),
            Scheme::Https => {
                let handshake = self.tls.handshake(origin.host(), tcp);
                let outcome = timeout_at(deadline, handshake)
                    .await
                    .map_err(|_| NotSentReason::ConnectTimedOut)?;
                Stream::Tls(Box::new(outcome?))
            }
        };
        Ok(Wire::new(stream))
    }

    /// Refuses a name if any of its addresses is refused: its DNS server cannot be trusted to mean only
    /// the others.
    fn permit(&self, origin: &Origin, addresses: &[IpAddr]) -> Result<(), CheckRefused> {
        for address in addresses {
            self.policy
                .check(SocketAddr::new(*address, origin.port()))
                .map_err(|refused| CheckRefused {
                    host: origin.host().to_string(),
                    refused,
                })?;
        }
        Ok(())
    }
}

/// Connects to the first address that accepts. Each gets its share of the remaining time, so that one
/// dead address does not use up the time of the others.
async fn dial_in_order(
    addresses: &[IpAddr],
    port: u16,
    deadline: Instant,
) -> Result<TcpStream, NotSentReason> {
    let mut last = NotSentReason::ConnectTimedOut;
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let addresses_left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let attempt = TcpStream::connect((*address, port));
        last = match timeout(left / addresses_left, attempt).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => NotSentReason::Connect(error),
            Err(_) => NotSentReason::ConnectTimedOut,
        };
    }
    Err(last)
}

/// TLS as a client. Reading the machine's trust store takes milliseconds, so the first handshake does it
/// rather than the start. The operator's own file is read immediately, because a mistake in it must stop
/// the start.
struct Tls {
    own_certificates: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    fn new(ca_file: Option<&Path>) -> Result<Self, TlsSetupError> {
        let own_certificates = ca_file
            .map(read_certificates)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            own_certificates,
            config: OnceLock::new(),
        })
    }

    async fn handshake(
        &self,
        host: &Host,
        tcp: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, NotSentReason> {
        let config = self
            .config()
            .map_err(|error| NotSentReason::Tls(io_error(error)))?;
        let server_name = match host {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.to_string())
                .map_err(|error| NotSentReason::Tls(io_error(error)))?,
        };
        TlsConnector::from(config)
            .connect(server_name, tcp)
            .await
            .map_err(NotSentReason::Tls)
    }

    fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(client_config(&self.own_certificates)?);
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

/// Creates a TLS configuration that trusts the certificates of this machine, of the web, and `own`.
pub(crate) fn client_config(
    own: &[CertificateDer<'static>],
) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let native = rustls_native_certs::load_native_certs();
    if !native.errors.is_empty() {
        tracing::warn!(
            failures = native.errors.len(),
            "some of the system's trusted certificates could not be read"
        );
    }
    roots.add_parsable_certificates(native.certs);
    for certificate in own {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    Ok(config)
}

/// Reads every certificate of the file and checks that each can be used as a root.
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let failed = |detail: String| TlsSetupError::CertificateFile {
        path: path.display().to_string(),
        detail,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("the file contains no certificate".into()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(certificates)
}

fn io_error(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(error)
}
