//! Byte streams that resemble requests.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use gaiterguard_framing::{ChunkedScan, Framing, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, HeadScan, Role};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The request that follows on the connection. It shows that none of its bytes were read as a body.
const NEXT: &[u8] = b"GET /the-next-request HTTP/1.1\r\nHost: next\r\n\r\n";
const NEXT_PATH: &str = "/the-next-request";

/// Accepts the requests that the listener would accept, from the whole stream and from pieces of the
/// length in its first byte, and compares each with the request that hyper reads from the same bytes.
pub fn frame_requests(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else {
        return;
    };
    let whole = accepted(stream, stream.len().max(1));
    let in_pieces = accepted(stream, usize::from(*piece).max(1));
    assert_eq!(whole, in_pieces, "splitting the stream changes the result");
    for request in whole {
        let read = read_by_hyper(&request.bytes);
        let (first, more) = read.split_first().expect("hyper must read a request");
        let body = request.body.as_deref();
        assert_eq!(first.body.as_deref(), body, "hyper reads another body");
        // Hyper closes a connection after HTTP/1.0, and on request.
        let is_next = more.iter().all(|request| request.path == NEXT_PATH);
        assert!(is_next && more.len() <= 1, "hyper reads further requests");
    }
}

/// A whole request: its bytes and its framed body.
#[derive(Debug, PartialEq, Eq)]
struct Accepted {
    bytes: Vec<u8>,
    body: Option<Vec<u8>>,
}

/// Returns the complete requests at the start of a stream, as the listener reads them.
fn accepted(stream: &[u8], piece: usize) -> Vec<Accepted> {
    let mut requests = Vec::new();
    let mut pieces = stream.chunks(piece);
    let mut input = Vec::new();
    let mut scan = HeadScan::default();
    'requests: loop {
        let (end, framing) = loop {
            input.drain(..scan.skip(&input));
            match scan.scan(&input, Role::Origin) {
                Ok(Some(head)) => break head,
                Ok(None) => {}
                Err(_) => break 'requests,
            }
            let Some(piece) = pieces.next() else {
                break 'requests;
            };
            input.extend_from_slice(piece);
        };
        let mut bytes: Vec<u8> = input.drain(..end).collect();
        let mut left = Body::of(framing);
        let mut framed = Vec::new();
        while !left.is_done() {
            if input.is_empty() {
                let Some(piece) = pieces.next() else {
                    break 'requests;
                };
                input.extend_from_slice(piece);
            }
            let Some(taken) = left.take(&input) else {
                break 'requests;
            };
            framed.extend(input.drain(..taken));
        }
        bytes.extend_from_slice(&framed);
        requests.push(Accepted {
            bytes,
            body: Some(match framing {
                Framing::Chunked => decoded(&framed),
                Framing::Length(_) | Framing::Upgrade => framed,
            }),
        });
        if framing == Framing::Upgrade {
            break;
        }
        scan = HeadScan::after_request();
    }
    requests
}

enum Body {
    Length(u64),
    Chunked(ChunkedScan),
}

impl Body {
    fn of(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(ChunkedScan::new()),
            Framing::Upgrade => Self::Length(0),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(scan) => scan.is_done(),
        }
    }

    /// Returns how many bytes of `input` belong to the body; `None` if it is rejected.
    fn take(&mut self, input: &[u8]) -> Option<usize> {
        match self {
            Self::Length(left) => {
                let taken =
                    usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= taken as u64;
                Some(taken)
            }
            Self::Chunked(scan) => scan.scan(input).ok(),
        }
    }
}

/// Decodes an accepted chunked body, by a minimal reading of RFC 9112, section 7.1.
fn decoded(mut chunked: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let end = chunked.windows(2).position(|pair| pair == b"\r\n");
        let (line, rest) = chunked.split_at(end.expect("a size has a line"));
        let digits = line.split(|byte| *byte == b';').next().unwrap_or(line);
        let digits = std::str::from_utf8(digits).expect("a size is hexadecimal");
        let size = usize::from_str_radix(digits, 16).expect("a size is hexadecimal");
        if size == 0 {
            return content;
        }
        content.extend_from_slice(&rest[2..2 + size]);
        chunked = &rest[2 + size + 2..];
    }
}

/// A request that hyper read. The body is `None` if it could not be read to its end.
#[derive(Debug)]
struct Read {
    path: String,
    body: Option<Vec<u8>>,
}

/// Returns the requests that hyper reads on a connection that carries `request` and another request.
fn read_by_hyper(request: &[u8]) -> Vec<Read> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("creating a runtime only needs memory");
    let seen = Rc::new(RefCell::new(Vec::new()));
    runtime.block_on(async {
        let (server, client) = tokio::io::duplex(request.len() + NEXT.len() + 1);
        let (mut answers, mut requests) = tokio::io::split(client);
        let service = service_fn(|request: Request<Incoming>| {
            let seen = Rc::clone(&seen);
            async move {
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await;
                let body = body.ok().map(|body| body.to_bytes().to_vec());
                seen.borrow_mut().push(Read { path, body });
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        });
        let connection = http1::Builder::new()
            .max_headers(HEAD_FIELDS_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .half_close(true)
            .serve_connection(TokioIo::new(server), service);
        let sending = async {
            // Hyper may close the connection before it has read everything.
            let _ = requests.write_all(request).await;
            let _ = requests.write_all(NEXT).await;
            let _ = requests.shutdown().await;
            let _ = answers.read_to_end(&mut Vec::new()).await;
        };
        let (_ended, ()) = tokio::join!(connection, sending);
    });
    seen.take()
}
