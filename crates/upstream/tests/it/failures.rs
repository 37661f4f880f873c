//! Tests of responses that do not arrive, or not whole.

use std::time::{Duration, Instant};

use gaiterguard_upstream::{
    AmbiguousReason, InboundError, NotSentReason, Outbound, OutboundBody, Scheme, SendError,
    SendOptions, Upstream,
};
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;

use crate::server::{Server, ok, origin};
use crate::support::{
    FIRST_BYTE_TIMEOUT, IDLE_TIMEOUT, IMMEDIATELY, get, key, next_piece, read, request, send,
    settings, upstream,
};

async fn failure(server: &Server) -> SendError {
    send(&upstream(), request(server, Method::POST, "/"))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let server = Server::responding(ok("")).await;
    let closed_port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut outbound = get(&server);
    outbound.origin = origin(Scheme::Http, "127.0.0.1", closed_port);
    let error = send(&upstream(), outbound).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::Connect(_))),
        "{error:?}"
    );
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn a_connection_that_never_opens_has_sent_nothing() {
    // A listener whose queue is full neither accepts nor refuses.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = vec![];
    for _ in 0..8 {
        waiting.push(tokio::spawn(tokio::net::TcpStream::connect(address)));
    }
    // The system does not report that the queue is full.
    sleep(Duration::from_millis(100)).await;

    let mut settings = settings();
    settings.connect_timeout = Duration::from_millis(300);
    let outbound = Outbound {
        pool: key(),
        origin: origin(Scheme::Http, "127.0.0.1", address.port()),
        method: Method::POST,
        path_and_query: "/".parse().unwrap(),
        headers: HeaderMap::new(),
        web_socket: false,
        body: OutboundBody::Empty,
        options: SendOptions::default(),
    };
    let error = send(&Upstream::new(settings).unwrap(), outbound)
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::ConnectTimedOut)),
        "{error:?}"
    );
    for attempt in waiting {
        attempt.abort();
    }
}

