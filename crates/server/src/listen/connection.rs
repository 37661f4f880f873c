//! Serves one connection with hyper, behind the guard.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::Body;
use axum::response::Response;
use gaiterguard_framing::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};
use http::header::CONNECTION;
use http::{HeaderValue, Request, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::Limits;
use super::body::RequestBody;
use super::guard::{Guard, Refusal, Timeouts};
use super::limits::{HALF_CLOSE, KEEP_ALIVE_IDLE, WRITE_STALL};
use super::response::{CountedBody, ResponseCounter};
use crate::lifecycle::Lifecycle;
use crate::middleware::Boundary;

/// Serves a connection until it ends, or until the gateway drains.
pub(super) async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    boundary: Boundary,
    limits: Limits,
    lifecycle: Lifecycle,
) {
    let refusal = Arc::new(Refusal::default());
    let timeouts = Timeouts {
        head: limits.header_timeout,
        write: WRITE_STALL,
        half_close: HALF_CLOSE,
    };
    let responses = Arc::new(ResponseCounter::default());
    let guard = Guard::new(
        socket,
        Arc::clone(&refusal),
        Arc::clone(&responses),
        timeouts,
    );
    let requests = Requests {
        boundary,
        peer,
        limits,
        refusal,
        responses,
        count: AtomicU64::new(0),
        must_close: Arc::new(AtomicBool::new(false)),
    };
    let service = service_fn(|request| requests.handle(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The guard enforces the timeout of a head. For hyper, this timeout is the idle time
        // between two requests.
        .header_read_timeout(KEEP_ALIVE_IDLE)
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

struct Requests {
    boundary: Boundary,
    peer: SocketAddr,
    limits: Limits,
    refusal: Arc<Refusal>,
    responses: Arc<ResponseCounter>,
    /// Counts the requests that hyper has read, to recognize the placeholder among them.
    count: AtomicU64,
    must_close: Arc<AtomicBool>,
}

impl Requests {
    async fn handle(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<CountedBody>, Infallible> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(error) = self.refusal.of(number) {
            return Ok(self.counted(Boundary::refuse(error)));
        }
        let request = request.map(|incoming| {
            if incoming.is_end_stream() {
                Body::empty()
            } else {
                Body::new(RequestBody::new(
                    incoming,
                    self.limits.body_idle_timeout,
                    Arc::clone(&self.must_close),
                ))
            }
        });
        let mut response = self.boundary.handle(request, self.peer).await;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.responses.switch();
        }
        if self.must_close.load(Ordering::Acquire) {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(self.counted(response))
    }

    fn counted(&self, response: Response) -> Response<CountedBody> {
        response.map(|body| CountedBody::new(body, Arc::clone(&self.responses)))
    }
}
