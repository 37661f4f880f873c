//! The only way to send a request upstream: takes a connection, sends the request once, and returns the
//! response or what is known about its absence.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::header::is_grpc;
use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::address::{AddressPolicy, AllowedRange};
use crate::connect::Connector;
use crate::connection::{Connection, ExchangeError};
use crate::error::{AmbiguousReason, CheckRefused, NotSentReason, SendError, UnusableReason};
use crate::head_watch::{Head, RESPONSE_FIELDS_MAX};
use crate::http2::{self, Exchanged, Http2Pool, Http2Request, Opened, Slot, Speaks, Way};
use crate::inbound::Inbound;
use crate::origin::{Origin, Scheme};
use crate::outbound::{Outbound, OutboundBody};
use crate::pool::{Key, Lease, Pool};
use crate::proxy::Proxy;
use crate::resolve::{Names, Resolver, SystemResolver};
use crate::tls::TlsSetupError;
use crate::wire::Wire;

/// The longest idle time of a connection for an unsafe request, and for the last attempt at a read. If a server closes an older one at the
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
    http_2: Arc<Http2Pool>,
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
            http_2: Arc::default(),
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
        mut outbound: Outbound,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        let speaks = self.http_2.speaks(&outbound.origin);
        outbound.options.apart &= speaks != Some(Speaks::Http2Only);
        let options = outbound.options;
        let call = Call {
            sharing: Sharing::of(&outbound),
            key: (outbound.pool, outbound.origin.clone()),
            may_reuse: !options.fresh_connection,
            is_apart: options.apart,
            method: outbound.method.clone(),
            web_socket: outbound.web_socket,
            first_byte_timeout: options
                .first_byte_timeout
                .unwrap_or(self.first_byte_timeout),
            idle_timeout: options.idle_timeout.unwrap_or(self.idle_timeout),
        };
        let request = outbound.into_request();
        let origin = &call.key.1;
        let may_use_http_2 = match call.sharing {
            Sharing::Grpc => true,
            Sharing::Repeatable => {
                origin.scheme() == Scheme::Https && speaks != Some(Speaks::Http1Only)
            }
            Sharing::None => !call.web_socket && speaks == Some(Speaks::Http2Only),
        };
        if call.is_apart {
            return Box::pin(self.send_apart(request, call, cancellation)).await;
        }
        if !may_use_http_2 {
            return self.send_in_http_1(request, None, call, cancellation).await;
        }
        // The futures of HTTP/2 are boxed, so that the future of every other request stays small.
        match Box::pin(self.way(&call, cancellation)).await {
            Ok(Way::Http2(slot)) => {
                Box::pin(self.send_in_http_2(slot, request, call, cancellation)).await
            }
            Ok(Way::Http1(opened)) => {
                Box::pin(self.send_in_http_1(request, opened, call, cancellation)).await
            }
            Err(SendError::NotSent(NotSentReason::NoHttp2)) if call.sharing != Sharing::Grpc => {
                self.http_2.forget(origin);
                Box::pin(self.send_in_http_1(request, None, call, cancellation)).await
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a request that shares no connection, when its turn comes.
    async fn send_apart(
        &self,
        request: Request<OutboundBody>,
        call: Call,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        let limit = self.connector.connect_timeout();
        let turn = self.http_2.apart(&call.key, limit);
        let turn = cancellation.run_until_cancelled(turn).await;
        let _turn = turn.ok_or(SendError::Cancelled {
            may_have_been_sent: false,
        })??;
        self.send_in_http_1(request, None, call, cancellation).await
    }

    /// Sends a request in HTTP/1.1, unless the origin turns out to speak HTTP/2 only before anything is sent.
    /// `opened` is a connection that has been opened for it.
    async fn send_in_http_1(
        &self,
        mut request: Request<OutboundBody>,
        opened: Option<Wire>,
        call: Call,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        let origin = &call.key.1;
        let may_reuse = call.may_reuse && opened.is_none();
        let idle_time_max = if is_safe(&call.method) && !call.web_socket && !call.is_apart {
            Duration::MAX
        } else {
            UNSAFE_IDLE_TIME_MAX
        };
        let kept = || self.pool.take(&call.key, idle_time_max);
        while let Some(connection) = may_reuse.then(kept).flatten() {
            let lease = self.lease(connection, &call);
            match self.exchange(lease, request, &call, cancellation).await {
                Err(ExchangeFailed::HandedBack {
                    request: unsent, ..
                }) => request = *unsent,
                Err(ExchangeFailed::Failed(error)) => return Err(error),
                Ok(inbound) => return Ok(inbound),
            }
        }

        // Boxed because opening is rare and its state is large, which would enlarge every request's future.
        let connection = match Box::pin(self.open(origin, opened, cancellation)).await {
            Err(SendError::NotSent(NotSentReason::Http2Only)) if !call.web_socket => {
                self.http_2.remember(origin, Speaks::Http2Only);
                let slot = Box::pin(self.http_2_slot(&call, cancellation)).await?;
                return Box::pin(self.send_in_http_2(slot, request, call, cancellation)).await;
            }
            opened => opened?,
        };
        let agreed_to_http_1 = connection.agreed_to_http_1();
        let lease = self.lease(connection, &call);
        match self.exchange(lease, request, &call, cancellation).await {
            Err(ExchangeFailed::HandedBack { head, .. }) => Err(unsent(head).into()),
            Err(ExchangeFailed::Failed(error)) if agreed_to_http_1 => Err(error),
            Err(ExchangeFailed::Failed(error)) => {
                Err(Box::pin(self.explained(error, origin, cancellation)).await)
            }
            Ok(inbound) => Ok(inbound),
        }
    }

    fn lease(&self, connection: Box<Connection>, call: &Call) -> Lease {
        Lease {
            connection,
            pool: Arc::clone(&self.pool),
            key: call.key.clone(),
        }
    }

    /// Returns the way that the call takes, if it may use HTTP/2.
    async fn way(&self, call: &Call, cancellation: &CancellationToken) -> Result<Way, SendError> {
        let (key, origin) = (&call.key, &call.key.1);
        let limit = self.connector.connect_timeout();
        let finding = async {
            match call.sharing {
                Sharing::Repeatable => {
                    let open = self.connector.connect_in_either(origin);
                    self.http_2.shared(key, true, limit, open).await
                }
                Sharing::Grpc if call.may_reuse => {
                    let open = self.connector.connect_in_http_2(origin);
                    let open = async { open.await.map(Opened::Http2) };
                    self.http_2.shared(key, false, limit, open).await
                }
                Sharing::Grpc | Sharing::None => {
                    let idle_time_max = call.may_reuse.then_some(UNSAFE_IDLE_TIME_MAX);
                    let open = self.connector.connect_in_http_2(origin);
                    let slot = self.http_2.alone(key, idle_time_max, open).await;
                    slot.map(Way::Http2)
                }
            }
        };
        let found = cancellation.run_until_cancelled(finding).await;
        Ok(found.ok_or(SendError::Cancelled {
            may_have_been_sent: false,
        })??)
    }

    /// Returns the right to a stream of an HTTP/2 connection to the call's origin.
    async fn http_2_slot(
        &self,
        call: &Call,
        cancellation: &CancellationToken,
    ) -> Result<Slot, SendError> {
        match self.way(call, cancellation).await? {
            Way::Http2(slot) => Ok(slot),
            // A read that had a connection is sent again, on one of its own.
            Way::Http1(_) => Err(NotSentReason::ConnectionClosed.into()),
        }
    }

    /// Sends a request in HTTP/2.
    async fn send_in_http_2(
        &self,
        mut slot: Slot,
        request: Request<OutboundBody>,
        call: Call,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        /// How often a connection may take no further requests just when it is used.
        const ATTEMPTS_MAX: usize = 3;
        let mut request = Http2Request::new(request, &call.key.1)
            .map_err(|error| NotSentReason::Unwritable(error.into()))?;
        let mut attempts = 1;
        loop {
            let exchange = slot.exchange(request, call.first_byte_timeout, cancellation);
            request = match exchange.await {
                Ok(exchanged) => return arrived_in_http_2(exchanged, &call, cancellation),
                Err(http2::ExchangeError::HandedBack(unsent)) if attempts < ATTEMPTS_MAX => *unsent,
                Err(error) => {
                    if matches!(error, http2::ExchangeError::Http1Required) {
                        self.http_2.remember(&call.key.1, Speaks::Http1Only);
                    }
                    return Err(failed_in_http_2(error, call.first_byte_timeout));
                }
            };
            attempts += 1;
            slot = self.http_2_slot(&call, cancellation).await?;
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
                self.http_2.remember(origin, Speaks::Http2Only);
                return AmbiguousReason::Http2.into();
            }
        }
        error
    }

    async fn open(
        &self,
        origin: &Origin,
        opened: Option<Wire>,
        cancellation: &CancellationToken,
    ) -> Result<Box<Connection>, SendError> {
        let wire = match opened {
            Some(wire) => wire,
            None => cancellation
                .run_until_cancelled(self.connector.connect(origin))
                .await
                .ok_or(SendError::Cancelled {
                    may_have_been_sent: false,
                })??,
        };
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
        call: &Call,
        cancellation: &CancellationToken,
    ) -> Option<Inbound> {
        let protocol = response.headers().get(UPGRADE)?;
        if !call.web_socket || !protocol.as_bytes().eq_ignore_ascii_case(b"websocket") {
            return None;
        }
        let switching = hyper::upgrade::on(&mut response);
        let limit = call.first_byte_timeout;
        let switched = lease.connection.switched(switching, limit, cancellation);
        let switched = switched.await?;
        Some(Inbound::switched(response.into_parts().0.headers, switched))
    }

    async fn exchange(
        &self,
        mut lease: Lease,
        request: Request<OutboundBody>,
        call: &Call,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, ExchangeFailed> {
        let exchange = lease
            .connection
            .exchange(request, call.first_byte_timeout, cancellation);
        let outcome = exchange.await;
        let head = lease.connection.head();
        let error = match outcome {
            Ok(response) if head.is_framing_damaged => SendError::Unusable {
                status: response.status(),
                reason: UnusableReason::Framing,
            },
            Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                match self.switched(lease, response, call, cancellation).await {
                    Some(inbound) => return Ok(inbound),
                    None => AmbiguousReason::UnexpectedUpgrade.into(),
                }
            }
            Ok(response) => {
                let idle_timeout = call.idle_timeout;
                return Ok(Inbound::new(
                    response,
                    &call.method,
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
            Err(ExchangeError::TimedOut) => timed_out(head, call.first_byte_timeout),
            Err(ExchangeError::Cancelled { nothing_written }) => SendError::Cancelled {
                may_have_been_sent: !nothing_written,
            },
        };
        Err(ExchangeFailed::Failed(error))
    }
}

/// A request, apart from its bytes.
struct Call {
    key: Key,
    sharing: Sharing,
    /// Whether it may use a connection that has served another request.
    may_reuse: bool,
    is_apart: bool,
    method: Method,
    web_socket: bool,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
}

/// Which requests may use the same connection at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// None: the request can change something, or must have a connection of its own for another reason. So a
    /// failure is known to the byte in HTTP/1.1, and concerns this request alone in HTTP/2.
    None,
    /// Any, because it does no harm to send this one twice.
    Repeatable,
    /// Any, and only in HTTP/2: clients of gRPC expect that.
    Grpc,
}

impl Sharing {
    fn of(outbound: &Outbound) -> Self {
        let options = &outbound.options;
        if is_grpc(&outbound.headers) {
            Self::Grpc
        } else if options.may_repeat
            && is_safe(&outbound.method)
            && !outbound.web_socket
            && !options.apart
            && !matches!(outbound.body, OutboundBody::Streaming(_))
        {
            Self::Repeatable
        } else {
            Self::None
        }
    }
}

enum ExchangeFailed {
    /// The connection had ended before the request was begun, so another can be tried.
    HandedBack {
        request: Box<Request<OutboundBody>>,
        head: Head,
    },
    Failed(SendError),
}

/// Returns a response in HTTP/2 whose head has arrived.
fn arrived_in_http_2(
    exchanged: Exchanged,
    call: &Call,
    cancellation: &CancellationToken,
) -> Result<Inbound, SendError> {
    let status = exchanged.head.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(AmbiguousReason::UnexpectedUpgrade.into());
    }
    if exchanged.head.headers().len() > RESPONSE_FIELDS_MAX {
        let reason = UnusableReason::HeadTooLarge;
        return Err(SendError::Unusable { status, reason });
    }
    let (method, idle_timeout) = (&call.method, call.idle_timeout);
    Ok(Inbound::of_http_2(
        exchanged,
        method,
        idle_timeout,
        cancellation,
    ))
}

/// Returns the error of a request in HTTP/2.
fn failed_in_http_2(error: http2::ExchangeError, limit: Duration) -> SendError {
    match error {
        http2::ExchangeError::HandedBack(_) => NotSentReason::ConnectionClosed.into(),
        http2::ExchangeError::Refused => NotSentReason::StreamRefused.into(),
        http2::ExchangeError::GoneAway => NotSentReason::GoneAway.into(),
        http2::ExchangeError::RequestBody(error) => AmbiguousReason::RequestBody(error).into(),
        http2::ExchangeError::TimedOut => SendError::TimedOut { limit },
        http2::ExchangeError::Cancelled { nothing_written } => SendError::Cancelled {
            may_have_been_sent: !nothing_written,
        },
        http2::ExchangeError::Http1Required => AmbiguousReason::Http1Required.into(),
        http2::ExchangeError::Lost { error, is_stale } => SendError::Ambiguous(if is_stale {
            AmbiguousReason::StaleConnection(error.into())
        } else if error.is_remote() {
            AmbiguousReason::Reset(error)
        } else if error.is_io() {
            AmbiguousReason::ConnectionLost(error.into())
        } else {
            AmbiguousReason::InvalidResponse(error.into())
        }),
    }
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
        return AmbiguousReason::RequestBody(error.into()).into();
    }
    let Some(status) = head.status else {
        return SendError::Ambiguous(if head.is_http_2 {
            AmbiguousReason::Http2
        } else if error.is_parse() {
            AmbiguousReason::InvalidResponse(error.into())
        } else if is_used && !head.has_begun {
            AmbiguousReason::StaleConnection(error.into())
        } else {
            AmbiguousReason::ConnectionLost(error.into())
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
