//! The only way to send a request upstream: takes a connection, sends the request once, and returns the
//! response or what is known about its absence.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::address::{AddressPolicy, AllowedRange};
use crate::connect::Connector;
use crate::connection::{Connection, ExchangeError};
use crate::error::{AmbiguousReason, CheckRefused, NotSentReason, SendError, UnusableReason};
use crate::head_watch::Head;
use crate::inbound::Inbound;
use crate::origin::{Origin, Scheme};
use crate::outbound::{Outbound, OutboundBody};
use crate::pool::{Lease, Pool};
use crate::proxy::Proxy;
use crate::resolve::{Names, Resolver, SystemResolver};
use crate::tls::TlsSetupError;

/// The longest idle time of a connection for an unsafe request. If a server closes an older one at the
/// same moment, it would be unknown whether the request was processed. Servers that close idle
/// connections wait at least several seconds.
const UNSAFE_IDLE_TIME_MAX: Duration = Duration::from_secs(2);

/// The settings for reaching upstreams.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// For resolving, connecting and the TLS handshake together.
    pub connect_timeout: Duration,
    /// From the last byte of the request to the head of the response.
    pub first_byte_timeout: Duration,
    /// Between two pieces of the response's body.
    pub idle_timeout: Duration,
    pub private_allow: Vec<AllowedRange>,
    /// Used before DNS; a name may repeat.
    pub hosts: Vec<(String, IpAddr)>,
    /// The proxy through which connections leave.
    pub proxy: Option<Proxy>,
    /// Additional trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// The addresses that this gateway listens on.
    pub own_listeners: Vec<SocketAddr>,
}

/// Sends requests to upstreams. One instance serves the whole process.
pub struct Upstream {
    connector: Connector,
    pool: Arc<Pool>,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
}

impl Upstream {
    /// Creates an instance that uses the machine's own DNS.
    ///
    /// Fails if the file of additional certificates cannot be used.
    pub fn new(settings: UpstreamSettings) -> Result<Self, TlsSetupError> {
        Self::with_resolver(settings, Arc::new(SystemResolver::from_system()))
    }

