//! A request as HTTP/2 carries it.

use gaiterguard_domain::header::{is_grpc, remove_hop_by_hop};
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, TE};
use http::uri::PathAndQuery;
use http::{Request, Uri, Version};
use http_body::Body as _;

use crate::origin::Origin;
use crate::outbound::{OutboundBody, expects_body};

/// A request with its pseudo-headers, and its body.
pub(crate) struct Http2Request {
    pub(crate) head: Request<()>,
    pub(crate) body: OutboundBody,
}

impl Http2Request {
    /// Converts a request to this origin. `Host` becomes `:authority`; the path and query stay byte for byte.
    ///
    /// # Errors
    ///
    /// If the path cannot follow an authority.
    pub(crate) fn new(
        request: Request<OutboundBody>,
        origin: &Origin,
    ) -> Result<Self, http::Error> {
        let (parts, body) = request.into_parts();
        let (method, mut headers) = (parts.method, parts.headers);
        let path_and_query = parts.uri.into_parts().path_and_query;
        let path_and_query = path_and_query.unwrap_or(PathAndQuery::from_static("/"));
        let is_grpc = is_grpc(&headers);
        remove_hop_by_hop(&mut headers);
        headers.remove(HOST);
        headers.remove(CONTENT_LENGTH);
        match body.size_hint().exact() {
            Some(0) if !expects_body(&method) => {}
            // A message of gRPC has a length of its own, and its clients state no other.
            Some(length) if !is_grpc => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            _ => {}
        }
        if is_grpc {
            // Servers of gRPC use it to recognize proxies that lose trailers.
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        let uri = Uri::builder()
            .scheme(origin.scheme().as_str())
            .authority(origin.host_header().as_bytes())
            .path_and_query(path_and_query)
            .build()?;
        let mut head = Request::new(());
        *head.method_mut() = method;
        *head.uri_mut() = uri;
        *head.version_mut() = Version::HTTP_2;
        *head.headers_mut() = headers;
        Ok(Self { head, body })
    }
}
