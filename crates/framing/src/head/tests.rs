//! Accepted and rejected heads.

use super::*;

fn checked(head: &str) -> Result<Framing, FramingError> {
    check(head.replace('\n', "\r\n").as_bytes(), Role::Origin)
}

#[test]
fn a_proxy_opens_tunnels_to_a_host_and_a_port() {
    for (head, checked) in [
        (
            "CONNECT a:443 HTTP/1.1\nHost: A:443\n\n",
            Ok(Framing::Upgrade),
        ),
        ("CONNECT a:443 HTTP/1.1\nHost: a\n\n", Ok(Framing::Upgrade)),
        ("CONNECT a:443 HTTP/1.0\n\n", Ok(Framing::Upgrade)),
        (
            "CONNECT a:443 HTTP/1.1\nHost: a:443\nContent-Length: 0\n\n",
            Ok(Framing::Upgrade),
        ),
        (
            "CONNECT a:443 HTTP/1.1\nHost: a:443\nContent-Length: 1\n\n",
            Err(FramingError::ConnectBody),
        ),
        (
            "CONNECT a:443 HTTP/1.1\nHost: a:443\nTransfer-Encoding: chunked\n\n",
            Err(FramingError::ConnectBody),
        ),
        (
            "CONNECT a:443 HTTP/1.1\nHost: a:8443\n\n",
            Err(FramingError::AuthorityDiffers),
        ),
        (
            "CONNECT a:443 HTTP/1.1\nHost: b:443\n\n",
            Err(FramingError::AuthorityDiffers),
        ),
        ("CONNECT a HTTP/1.1\nHost: a\n\n", Err(FramingError::Target)),
        (
            "CONNECT u@a:443 HTTP/1.1\nHost: a:443\n\n",
            Err(FramingError::Target),
        ),
        (
            "CONNECT https://a:443 HTTP/1.1\nHost: a:443\n\n",
            Err(FramingError::Target),
        ),
        (
            "CONNECT /a:443 HTTP/1.1\nHost: a\n\n",
            Err(FramingError::Target),
        ),
        (
            "GET http://a/x HTTP/1.1\nHost: a\n\n",
            Ok(Framing::Length(0)),
        ),
    ] {
        let crossed = head.replace('\n', "\r\n");
        assert_eq!(check(crossed.as_bytes(), Role::Proxy), checked, "{head}");
    }
}

#[test]
fn plain_heads_are_accepted() {
    for (head, framing) in [
        ("GET / HTTP/1.1\nHost: a\n\n", Framing::Length(0)),
        ("GET /a?b=c HTTP/1.0\n\n", Framing::Length(0)),
        ("OPTIONS * HTTP/1.1\nHost: a:80\n\n", Framing::Length(0)),
        (
            "GET http://A/x HTTP/1.1\nhost: a:80\n\n",
            Framing::Length(0),
        ),
        ("GET / HTTP/1.1\nHost: [::1]:3000\n\n", Framing::Length(0)),
        (
            "POST / HTTP/1.1\nHost: a\ncontent-length:  12 \n\n",
            Framing::Length(12),
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTRANSFER-ENCODING: Chunked\n\n",
            Framing::Chunked,
        ),
        ("GET / HTTP/1.1\nHost: a\nX-Empty:\n\n", Framing::Length(0)),
    ] {
        assert_eq!(checked(head), Ok(framing), "{head}");
    }
}

