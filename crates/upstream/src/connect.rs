//! Opening connections, only to addresses that have just passed the rules. The checked address is the
//! one that is dialed; a name is never resolved a second time.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::address::AddressPolicy;
use crate::dial::Dialer;
use crate::error::{CheckRefused, NotSentReason};
use crate::http2::{Http2Connection, Opened};
use crate::origin::{Origin, Scheme};
use crate::proxy::Proxy;
use crate::resolve::Names;
use crate::tls::{Offer, Protocol, Tls, TlsSetupError};
use crate::wire::{Stream, Wire};

/// How long it may take to find out whether an upstream speaks HTTP/2 only. A caller is waiting for an error.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Opens a byte stream to an origin.
pub(crate) struct Connector {
    policy: AddressPolicy,
    names: Names,
    dialer: Dialer,
    proxy: Option<Proxy>,
    tls: Tls,
    connect_timeout: Duration,
}

impl Connector {
    pub(crate) fn new(
        policy: AddressPolicy,
        names: Names,
        proxy: Option<Proxy>,
        ca_file: Option<&Path>,
        connect_timeout: Duration,
    ) -> Result<Self, TlsSetupError> {
        Ok(Self {
            policy,
            names,
            dialer: Dialer::default(),
            proxy,
            tls: Tls::new(ca_file)?,
            connect_timeout,
        })
    }

