//! TLS to upstreams: who is trusted, and which protocol is spoken inside.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use gaiterguard_domain::host::Host;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::NotSentReason;

/// The operator's certificates or the TLS library could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of additional trusted certificates cannot be read, or holds no certificate.
    #[error("the certificates in {path}: {detail}")]
    CertificateFile { path: String, detail: String },
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// A protocol that is agreed to in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// The protocols that are offered in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// For requests that need a connection of their own.
    Http1,
    /// For gRPC, and for upstreams that speak nothing else.
    Http2,
    /// For requests that may share a connection.
    Either,
}

impl Protocol {
    /// Returns the identifier for ALPN (RFC 7301).
    fn id(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// Returns whether the server chose this protocol.
    pub(crate) fn is_agreed(self, stream: &TlsStream<TcpStream>) -> bool {
        stream.get_ref().1.alpn_protocol() == Some(self.id())
    }
}

impl Offer {
    /// Returns the offered protocols, the preferred one first.
    fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Http1 => &[Protocol::Http1],
            Self::Http2 => &[Protocol::Http2],
            Self::Either => &[Protocol::Http2, Protocol::Http1],
        }
    }

    /// Returns the configuration that makes this offer. Sessions are kept in one store for all offers.
    fn on(self, config: &ClientConfig) -> Arc<ClientConfig> {
        let mut config = config.clone();
        let ids = self.protocols().iter();
        config.alpn_protocols = ids.map(|protocol| protocol.id().to_vec()).collect();
        Arc::new(config)
    }
}

/// TLS as a client. Reading the machine's trust store takes milliseconds, so the first handshake does it
/// rather than the start. The operator's own file is read immediately, because a mistake in it must stop
/// the start.
pub(crate) struct Tls {
    own_certificates: Vec<CertificateDer<'static>>,
    configs: OnceLock<Configs>,
}

/// The configuration for each offer.
struct Configs {
    http_1: Arc<ClientConfig>,
    http_2: Arc<ClientConfig>,
    either: Arc<ClientConfig>,
}

impl Tls {
    pub(crate) fn new(ca_file: Option<&Path>) -> Result<Self, TlsSetupError> {
        let own_certificates = ca_file
            .map(read_certificates)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            own_certificates,
            configs: OnceLock::new(),
        })
    }

    /// Offers the protocols. A server that knows nothing of such offers accepts without choosing one.
    pub(crate) async fn handshake(
        &self,
        host: &Host,
        tcp: TcpStream,
        offer: Offer,
    ) -> Result<TlsStream<TcpStream>, NotSentReason> {
        let config = self
            .config(offer)
            .map_err(|error| NotSentReason::Tls(io_error(error).into()))?;
        let server_name = match host.address() {
            Some(address) => ServerName::from(address),
            None => ServerName::try_from(host.to_string())
                .map_err(|error| NotSentReason::Tls(io_error(error).into()))?,
        };
        TlsConnector::from(config)
            .connect(server_name, tcp)
            .await
            .map_err(|error| match offer {
                Offer::Http1 if refuses_protocol(&error) => NotSentReason::Http2Only,
                Offer::Http2 if refuses_protocol(&error) => NotSentReason::NoHttp2,
                _ => NotSentReason::Tls(error.into()),
            })
    }

    fn config(&self, offer: Offer) -> Result<Arc<ClientConfig>, rustls::Error> {
        let configs = if let Some(configs) = self.configs.get() {
            configs
        } else {
            let config = client_config(&self.own_certificates)?;
            let configs = Configs {
                http_1: Offer::Http1.on(&config),
                http_2: Offer::Http2.on(&config),
                either: Offer::Either.on(&config),
            };
            self.configs.get_or_init(|| configs)
        };
        Ok(Arc::clone(match offer {
            Offer::Http1 => &configs.http_1,
            Offer::Http2 => &configs.http_2,
            Offer::Either => &configs.either,
        }))
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
    config.alpn_protocols = vec![Protocol::Http1.id().to_vec()];
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

/// Returns whether the server refuses the offered protocol. For HTTP/1.1 that means that it speaks only HTTP/2:
/// there is no other protocol that a server of this kind chooses.
fn refuses_protocol(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(rustls::Error::AlertReceived(
            AlertDescription::NoApplicationProtocol
        ))
    )
}

fn io_error(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(error)
}
