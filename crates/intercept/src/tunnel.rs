//! Tunnels: TLS toward the client, and HTTP/1.1 or HTTP/2 inside it.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::host::Host;
use gaiterguard_domain::target::{Origin, Target};
use gaiterguard_domain::time::Clock;
use gaiterguard_listener::{
    ConnectionSlot, Handler, HeadError, Lifecycle, Limits, RequestBody, serve_http2_stream,
    serve_stream,
};
use gaiterguard_sealing::Sealing;
use gaiterguard_store::Store;
use http::header::HOST;
use http::{Request, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::certificate_authority::CertificateError;
use crate::proxy_credentials::ProxyCredentials;
use crate::proxy_refusal::ProxyRefusal;
use crate::refusals::{Attempt, Refusals};
use crate::stored_authority::{self, AuthorityError};
use crate::tls_configs::{HTTP_2, TlsConfigs};

/// How often the authorities are read again. A new one issues certificates a day later, unless the present one is
/// no longer trusted, and then every connection fails for as long.
const ROTATION_POLL: Duration = Duration::from_secs(5);

/// How long a tunnel may take to end after its agent key is revoked. The engine ends the calls in it within a second;
/// their responses may still be read slowly.
const ENDING_MAX: Duration = Duration::from_secs(5);

/// A tunnel that a client opened with CONNECT. It is an extension of each request that arrives in it.
pub struct Tunnel {
    /// Where the tunnel leads.
    pub origin: Origin,
    /// The credentials in the CONNECT request.
    pub credentials: ProxyCredentials,
    attempt: Attempt,
    refusals: Refusals,
    has_other_server_name: bool,
}

impl Tunnel {
    /// Returns the URL that a request in the tunnel is for, with the path and query exactly as they were sent.
    ///
    /// # Errors
    ///
    /// If the request, or the TLS handshake, names another host or port than CONNECT. That is recorded.
    pub fn target_url<B>(&self, request: &Request<B>) -> Result<String, ProxyRefusal> {
        let url = self.checked_url(request);
        url.inspect_err(|refusal| self.refused(&refusal.to_string()))
    }

    fn refused(&self, reason: &str) {
        self.refusals.record(&self.attempt, reason);
    }

    fn checked_url<B>(&self, request: &Request<B>) -> Result<String, ProxyRefusal> {
        if self.has_other_server_name {
            return Err(ProxyRefusal::OtherServerName(self.origin.clone()));
        }
        // If the request is in absolute form, the listener has compared its authority with `Host`.
        let host = request.headers().get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let asked = format!("{}://{host}", request.uri().scheme_str().unwrap_or("https"));
        let is_same = Target::parse(&asked).is_ok_and(|asked| *asked.origin() == self.origin);
        if !is_same {
            return Err(ProxyRefusal::OtherHost {
                tunnel: self.origin.clone(),
                asked: host.to_owned(),
            });
        }
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        Ok(format!("{}{path}", self.origin))
    }
}

/// Opens tunnels. Clones share the certificates.
#[derive(Clone)]
pub struct Interceptor {
    configs: Arc<TlsConfigs>,
    refusals: Refusals,
    limits: Limits,
    lifecycle: Lifecycle,
}

/// A CONNECT request that was accepted.
pub struct Accepted {
    /// The connection, once the response to CONNECT is sent.
    pub connection: OnUpgrade,
    /// The connection's place among all connections.
    pub slot: Option<ConnectionSlot>,
    /// The client's address.
    pub peer: SocketAddr,
    /// Where the tunnel leads.
    pub origin: Origin,
    /// The client's credentials.
    pub credentials: ProxyCredentials,
    /// The same, as it is recorded.
    pub attempt: Attempt,
    /// Canceled when the agent key of the credentials stops being valid.
    pub revoked: CancellationToken,
}

impl Interceptor {
    /// Opens the certificate authority, or creates it at the first start.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn open_or_create(
        store: &Store,
        sealing: &Sealing,
        clock: Arc<dyn Clock>,
        limits: Limits,
        lifecycle: Lifecycle,
    ) -> Result<Self, AuthorityError> {
        let authorities = stored_authority::open_or_create(store, sealing, &clock).await?;
        let opened = Self {
            refusals: Refusals::new(store.clone(), Arc::clone(&clock), lifecycle.clone()),
            configs: Arc::new(TlsConfigs::new(authorities, clock)),
            limits,
            lifecycle,
        };
        let following = opened
            .clone()
            .follow_rotation(store.clone(), sealing.clone());
        opened.lifecycle.spawn(following);
        Ok(opened)
    }

    /// Returns the record of what is refused.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Returns the certificates that clients must trust, in PEM: two, while a rotation is under way.
    pub fn trusted_certificates(&self) -> String {
        self.configs.trusted_certificates()
    }

    /// Uses the authorities in the database, which a command may replace, until the process drains.
    async fn follow_rotation(self, store: Store, sealing: Sealing) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(ROTATION_POLL) => {}
                () = self.lifecycle.draining() => return,
            }
            let followed = async {
                let stored = store.certificate_authorities().await?;
                if !stored.is_empty() && !self.configs.authorities().are(&stored) {
                    self.configs
                        .replace(stored_authority::open(&sealing, stored).await?);
                    tracing::info!("the certificate authority of the proxy port was rotated");
                }
                Ok::<_, AuthorityError>(())
            };
            if let Err(error) = followed.await {
                tracing::warn!(%error, "the certificate authority could not be read again");
            }
        }
    }

    /// Serves the requests in a tunnel, in a task of its own, until the client closes it, its agent key is revoked,
    /// or the process drains. Requests that are running then are completed, which the engine limits. The caller
    /// responds to CONNECT with 200.
    pub fn serve<H: Handler>(&self, accepted: Accepted, handler: H) {
        let serving = self.clone().carry(accepted, handler);
        self.lifecycle.spawn(serving);
    }

    async fn carry<H: Handler>(self, accepted: Accepted, handler: H) {
        let Accepted {
            connection,
            slot,
            peer,
            origin,
            credentials,
            attempt,
            revoked,
        } = accepted;
        let handshake = async {
            let connection = connection.await.map_err(HandshakeError::Connection)?;
            self.accept(TokioIo::new(connection), &origin.host).await
        };
        let accepted = tokio::select! {
            accepted = tokio::time::timeout(self.limits.header_timeout, handshake) => accepted,
            () = self.lifecycle.draining() => return,
            () = revoked.cancelled() => return,
        };
        let accepted = accepted.unwrap_or(Err(HandshakeError::Timeout));
        let (stream, has_other_server_name) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!("tunnel from {peer} to {origin} failed: {error}");
                // A client that goes away has been refused nothing.
                if matches!(&error, HandshakeError::Tls(error) if error.kind() == io::ErrorKind::InvalidData)
                {
                    self.refusals.record(&attempt, &error.to_string());
                }
                return;
            }
        };
        tracing::debug!("tunnel from {peer} to {origin} is open");
        let tunnel = Arc::new(Tunnel {
            origin,
            credentials,
            attempt,
            refusals: self.refusals.clone(),
            has_other_server_name,
        });
        let handler = InTunnel { handler, tunnel };
        let lifecycle = self.lifecycle.scoped();
        let ending = lifecycle.clone();
        let serving = async {
            if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
                let serving = serve_http2_stream(stream, peer, handler, self.limits, lifecycle);
                Box::pin(serving).await;
            } else {
                serve_stream(stream, peer, handler, self.limits, lifecycle).await;
            }
        };
        let mut serving = pin!(serving);
        tokio::select! {
            () = serving.as_mut() => {}
            () = revoked.cancelled() => {
                ending.drain();
                if tokio::time::timeout(ENDING_MAX, serving).await.is_err() {
                    tracing::debug!("tunnel from {peer} was cut");
                }
            }
        }
        drop(slot);
    }

    /// Accepts TLS with the certificate of the host that the tunnel leads to, whichever name the client
    /// asks for. Returns whether it asks for another one.
    async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &Host,
    ) -> Result<(TlsStream<S>, bool), HandshakeError> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = start.client_hello();
        let is_other = |name: &str| Host::parse(name).ok().as_ref() != Some(host);
        let has_other_name = hello.server_name().is_some_and(is_other);
        let config = self.configs.of_host(host)?;
        Ok((start.into_stream(config).await?, has_other_name))
    }
}

/// Why TLS was not established.
#[derive(Debug, thiserror::Error)]
enum HandshakeError {
    #[error("the connection failed: {0}")]
    Connection(hyper::Error),
    #[error("the TLS handshake failed: {0}")]
    Tls(#[from] io::Error),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the TLS handshake took too long")]
    Timeout,
}

/// A handler of requests that arrive in a tunnel.
#[derive(Clone)]
struct InTunnel<H> {
    handler: H,
    tunnel: Arc<Tunnel>,
}

impl<H: Handler> Handler for InTunnel<H> {
    type Body = H::Body;

    async fn handle(
        &self,
        mut request: Request<RequestBody>,
        peer: SocketAddr,
    ) -> Response<Self::Body> {
        request.extensions_mut().insert(Arc::clone(&self.tunnel));
        self.handler.handle(request, peer).await
    }

    fn refuse(&self, error: HeadError) -> Response<Self::Body> {
        // An idle connection ends with a timeout, too.
        if error != HeadError::Timeout {
            self.tunnel.refused(&error.to_string());
        }
        self.handler.refuse(error)
    }
}
