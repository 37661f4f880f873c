//! The one way out: takes a connection, sends one request once, and gives back the answer or what
//! is known about its absence.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::address::{AddressPolicy, AllowedRange};
use crate::connect::{Connector, TlsSetupError};
use crate::connection::{Connection, ExchangeError};
use crate::error::{AmbiguousReason, CheckRefused, NotSentReason, SendError};
use crate::inbound::Inbound;
use crate::origin::Origin;
use crate::outbound::{Outbound, OutboundBody};
use crate::pool::{Lease, Pool};
use crate::resolve::{Names, Resolver, SystemResolver};

/// An unsafe request does not use a connection that has waited longer than this: a server that
/// closes it at the same moment would leave it unknown whether the request was acted upon.
const UNSAFE_IDLE_TIME_MAX: Duration = Duration::from_secs(2);

/// How upstreams are reached.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// For name, connection and TLS together.
    pub connect_timeout: Duration,
    /// From the last byte of the request to the head of the answer.
    pub first_byte_timeout: Duration,
    /// Between two pieces of the answer's body.
    pub idle_timeout: Duration,
    pub private_allow: Vec<AllowedRange>,
    /// Consulted before DNS; a name may repeat.
    pub hosts: Vec<(String, IpAddr)>,
    /// Further trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Where this gateway itself listens.
    pub own_listeners: Vec<SocketAddr>,
}

/// The upstreams, as seen from the gateway. One for the whole process.
pub struct Upstream {
    connector: Connector,
    pool: Arc<Pool>,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
}

impl Upstream {
    /// With the machine's own DNS.
    ///
    /// Fails if the file of further certificates cannot be used.
    pub fn new(settings: UpstreamSettings) -> Result<Self, TlsSetupError> {
        Self::with_resolver(settings, Arc::new(SystemResolver::from_system()))
    }

    /// With another way to resolve names.
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
            connector: Connector::new(policy, names, ca_file, settings.connect_timeout)?,
            pool: Arc::default(),
            first_byte_timeout: settings.first_byte_timeout,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// Whether this origin may be dialed, as far as can be known now. A name that does not
    /// resolve is not refused; sending will then fail with [`NotSentReason::Resolve`].
    pub async fn check(&self, origin: &Origin) -> Result<(), CheckRefused> {
        self.connector.check(origin).await
    }

    /// Sends the request exactly once and returns when the head of the answer has arrived.
    ///
    /// Dropping the future, or cancelling the token, closes the connection. The token also governs
    /// the answer's body.
    pub async fn send(
        &self,
        outbound: Outbound,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, SendError> {
        let asked = Asked {
            method: outbound.method.clone(),
            web_socket: outbound.web_socket,
        };
        let key = (outbound.pool, outbound.origin.clone());
        let idle_time_max = if is_safe(&asked.method) && !asked.web_socket {
            Duration::MAX
        } else {
            UNSAFE_IDLE_TIME_MAX
        };
        let mut request = outbound.into_request();

        while let Some(connection) = self.pool.take(&key, idle_time_max) {
            let lease = Lease {
                connection,
                pool: Arc::clone(&self.pool),
                key: key.clone(),
            };
            match self.exchange(lease, request, &asked, cancellation).await {
                Err(Unanswered::HandedBack(unsent)) => request = *unsent,
                Err(Unanswered::Failed(error)) => return Err(error),
                Ok(inbound) => return Ok(inbound),
            }
        }

        // Opening is rare and its state is large: it does not travel with every request.
        let connection = Box::pin(self.open(&key.1, cancellation)).await?;
        let lease = Lease {
            connection,
            pool: Arc::clone(&self.pool),
            key,
        };
        match self.exchange(lease, request, &asked, cancellation).await {
            Err(Unanswered::HandedBack(_)) => Err(NotSentReason::ConnectionClosed.into()),
            Err(Unanswered::Failed(error)) => Err(error),
            Ok(inbound) => Ok(inbound),
        }
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

    /// The connection as a WebSocket, if that was asked for.
    async fn switched(
        &self,
        mut lease: Lease,
        mut response: Response<Incoming>,
        asked: &Asked,
        cancellation: &CancellationToken,
    ) -> Option<Inbound> {
        let protocol = response.headers().get(UPGRADE)?;
        if !asked.web_socket || !protocol.as_bytes().eq_ignore_ascii_case(b"websocket") {
            return None;
        }
        let switching = hyper::upgrade::on(&mut response);
        let limit = self.first_byte_timeout;
        let switched = lease.connection.switched(switching, limit, cancellation);
        let switched = switched.await?;
        Some(Inbound::switched(response.into_parts().0.headers, switched))
    }

    async fn exchange(
        &self,
        mut lease: Lease,
        request: Request<OutboundBody>,
        asked: &Asked,
        cancellation: &CancellationToken,
    ) -> Result<Inbound, Unanswered> {
        let exchange = lease
            .connection
            .exchange(request, self.first_byte_timeout, cancellation);
        let error = match exchange.await {
            Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                match self.switched(lease, response, asked, cancellation).await {
                    Some(inbound) => return Ok(inbound),
                    None => AmbiguousReason::UnexpectedUpgrade.into(),
                }
            }
            Ok(response) => {
                let idle_timeout = self.idle_timeout;
                return Ok(Inbound::new(
                    response,
                    &asked.method,
                    lease,
                    idle_timeout,
                    cancellation,
                ));
            }
            Err(ExchangeError::HandedBack(request)) => return Err(Unanswered::HandedBack(request)),
            Err(ExchangeError::Lost {
                nothing_written: true,
                ..
            }) => NotSentReason::ConnectionClosed.into(),
            Err(ExchangeError::Lost {
                error,
                nothing_written: false,
            }) => ambiguous(error).into(),
            Err(ExchangeError::TimedOut) => SendError::TimedOut,
            Err(ExchangeError::Cancelled { nothing_written }) => SendError::Cancelled {
                may_have_been_sent: !nothing_written,
            },
        };
        Err(Unanswered::Failed(error))
    }
}

/// What an exchange is about beside its request.
#[derive(Clone)]
struct Asked {
    method: Method,
    web_socket: bool,
}

enum Unanswered {
    /// The connection had ended before the request was begun: another may be tried.
    HandedBack(Box<Request<OutboundBody>>),
    Failed(SendError),
}

fn ambiguous(error: hyper::Error) -> AmbiguousReason {
    if error.is_user() {
        AmbiguousReason::RequestBody(error)
    } else if error.is_parse() {
        AmbiguousReason::InvalidAnswer(error)
    } else {
        AmbiguousReason::ConnectionLost(error)
    }
}

/// Methods that ask for nothing to be done.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
