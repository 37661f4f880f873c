//! A request of HTTP/2 in the form of one of HTTP/1.1.

use gaiterguard_framing::{FramingError, HEAD_FIELDS_MAX};
use http::header::{COOKIE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request};
use hyper::ext::Protocol;

use crate::HeadError;

/// Puts the authority into `Host`, where handlers expect it, and joins cookies that the client sends one by one. The
/// library has checked everything else that HTTP/2 demands of a head (RFC 9113, section 8.2), and the length of the
/// body.
///
/// # Errors
///
/// If there are too many fields, or not one authority, or if the method is CONNECT: a tunnel leads to one host.
pub(super) fn adapt<B>(request: &mut Request<B>) -> Result<(), HeadError> {
    if request.method() == Method::CONNECT {
        let is_extended = request.extensions().get::<Protocol>().is_some();
        return Err(if is_extended {
            HeadError::ExtendedConnect
        } else {
            FramingError::Connect.into()
        });
    }
    Ok(adapt_head(request)?)
}

fn adapt_head<B>(request: &mut Request<B>) -> Result<(), FramingError> {
    if request.headers().len() > HEAD_FIELDS_MAX {
        return Err(FramingError::TooManyFields);
    }
    join_cookies(request.headers_mut());
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    if other.is_some() {
        return Err(FramingError::HostCount);
    }
    let Some(authority) = request.uri().authority() else {
        // Without `:authority`, `Host` has its part (RFC 9113, section 8.3.1).
        return host.map(|_| ()).ok_or(FramingError::HostCount);
    };
    let is_same = |host: &HeaderValue| {
        let host = host.as_bytes();
        host.eq_ignore_ascii_case(authority.as_str().as_bytes())
    };
    if !host.is_none_or(is_same) {
        return Err(FramingError::AuthorityDiffers);
    }
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| FramingError::Host)?;
    request.headers_mut().insert(HOST, host);
    Ok(())
}

/// Joins the values of `Cookie`, which HTTP/2 allows to be sent as several (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    fn adapted(uri: &'static str, hosts: &[&str]) -> Result<String, HeadError> {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(uri);
        for host in hosts {
            request.headers_mut().append(HOST, host.parse().unwrap());
        }
        adapt(&mut request)?;
        Ok(request.headers()[HOST].to_str().unwrap().to_owned())
    }

    #[test]
    fn the_authority_is_in_host_and_two_that_differ_are_refused() {
        let uri = "https://api.example.com:8443/v1";
        for hosts in [&[][..], &["API.example.com:8443"]] {
            assert_eq!(adapted(uri, hosts).unwrap(), "api.example.com:8443");
        }
        assert_eq!(adapted("/v1", &["a.example"]).unwrap(), "a.example");
        for (uri, hosts, error) in [
            (
                uri,
                &["api.example.com"][..],
                FramingError::AuthorityDiffers,
            ),
            (uri, &["a.example", "a.example"], FramingError::HostCount),
            ("/v1", &[], FramingError::HostCount),
        ] {
            assert_eq!(adapted(uri, hosts), Err(error.into()));
        }
    }

    #[test]
    fn cookies_are_joined() {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("https://a.example/");
        for cookie in ["a=1", "b=2; c=3", "d=4"] {
            let cookie = HeaderValue::from_static(cookie);
            request.headers_mut().append(COOKIE, cookie);
        }
        adapt(&mut request).unwrap();
        let cookies: Vec<_> = request.headers().get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3; d=4"]);
    }

    #[test]
    fn as_many_fields_are_allowed_as_in_http_1() {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("https://a.example/");
        for _ in 0..HEAD_FIELDS_MAX {
            request
                .headers_mut()
                .append("x", HeaderValue::from_static("y"));
        }
        assert_eq!(adapt(&mut request.clone()), Ok(()));
        request
            .headers_mut()
            .append("x", HeaderValue::from_static("y"));
        assert_eq!(adapt(&mut request), Err(FramingError::TooManyFields.into()));
    }

    #[test]
    fn connect_is_refused() {
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        assert_eq!(adapt(&mut request), Err(FramingError::Connect.into()));
        let web_socket = Protocol::from_static("websocket");
        request.extensions_mut().insert(web_socket);
        assert_eq!(adapt(&mut request), Err(HeadError::ExtendedConnect));
    }
}
