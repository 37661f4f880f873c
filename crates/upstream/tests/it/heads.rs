//! Tests of response heads that are long, folded, or in part nonsense.

use std::time::Instant;

use gaiterguard_upstream::{Inbound, SendError, UnusableReason};
use http::Method;

use crate::server::Server;
use crate::support::{FIRST_BYTE_TIMEOUT, IMMEDIATELY, get, read, request, send, upstream};

async fn outcome(raw: String) -> Result<Inbound, SendError> {
    let server = Server::responding(raw).await;
    send(&upstream(), request(&server, Method::POST, "/")).await
}

fn with_fields(fields: &str) -> String {
    format!("HTTP/1.1 201 Created\r\n{fields}content-length: 2\r\n\r\nok")
}

#[tokio::test]
async fn a_thousand_fields_and_a_quarter_of_a_mebibyte_pass() {
    let link = format!("link: <{}>; rel=\"next\"\r\n", "x".repeat(200));
    let inbound = outcome(with_fields(&link.repeat(999))).await.unwrap();
    assert_eq!(inbound.headers.get_all("link").iter().count(), 999);
    assert_eq!(read(inbound).await.unwrap(), "ok");
    let long = format!("x: {}\r\n", "y".repeat(250 * 1024));
    let inbound = outcome(with_fields(&long)).await.unwrap();
    assert_eq!(inbound.headers["x"].len(), 250 * 1024);
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_named_with_the_status() {
    for fields in [
        "x: y\r\n".repeat(1001),
        format!("x: {}\r\n", "y".repeat(300 * 1024)),
    ] {
        let error = outcome(with_fields(&fields)).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Unusable {
                    reason: UnusableReason::HeadTooLarge,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(error.may_have_been_sent());
        let text = error.to_string();
        for part in ["201", "256 KiB", "1000 fields"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[tokio::test]
async fn folded_lines_are_unfolded_and_nonsense_is_dropped() {
    let fields = "X-Policy: a\r\n\tb\r\n  c\r\nSecured by X : y\r\nno colon\r\n folded nonsense\r\n\
                  X-Spaced \t: z\r\nX-Control: a\x01b\r\n: no name\r\nX-Last: kept\r\n";
    let inbound = outcome(with_fields(fields)).await.unwrap();
    let names: Vec<_> = inbound
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(names, ["x-policy", "x-spaced", "x-last", "content-length"]);
    assert_eq!(inbound.headers["x-policy"], "a b c");
    assert_eq!(inbound.headers["x-spaced"], "z");
    assert_eq!(read(inbound).await.unwrap(), "ok");
}

#[tokio::test]
async fn a_folded_or_spaced_field_still_decides_the_framing() {
    for framing in ["Content-Length :2\r\n", "Content-Length:\r\n 2\r\n"] {
        let raw = format!("HTTP/1.1 200 OK\r\n{framing}\r\nok and more");
        let server = Server::responding(raw).await;
        let inbound = send(&upstream(), get(&server)).await.unwrap();
        assert_eq!(read(inbound).await.unwrap(), "ok", "{framing:?}");
    }
    let raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let server = Server::responding(raw).await;
    let inbound = send(&upstream(), get(&server)).await.unwrap();
    assert_eq!(read(inbound).await.unwrap(), "ok");
}

#[tokio::test]
async fn damaged_framing_is_an_error_that_has_the_status() {
    for framing in [
        "content-length: 1\r\ncontent-length: 2\r\n",
        "content-length: -1\r\n",
        "content-length: 2\x01\r\n",
        "Content-Length:\r\n \x7f2\r\n",
        "transfer-encoding: chun\x01ked\r\n",
    ] {
        let raw = format!("HTTP/1.1 202 Accepted\r\n{framing}\r\nok");
        let error = outcome(raw).await.unwrap_err();
        let SendError::Unusable { status, .. } = error else {
            panic!("{framing:?}: {error:?}");
        };
        assert_eq!(status, 202);
    }
}

#[tokio::test]
async fn a_head_that_breaks_off_or_hangs_after_its_status_has_the_status() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n";
    let server = Server::responding_once(head).await;
    let error = send(&upstream(), get(&server)).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Unusable {
                reason: UnusableReason::Cut(_),
                ..
            }
        ),
        "{error:?}"
    );
    let started = Instant::now();
    let error = outcome(head.to_owned()).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Unusable {
                reason: UnusableReason::TimedOut,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(started.elapsed() < FIRST_BYTE_TIMEOUT + IMMEDIATELY);
}
