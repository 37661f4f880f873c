//! The application behind the listener.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};

use crate::{HeadError, RequestBody};

/// Responds to the requests of a listener. Each connection has its own clone.
pub trait Handler: Clone + Send + Sync + 'static {
    /// The body of a response.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// Responds to a request from `peer`. A response with status 101, or a 2xx response to CONNECT,
    /// hands the connection over to another protocol, which the listener does not check.
    fn handle(
        &self,
        request: Request<RequestBody>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Returns the response to a request whose head was refused. The listener closes the connection
    /// after it.
    fn refuse(&self, error: HeadError) -> Response<Self::Body>;
}
