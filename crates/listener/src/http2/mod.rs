//! Serves one HTTP/2 connection with hyper, whose requests become those of HTTP/1.1 for the handler.
//!
//! A stream is a request of its own: the failure of one does not affect the others. A client that floods the
//! connection loses it.

mod activity;
mod frame_guard;
mod request;
mod settings_mask;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gaiterguard_framing::HEAD_BYTES_MAX;
use http::header::CONNECTION;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{MissedTickBehavior, interval};

use self::activity::{ActiveBody, Activity};
use self::frame_guard::{FrameGuard, HeadProgress};
use crate::limits::KEEP_ALIVE_IDLE;
use crate::{Handler, HeadError, Lifecycle, Limits, RequestBody};

/// The most requests at a time on one connection. Common servers allow as many.
pub(crate) const STREAMS_MAX: u32 = 128;

/// How much of one request's body may arrive before it is read, in bytes: twice the default of HTTP/2, so that an
/// upload does not pause for every window on a network with some delay. All windows of a connection together take
/// 16 MiB.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;

/// How much of all bodies of a connection may arrive before it is read, in bytes: enough for every one of them, so
/// that those that wait do not stop the others.
const CONNECTION_WINDOW_BYTES: u32 = STREAMS_MAX * STREAM_WINDOW_BYTES;

/// How much of one response is buffered for a client that is slow to read it, in bytes. It keeps the network busy,
/// and bounds what such a client costs.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How many streams a client may reset before they are served, and how many it may make the server reset by
/// breaking the protocol. Browsers and SDKs come nowhere near.
const PENDING_RESETS_MAX: usize = 32;
const ERROR_RESETS_MAX: usize = 64;

/// How often a client with open requests is asked whether it is there, and how long it may take to respond. A
/// client that has vanished is noticed within a
/// minute, so that its requests end.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a connection is checked for idleness and for a head that does not arrive. The limits are seconds, so a
/// quarter of one does not matter.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// Serves a stream with HTTP/2 until it ends or the process drains. The limits are those of a connection of
/// HTTP/1.1, and the handler gets the same requests: `:authority` is also in `Host`. A response with
/// `Connection: close` is the last one. Extended CONNECT is not offered, and an attempt is refused with the reason.
pub async fn serve_http2_stream<H: Handler>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    handler: H,
    limits: Limits,
    lifecycle: Lifecycle,
) {
    let activity = Arc::new(Activity::default());
    let head = Arc::new(HeadProgress::default());
    let guard = FrameGuard::new(stream, Arc::clone(&head));
    let service = service_fn(|request| {
        let (handler, activity) = (handler.clone(), Arc::clone(&activity));
        respond(handler, activity, request, peer, limits)
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        // The guard withdraws the offer, so that the response to an attempt can say what to do instead.
        .enable_connect_protocol()
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .max_local_error_reset_streams(ERROR_RESETS_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .serve_connection(TokioIo::new(guard), service);
    let mut connection = pin!(connection);
    let mut checks = interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("HTTP/2 connection from {peer} failed: {error}");
                }
                return;
            }
            () = lifecycle.draining(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = activity.must_end(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = checks.tick() => {
                if head.is_late(limits.header_timeout) {
                    tracing::debug!("HTTP/2 connection from {peer} closed: a head did not arrive in time");
                    return;
                }
                match activity.idle_time() {
                    Some(idle) if idle > KEEP_ALIVE_IDLE + limits.header_timeout => return,
                    Some(idle) if idle > KEEP_ALIVE_IDLE && !is_ending => {
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Responds to one request.
async fn respond<H: Handler>(
    handler: H,
    activity: Arc<Activity>,
    request: Request<Incoming>,
    peer: SocketAddr,
    limits: Limits,
) -> Result<Response<ActiveBody<H::Body>>, Infallible> {
    let active = activity.begin();
    // Hyper resets a stream whose body fails, so the connection need not close.
    let unused = Arc::new(AtomicBool::new(false));
    let mut request =
        request.map(|incoming| RequestBody::new(incoming, limits.body_idle_timeout, unused));
    let mut response = match request::adapt(&mut request) {
        Ok(()) => handler.handle(request, peer).await,
        Err(error) => {
            if error == HeadError::ExtendedConnect {
                tracing::info!("request from {peer} refused: {error}");
            }
            handler.refuse(error)
        }
    };
    if response
        .headers_mut()
        .remove(CONNECTION)
        .is_some_and(|value| value == "close")
    {
        activity.end();
    }
    Ok(response.map(|body| ActiveBody::new(body, active)))
}