#[test]
fn odd_heads_are_refused_for_their_reason() {
    for (head, error) in [
        ("GET /\n\n", FramingError::RequestLine),
        ("GET  / HTTP/1.1\nHost: a\n\n", FramingError::RequestLine),
        ("GET / HTTP/1.1 \nHost: a\n\n", FramingError::RequestLine),
        ("G(T / HTTP/1.1\nHost: a\n\n", FramingError::RequestLine),
        ("GET / HTTP/2.0\nHost: a\n\n", FramingError::Version),
        ("GET / HTTP/1.2\nHost: a\n\n", FramingError::Version),
        (
            "CONNECT a:443 HTTP/1.1\nHost: a:443\n\n",
            FramingError::Connect,
        ),
        ("GET a HTTP/1.1\nHost: a\n\n", FramingError::Target),
        ("GET * HTTP/1.1\nHost: a\n\n", FramingError::Target),
        ("GET /a#b HTTP/1.1\nHost: a\n\n", FramingError::Target),
        ("GET /\u{e9} HTTP/1.1\nHost: a\n\n", FramingError::Target),
        ("GET ftp://a/ HTTP/1.1\nHost: a\n\n", FramingError::Target),
        (
            "GET /a?x=< HTTP/1.1\nHost: a\n\n",
            FramingError::Unencoded('<'),
        ),
        (
            "GET /a>b?x HTTP/1.1\nHost: a\n\n",
            FramingError::Unencoded('>'),
        ),
        (
            "GET /a`b?x=` HTTP/1.1\nHost: a\n\n",
            FramingError::Unencoded('`'),
        ),
        (
            "GET http://u@a/ HTTP/1.1\nHost: a\n\n",
            FramingError::Target,
        ),
        ("GET / HTTP/1.1\n\n", FramingError::HostCount),
        (
            "GET / HTTP/1.1\nHost: a\nHost: a\n\n",
            FramingError::HostCount,
        ),
        ("GET / HTTP/1.1\nHost: a b\n\n", FramingError::Host),
        ("GET / HTTP/1.1\nHost: u@a\n\n", FramingError::Host),
        ("GET / HTTP/1.1\nHost: a/b\n\n", FramingError::Host),
        ("GET / HTTP/1.1\nHost: a:b\n\n", FramingError::Host),
        ("GET / HTTP/1.1\nHost:\n\n", FramingError::Host),
        (
            "GET http://a/ HTTP/1.1\nHost: b\n\n",
            FramingError::AuthorityDiffers,
        ),
        (
            "GET http://a:81/ HTTP/1.1\nHost: a\n\n",
            FramingError::AuthorityDiffers,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 1\n\n",
            FramingError::ContentLengthCount,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n\n",
            FramingError::ContentLength,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: +1\n\n",
            FramingError::ContentLength,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: 0x1\n\n",
            FramingError::ContentLength,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length:\n\n",
            FramingError::ContentLength,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999\n\n",
            FramingError::ContentLength,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 1\n\n",
            FramingError::LengthAndEncoding,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
            FramingError::LengthAndEncoding,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n",
            FramingError::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n",
            FramingError::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: xchunked\n\n",
            FramingError::TransferEncoding,
        ),
        (
            "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n",
            FramingError::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nTransfer_Encoding: chunked\n\n",
            FramingError::FieldName,
        ),
        (
            "POST / HTTP/1.1\nHost: a\nContent-Length : 1\n\n",
            FramingError::FieldName,
        ),
        ("GET / HTTP/1.1\nHost: a\n: x\n\n", FramingError::FieldName),
        (
            "GET / HTTP/1.1\nHost: a\nnocolon\n\n",
            FramingError::FieldName,
        ),
        (
            "GET / HTTP/1.1\nHost: a\nX: a\n b\n\n",
            FramingError::Folded,
        ),
        ("GET / HTTP/1.1\n Host: a\n\n", FramingError::Folded),
        (
            "GET / HTTP/1.1\nHost: a\nX: a\0b\n\n",
            FramingError::FieldValue,
        ),
        (
            "GET / HTTP/1.1\nHost: a\nX: a\rb\n\n",
            FramingError::FieldValue,
        ),
    ] {
        assert_eq!(checked(head), Err(error), "{head:?}");
    }
}

#[test]
fn fields_are_counted() {
    let head = |count| {
        let fields = "X: y\n".repeat(count - 1);
        checked(&format!("GET / HTTP/1.1\nHost: a\n{fields}\n"))
    };
    assert_eq!(head(HEAD_FIELDS_MAX), Ok(Framing::Length(0)));
    assert_eq!(head(HEAD_FIELDS_MAX + 1), Err(FramingError::TooManyFields));
}