    /// Checks whether the origin may be dialed. A name that cannot be resolved is not refused here;
    /// opening the connection will fail.
    pub(crate) async fn check(&self, origin: &Origin) -> Result<(), CheckRefused> {
        if let Some(address) = origin.host().address() {
            return self.permit(origin, &[address]);
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
        let tcp = self.dial(origin, deadline).await?;
        let stream = match origin.scheme() {
            Scheme::Http => Stream::Plain(tcp),
            Scheme::Https => {
                let handshake = self.tls.handshake(origin.host(), tcp, Offer::Http1);
                let outcome = timeout_at(deadline, handshake)
                    .await
                    .map_err(|_| NotSentReason::ConnectTimedOut)?;
                Stream::Tls(Box::new(outcome?))
            }
        };
        Ok(Wire::new(stream))
    }

    /// Opens a connection that speaks HTTP/2. Without TLS, the origin is expected to know that (RFC 9113, section
    /// 3.3). Resolving, connecting, the TLS handshake and the server's settings share the connect timeout.
    pub(crate) async fn connect_in_http_2(
        &self,
        origin: &Origin,
    ) -> Result<Arc<Http2Connection>, NotSentReason> {
        let deadline = Instant::now() + self.connect_timeout;
        let opening = async {
            let tcp = self.dial(origin, deadline).await?;
            let stream = match origin.scheme() {
                Scheme::Http => Stream::Plain(tcp),
                Scheme::Https => {
                    let handshake = self.tls.handshake(origin.host(), tcp, Offer::Http2);
                    let stream = handshake.await?;
                    if !Protocol::Http2.is_agreed(&stream) {
                        return Err(NotSentReason::NoHttp2);
                    }
                    Stream::Tls(Box::new(stream))
                }
            };
            let opened = Http2Connection::open(Wire::new(stream)).await;
            // An upstream that agreed to HTTP/2 speaks it.
            opened.map_err(|error| match origin.scheme() {
                Scheme::Https => NotSentReason::ConnectionClosed,
                Scheme::Http => error,
            })
        };
        timeout_at(deadline, opening)
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?
    }

    /// Opens a connection with TLS in the protocol that the upstream prefers. Resolving, connecting, the TLS
    /// handshake and, in HTTP/2, the server's settings share the connect timeout.
    pub(crate) async fn connect_in_either(&self, origin: &Origin) -> Result<Opened, NotSentReason> {
        let deadline = Instant::now() + self.connect_timeout;
        let opening = async {
            let tcp = self.dial(origin, deadline).await?;
            let handshake = self.tls.handshake(origin.host(), tcp, Offer::Either);
            let stream = handshake.await?;
            let is_http_2 = Protocol::Http2.is_agreed(&stream);
            let wire = Wire::new(Stream::Tls(Box::new(stream)));
            if !is_http_2 {
                return Ok(Opened::Http1(wire));
            }
            let opened = Http2Connection::open(wire).await;
            // An upstream that agreed to HTTP/2 speaks it.
            let opened = opened.map_err(|_| NotSentReason::ConnectionClosed);
            opened.map(Opened::Http2)
        };
        timeout_at(deadline, opening)
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?
    }

    /// Returns the limit on opening a connection.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Returns whether the origin agrees to HTTP/2 in a TLS handshake. No request is sent. An upstream that
    /// agrees to that, and to nothing when it is offered HTTP/1.1, speaks HTTP/2 only.
    pub(crate) async fn agrees_to_http_2(&self, origin: &Origin) -> bool {
        let deadline = Instant::now() + PROBE_TIMEOUT.min(self.connect_timeout);
        let probe = async {
            let tcp = self.dial(origin, deadline).await?;
            self.tls.handshake(origin.host(), tcp, Offer::Http2).await
        };
        let probed = timeout_at(deadline, probe).await;
        probed.is_ok_and(|stream| stream.is_ok_and(|stream| Protocol::Http2.is_agreed(&stream)))
    }

    /// Opens a connection without TLS of the gateway's own. Resolving and connecting share the connect timeout.
    pub(crate) async fn open(&self, origin: &Origin) -> Result<TcpStream, NotSentReason> {
        self.dial(origin, Instant::now() + self.connect_timeout)
            .await
    }

    /// Opens a TCP connection to an address that has passed the rules, or a tunnel to a name. The proxy may know
    /// names that this machine does not.
    async fn dial(&self, origin: &Origin, deadline: Instant) -> Result<TcpStream, NotSentReason> {
        let host = origin.host();
        let looked_up = timeout_at(deadline, self.names.addresses(host))
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?;
        let known = looked_up.as_deref().unwrap_or_default();
        self.permit(origin, known)?;
        match &self.proxy {
            Some(proxy) if proxy.is_for(host, known) => {
                let tunneling = self.tunnel(proxy, origin, deadline);
                timeout_at(deadline, tunneling)
                    .await
                    .map_err(|_| NotSentReason::ConnectTimedOut)?
            }
            _ => {
                self.dial_addresses(&looked_up?, origin.port(), deadline)
                    .await
            }
        }
    }

    async fn tunnel(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<TcpStream, NotSentReason> {
        let addresses = self.names.addresses(&proxy.host).await?;
        let mut tcp = self
            .dial_addresses(&addresses, proxy.port, deadline)
            .await?;
        proxy
            .open_tunnel(&mut tcp, origin.host(), origin.port())
            .await?;
        Ok(tcp)
    }

    async fn dial_addresses(
        &self,
        addresses: &[IpAddr],
        port: u16,
        deadline: Instant,
    ) -> Result<TcpStream, NotSentReason> {
        let tcp = self.dialer.dial(addresses, port, deadline).await?;
        let without_delay = tcp.set_nodelay(true);
        without_delay.map_err(|error| NotSentReason::Connect(error.into()))?;
        Ok(tcp)
    }

    /// Refuses a name if any of its addresses is refused: its DNS server cannot be trusted to mean only
    /// the others, and which of them responds must not decide where a credential is sent.
    fn permit(&self, origin: &Origin, addresses: &[IpAddr]) -> Result<(), CheckRefused> {
        for address in addresses {
            self.policy
                .check(SocketAddr::new(*address, origin.port()))
                .map_err(|refused| CheckRefused {
                    host: origin.host().to_string(),
                    refused,
                    others: addresses
                        .iter()
                        .copied()
                        .filter(|other| other != address)
                        .collect(),
                })?;
        }
        Ok(())
    }
}