#[tokio::test]
async fn a_request_that_was_read_is_ambiguous_however_the_response_fails() {
    for raw in ["", "HTTP/1.1 200", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
        let server = Server::responding_once(raw).await;
        let error = failure(&server).await;
        assert!(
            matches!(
                error,
                SendError::Ambiguous(AmbiguousReason::ConnectionLost(_))
            ),
            "{raw:?}: {error:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_response_that_is_not_http_is_ambiguous() {
    let endless = format!("HTTP/1.1 200 {}", "y".repeat(300_000));
    for raw in [
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\x03\x03 tls, it seems\r\n\r\n",
        endless.as_str(),
    ] {
        let server = Server::responding(raw).await;
        let error = failure(&server).await;
        assert!(
            matches!(
                error,
                SendError::Ambiguous(AmbiguousReason::InvalidResponse(_))
            ),
            "{:?}: {error:?}",
            &raw[..raw.len().min(60)]
        );
    }
}

#[tokio::test]
async fn a_response_that_switches_protocols_is_refused() {
    let server = Server::responding(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    )
    .await;
    let error = failure(&server).await;
    assert!(
        matches!(
            error,
            SendError::Ambiguous(AmbiguousReason::UnexpectedUpgrade)
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_closed_on_arrival_never_looks_like_a_response_or_a_delay() {
    let server = Server::start(|peer, _| async move { drop(peer) }).await;
    for _ in 0..20 {
        let error = failure(&server).await;
        assert!(
            matches!(
                error,
                SendError::Ambiguous(AmbiguousReason::ConnectionLost(_))
                    | SendError::NotSent(NotSentReason::ConnectionClosed)
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_upstream_that_hangs_times_out() {
    for raw in ["", "HTTP/1.1 200 OK", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let server = Server::start(move |mut peer, _| async move {
            peer.read_request().await;
            peer.write(raw).await;
            peer.closed().await;
        })
        .await;
        let started = Instant::now();
        let error = failure(&server).await;
        assert!(
            matches!(error, SendError::TimedOut { .. }),
            "{raw:?}: {error:?}"
        );
        assert!(error.may_have_been_sent());
        let elapsed = started.elapsed();
        assert!(elapsed >= FIRST_BYTE_TIMEOUT && elapsed < FIRST_BYTE_TIMEOUT + IMMEDIATELY);
    }
}

#[tokio::test]
async fn a_request_can_have_time_limits_of_its_own() {
    let server = Server::start(|mut peer, _| async move {
        while peer.read_request().await.is_some() {
            sleep(FIRST_BYTE_TIMEOUT * 2).await;
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
                .await;
            sleep(IDLE_TIMEOUT * 2).await;
            peer.write("final").await;
        }
    })
    .await;
    let upstream = upstream();
    let mut patient = get(&server);
    patient.options.first_byte_timeout = Some(FIRST_BYTE_TIMEOUT * 10);
    patient.options.idle_timeout = Some(IDLE_TIMEOUT * 10);
    let inbound = send(&upstream, patient).await.unwrap();
    assert_eq!(read(inbound).await.unwrap(), "firstfinal");

    let mut half_patient = get(&server);
    half_patient.options.first_byte_timeout = Some(FIRST_BYTE_TIMEOUT * 10);
    let inbound = send(&upstream, half_patient).await.unwrap();
    let error = read(inbound).await.unwrap_err();
    assert!(
        matches!(error, InboundError::IdleTimeout { limit } if limit == IDLE_TIMEOUT),
        "{error:?}"
    );
    let mut impatient = get(&server);
    let limit = Duration::from_millis(50);
    impatient.options.first_byte_timeout = Some(limit);
    let error = send(&upstream, impatient).await.unwrap_err();
    assert!(
        matches!(error, SendError::TimedOut { limit: passed } if passed == limit),
        "{error:?}"
    );
}

async fn cut(raw: &'static str) -> InboundError {
    let server = Server::responding_once(raw).await;
    let inbound = send(&upstream(), get(&server)).await.unwrap();
    read(inbound).await.unwrap_err()
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error() {
    for raw in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf.",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf.\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
    ] {
        let error = cut(raw).await;
        assert!(matches!(error, InboundError::Cut(_)), "{raw:?}: {error:?}");
    }
}

#[tokio::test]
async fn the_pieces_before_a_cut_are_forwarded() {
    let server =
        Server::responding_once("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf.").await;
    let mut inbound = send(&upstream(), get(&server)).await.unwrap();
    assert_eq!(next_piece(&mut inbound).await, "half.");
    assert!(matches!(
        inbound.body.frame().await,
        Some(Err(InboundError::Cut(_)))
    ));
    assert!(inbound.body.frame().await.is_none());
}

#[tokio::test]
async fn a_body_that_pauses_too_long_is_cut() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
            .await;
        peer.write("half.").await;
        peer.closed().await;
    })
    .await;
    let mut inbound = send(&upstream(), get(&server)).await.unwrap();
    assert_eq!(next_piece(&mut inbound).await, "half.");
    let started = Instant::now();
    let error = inbound.body.frame().await.unwrap().unwrap_err();
    assert!(
        matches!(error, InboundError::IdleTimeout { .. }),
        "{error:?}"
    );
    let elapsed = started.elapsed();
    assert!(
        elapsed >= IDLE_TIMEOUT && elapsed < IDLE_TIMEOUT + IMMEDIATELY,
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn a_slow_reader_does_not_count_as_a_pause_of_the_upstream() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
            .await;
        sleep(Duration::from_millis(50)).await;
        peer.write("final").await;
        peer.closed().await;
    })
    .await;
    let mut inbound = send(&upstream(), get(&server)).await.unwrap();
    inbound.body.frame().await.unwrap().unwrap();
    sleep(IDLE_TIMEOUT * 2).await;
    assert_eq!(next_piece(&mut inbound).await, "final");
}
