//! The reasons why a request head or the framing of its body is rejected.

use super::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};

/// An error in the framing of a request. The connection must be closed after it, because the position
/// of the next request is uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    #[error("the request head is longer than {HEAD_BYTES_MAX} bytes")]
    TooLong,
    #[error("the request head has more than {HEAD_FIELDS_MAX} header fields")]
    TooManyFields,
    #[error("every line must end with CR LF; a CR or LF alone is not allowed")]
    LineEnd,
    #[error("the request line must be METHOD TARGET HTTP/1.1")]
    RequestLine,
    #[error("only HTTP/1.1 and HTTP/1.0 are supported")]
    Version,
    #[error("the request target is malformed")]
    Target,
    #[error("the request target contains {0:?}, which must be percent-encoded: write %{code:02X}", code = u32::from(*.0))]
    Unencoded(char),
    #[error("CONNECT is not supported")]
    Connect,
    #[error("a CONNECT request must not have a body")]
    ConnectBody,
    #[error("a header name is empty, or contains or is followed by an invalid character")]
    FieldName,
    #[error("a header value contains a control character")]
    FieldValue,
    #[error("a header must not be folded over several lines")]
    Folded,
    #[error("an HTTP/1.1 request must have one Host header")]
    HostCount,
    #[error("the Host header must be a host name or address with an optional port")]
    Host,
    #[error("the authority of the request target differs from the Host header")]
    AuthorityDiffers,
    #[error("the request must have at most one Content-Length header")]
    ContentLengthCount,
    #[error("the Content-Length header must be a whole number")]
    ContentLength,
    #[error("the Transfer-Encoding header must be chunked and nothing else, over HTTP/1.1")]
    TransferEncoding,
    #[error("the request must not have both Content-Length and Transfer-Encoding")]
    LengthAndEncoding,
    #[error("the chunks of the request body are malformed")]
    Chunk,
    #[error("the chunk extensions or trailers of the request body are too long")]
    ChunkExtra,
}