    /// Creates an instance with another resolver.
    pub fn with_resolver(
        settings: UpstreamSettings,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, TlsSetupError> {
        let policy = AddressPolicy {
            private_allow: settings.private_allow,
            own_listeners: settings.own_listeners,
        };
        let names = Names::new(settings.hosts, resolver);
        let ca_file = settings.ca_file.as_deref();
        Ok(Self {
            connector: Connector::new(
                policy,
                names,
                settings.proxy,
                ca_file,
                settings.connect_timeout,
            )?,
            pool: Arc::default(),
            first_byte_timeout: settings.first_byte_timeout,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// Checks whether this origin may be dialed, as far as can be known now. A name that does not
    /// resolve is not refused; sending will then fail with [`NotSentReason::Resolve`].
    pub async fn check(&self, origin: &Origin) -> Result<(), CheckRefused> {
        self.connector.check(origin).await
    }

    /// Opens a connection that carries whatever the caller sends, to an address that may be dialed.
    ///
    /// # Errors
    ///
    /// If the address may not be dialed, or does not accept the connection in time.
    pub async fn open_tcp(&self, origin: &Origin) -> Result<TcpStream, NotSentReason> {
        self.connector.open(origin).await
    }

    /// Sends the request at most once and returns when the head of the response has arrived.
    ///
    /// Dropping the future, or cancelling the token, closes the connection. The token also cancels the
    /// response's body.
    pub async fn send(
        &self,
        outbound: Outbound,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        let options = outbound.options;
        let expected = Expected {
            method: outbound.method.clone(),
            web_socket: outbound.web_socket,
            first_byte_timeout: options
                .first_byte_timeout
                .unwrap_or(self.first_byte_timeout),
            idle_timeout: options.idle_timeout.unwrap_or(self.idle_timeout),
        };
        let may_reuse = !options.fresh_connection;
        let key = (outbound.pool, outbound.origin.clone());
        let idle_time_max = if is_safe(&expected.method) && !expected.web_socket {
            Duration::MAX
        } else {
            UNSAFE_IDLE_TIME_MAX
        };
        let mut request = outbound.into_request();

        let kept = || self.pool.take(&key, idle_time_max);
        while let Some(connection) = may_reuse.then(kept).flatten() {
            let lease = Lease {
                connection,
                pool: Arc::clone(&self.pool),
                key: key.clone(),
            };
            match self.exchange(lease, request, &expected, cancellation).await {
                Err(ExchangeFailed::HandedBack {
                    request: unsent, ..
                }) => request = *unsent,
                Err(ExchangeFailed::Failed(error)) => return Err(error),
                Ok(inbound) => return Ok(inbound),
            }
        }

        // Boxed because opening is rare and its state is large, which would enlarge every request's future.
        let connection = Box::pin(self.open(&key.1, cancellation)).await?;
        let (origin, agreed_to_http_1) = (key.1.clone(), connection.agreed_to_http_1());
        let lease = Lease {
            connection,
            pool: Arc::clone(&self.pool),
            key,
        };
        match self.exchange(lease, request, &expected, cancellation).await {
            Err(ExchangeFailed::HandedBack { head, .. }) => Err(unsent(head).into()),
            Err(ExchangeFailed::Failed(error)) if agreed_to_http_1 => Err(error),
            Err(ExchangeFailed::Failed(error)) => {
                Err(Box::pin(self.explained(error, &origin, cancellation)).await)
            }
            Ok(inbound) => Ok(inbound),
        }
    }

    /// Returns the error of a new connection whose server has not agreed to HTTP/1.1. If it speaks HTTP/2 only,
    /// the error says so: how it breaks the connection does not.
    async fn explained(
        &self,
        error: SendError,
        origin: &Origin,
        cancellation: &CancellationToken,
    ) -> SendError {
        let is_broken = matches!(
            error,
            SendError::Ambiguous(
                AmbiguousReason::ConnectionLost(_) | AmbiguousReason::InvalidResponse(_)
            )
        );
        if is_broken && origin.scheme() == Scheme::Https {
            let probe = self.connector.agrees_to_http_2(origin);
            if cancellation.run_until_cancelled(probe).await == Some(true) {
                return AmbiguousReason::Http2.into();
            }
        }
        error
    }

    async fn open(
        &self,
        origin: &Origin,
        cancellation: &CancellationToken,
    ) -> Result<Box<Connection>, SendError> {
        let wire = cancellation
            .run_until_cancelled(self.connector.connect(origin))
            .await
            .ok_or(SendError::Cancelled {
                may_have_been_sent: false,
            })??;
        match Connection::open(wire).await {
            Ok(connection) => Ok(Box::new(connection)),
            Err(_) => Err(NotSentReason::ConnectionClosed.into()),
        }
    }

    /// Returns the connection as a WebSocket, if the request asked for one.
    async fn switched(
        &self,
        mut lease: Lease,
        mut response: Response<Incoming>,
        expected: &Expected,
        cancellation: &CancellationToken,
    ) -> Option<Inbound> {
        let protocol = response.headers().get(UPGRADE)?;
        if !expected.web_socket || !protocol.as_bytes().eq_ignore_ascii_case(b"websocket") {
            return None;
        }
        let switching = hyper::upgrade::on(&mut response);
        let limit = expected.first_byte_timeout;
        let switched = lease.connection.switched(switching, limit, cancellation);
        let switched = switched.await?;
        Some(Inbound::switched(response.into_parts().0.headers, switched))
    }

    async fn exchange(
        &self,
        mut lease: Lease,
        request: Request<OutboundBody>,
        expected: &Expected,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, ExchangeFailed> {
        let exchange =
            lease
                .connection
                .exchange(request, expected.first_byte_timeout, cancellation);
        let outcome = exchange.await;
        let head = lease.connection.head();
        let error = match outcome {
            Ok(response) if head.is_framing_damaged => SendError::Unusable {
                status: response.status(),
                reason: UnusableReason::Framing,
            },
            Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                match self.switched(lease, response, expected, cancellation).await {
                    Some(inbound) => return Ok(inbound),
                    None => AmbiguousReason::UnexpectedUpgrade.into(),
                }
            }
            Ok(response) => {
                let idle_timeout = expected.idle_timeout;
                return Ok(Inbound::new(
                    response,
                    &expected.method,
                    lease,
                    idle_timeout,
                    cancellation,
                ));
            }
            Err(ExchangeError::HandedBack(request)) => {
                return Err(ExchangeFailed::HandedBack { request, head });
            }
            Err(ExchangeError::Lost {
                nothing_written: true,
                ..
            }) => unsent(head).into(),
            Err(ExchangeError::Lost {
                error,
                nothing_written: false,
                is_used,
            }) => lost(error, head, is_used),
            Err(ExchangeError::TimedOut) => timed_out(head, expected.first_byte_timeout),
            Err(ExchangeError::Cancelled { nothing_written }) => SendError::Cancelled {
                may_have_been_sent: !nothing_written,
            },
        };
        Err(ExchangeFailed::Failed(error))
    }
}

/// The parts of a request that its exchange needs after the request was sent.
#[derive(Clone)]
struct Expected {
    method: Method,
    web_socket: bool,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
}

enum ExchangeFailed {
    /// The connection had ended before the request was begun, so another can be tried.
    HandedBack {
        request: Box<Request<OutboundBody>>,
        head: Head,
    },
    Failed(SendError),
}

/// Returns why nothing of a request was sent although its connection was open.
fn unsent(head: Head) -> NotSentReason {
    if head.is_http_2 {
        NotSentReason::Http2Only
    } else {
        NotSentReason::ConnectionClosed
    }
}

fn timed_out(head: Head, limit: Duration) -> SendError {
    match head.status {
        None => SendError::TimedOut { limit },
        Some(status) => SendError::Unusable {
            status,
            reason: UnusableReason::TimedOut,
        },
    }
}

/// Returns the error of a request that was begun, and whose response failed within its head. `is_used` is whether
/// its connection had served another request.
fn lost(error: hyper::Error, head: Head, is_used: bool) -> SendError {
    if error.is_user() {
        return AmbiguousReason::RequestBody(error).into();
    }
    let Some(status) = head.status else {
        return SendError::Ambiguous(if head.is_http_2 {
            AmbiguousReason::Http2
        } else if error.is_parse() {
            AmbiguousReason::InvalidResponse(error)
        } else if is_used && !head.has_begun {
            AmbiguousReason::StaleConnection(error)
        } else {
            AmbiguousReason::ConnectionLost(error)
        });
    };
    let reason = if error.is_parse_too_large() {
        UnusableReason::HeadTooLarge
    } else if error.is_parse() {
        UnusableReason::Invalid(error)
    } else {
        UnusableReason::Cut(error)
    };
    SendError::Unusable { status, reason }
}

/// Returns whether the method is safe (RFC 9110, section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
