//! Serves one connection with hyper, behind the guard.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gaiterguard_framing::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX, Role};
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;

use crate::guard::{Guard, Refusal, Timeouts};
use crate::limits::{HALF_CLOSE, KEEP_ALIVE_IDLE, WRITE_STALL};
use crate::response::{CountedBody, ResponseCounter};
use crate::{Handler, Lifecycle, Limits, RequestBody};

/// One of the connections that a listener may accept. It is an extension of a CONNECT request, so that
/// a tunnel counts as a connection for as long as it is open.
#[derive(Debug, Clone)]
pub struct ConnectionSlot {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl ConnectionSlot {
    pub(crate) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: Arc::new(permit),
        }
    }
}

/// How a connection is served.
pub(crate) struct Serving<H> {
    pub(crate) handler: H,
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    pub(crate) lifecycle: Lifecycle,
    /// The slot of a connection that a listener accepted.
    pub(crate) slot: Option<ConnectionSlot>,
}

/// Serves a stream that was not accepted by a listener, such as TLS inside a tunnel, until it ends or
/// the process drains. The limits are those of a connection.
pub async fn serve_stream<H: Handler>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    handler: H,
    limits: Limits,
    lifecycle: Lifecycle,
) {
    let serving = Serving {
        handler,
        role: Role::Origin,
        limits,
        lifecycle,
        slot: None,
    };
    serve(stream, peer, serving).await;
}

/// Serves a connection until it ends, or until the process drains.
pub(crate) async fn serve<H: Handler>(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    serving: Serving<H>,
) {
    let Serving {
        handler,
        role,
        limits,
        lifecycle,
        slot,
    } = serving;
    let refusal = Arc::new(Refusal::default());
    let timeouts = Timeouts {
        head: limits.header_timeout,
        write: WRITE_STALL,
        half_close: HALF_CLOSE,
    };
    let responses = Arc::new(ResponseCounter::default());
    let guard = Guard::new(
        socket,
        role,
        Arc::clone(&refusal),
        Arc::clone(&responses),
        timeouts,
    );
    let requests = Requests {
        handler,
        peer,
        limits,
        slot,
        refusal,
        responses,
        count: AtomicU64::new(0),
        must_close: Arc::new(AtomicBool::new(false)),
    };
    let service = service_fn(|request| requests.handle(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The guard enforces the timeout of a head. Hyper's timer ends idle connections, but also
        // runs while a head arrives, so it leaves a head that begins in time as long as the guard.
        .header_read_timeout(KEEP_ALIVE_IDLE + limits.header_timeout)
        .max_headers(HEAD_FIELDS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(guard), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut is_draining = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("connection from {peer} failed: {error}");
                }
                return;
            }
            () = lifecycle.draining(), if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

struct Requests<H> {
    handler: H,
    peer: SocketAddr,
    limits: Limits,
    slot: Option<ConnectionSlot>,
    refusal: Arc<Refusal>,
    responses: Arc<ResponseCounter>,
    /// Counts the requests that hyper has read, to recognize the placeholder among them.
    count: AtomicU64,
    must_close: Arc<AtomicBool>,
}

impl<H: Handler> Requests<H> {
    async fn handle(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<CountedBody<H::Body>>, Infallible> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(error) = self.refusal.of(number) {
            let mut response = self.handler.refuse(error);
            close_after(&mut response);
            return Ok(self.counted(response));
        }
        let mut request = request.map(|incoming| {
            RequestBody::new(
                incoming,
                self.limits.body_idle_timeout,
                Arc::clone(&self.must_close),
            )
        });
        let is_connect = request.method() == Method::CONNECT;
        if is_connect && let Some(slot) = &self.slot {
            request.extensions_mut().insert(slot.clone());
        }
        let mut response = self.handler.handle(request, self.peer).await;
        let opens_tunnel = is_connect && response.status().is_success();
        if opens_tunnel || response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.responses.switch();
        }
        if self.must_close.load(Ordering::Acquire) {
            close_after(&mut response);
        }
        Ok(self.counted(response))
    }

    fn counted(&self, response: Response<H::Body>) -> Response<CountedBody<H::Body>> {
        response.map(|body| CountedBody::new(body, Arc::clone(&self.responses)))
    }
}

/// Closes the connection after this response.
fn close_after<B>(response: &mut Response<B>) {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
}
