//! Fetching documentation from a URL under the same address rules as every request: every redirect target
//! is checked like the first URL. A credential is sent only if the caller injects one, and only to the
//! origin of the first URL.

use std::time::Duration;

use gaiterguard_domain::document::DOCUMENT_BYTES_MAX;
use gaiterguard_domain::target::Target;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    Inbound, InboundBody, Masker, Origin, Outbound, OutboundBody, PoolKey, SendOptions, Upstream,
};

/// How long a fetch may take as a whole, including redirects. An operator is waiting for the result.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// The most redirects that are followed: enough for a change of host, of scheme, and of path.
const REDIRECTS_MAX: usize = 3;

/// The longest media type that is kept, in bytes. Real ones are below 100; it is stored and shown.
const MEDIA_TYPE_BYTES_MAX: usize = 200;

/// Connections for documentation belong to no service and are not shared with one.
const POOL: PoolKey = PoolKey {
    service_id: -1,
    target_version: 0,
};

/// A fetched document.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The `Content-Type` of the response.
    pub media_type: Option<String>,
    /// The body of the response.
    pub bytes: Vec<u8>,
    /// The URL to which redirects led, if it has another path.
    pub moved_to: Option<String>,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be dialed.
    #[error("cannot fetch from this URL: {0}")]
    Address(String),
    /// There was no response.
    #[error("the URL could not be fetched: {0}")]
    NoResponse(String),
    /// It took too long.
    #[error("the URL could not be fetched within {} seconds", FETCH_TIMEOUT.as_secs())]
    TimedOut,
    /// The server responded with an error.
    #[error("the server responded with {0}")]
    Status(u16),
    /// The redirect has no target, is one too many, leads from TLS to plain text, or leads a request with
    /// a credential to another origin.
    #[error("the server redirects {0}")]
    Redirect(&'static str),
    /// The credential cannot be injected.
    #[error("{0}")]
    Inject(String),
    /// The document exceeds the limit.
    #[error("the document is larger than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    /// The response is compressed although that was not asked for.
    #[error("the server compressed the response without being asked")]
    Compressed,
}

/// A credential that a fetch injects into each of its requests.
pub struct Injected<'a> {
    /// Injects it, or says why that is not possible.
    pub inject: &'a (dyn Fn(&mut HeaderMap, &mut PathAndQuery) -> Result<(), String> + Sync),
    /// Hides it in everything that comes back.
    pub masker: Masker,
}

/// Fetches the document at a URL. A credential is sent to the origin of the URL and nowhere else: a
/// redirect to another origin is refused. Echoes of it are masked.
pub async fn fetch(
    upstream: &Upstream,
    address: &str,
    injected: Option<&Injected<'_>>,
) -> Result<Page, FetchError> {
    let target =
        Target::parse(address).map_err(|refused| FetchError::Address(refused.to_string()))?;
    timeout(FETCH_TIMEOUT, follow(upstream, target, injected))
        .await
        .map_err(|_| FetchError::TimedOut)?
}

async fn follow(
    upstream: &Upstream,
    first: Target,
    injected: Option<&Injected<'_>>,
) -> Result<Page, FetchError> {
    let mut target = first.clone();
    for _ in 0..=REDIRECTS_MAX {
        if injected.is_some() && target.origin() != first.origin() {
            return Err(FetchError::Redirect(
                "to another origin, which must not receive the credential",
            ));
        }
        let mut outbound = request(&target)?;
        if let Some(injected) = injected {
            (injected.inject)(&mut outbound.headers, &mut outbound.path_and_query)
                .map_err(FetchError::Inject)?;
        }
        let Inbound {
            status,
            mut headers,
            body,
            ..
        } = upstream
            .send(outbound, &CancellationToken::new())
            .await
            .map_err(|error| FetchError::NoResponse(error.to_string()))?;
        if let Some(injected) = injected {
            injected.masker.mask_headers(&mut headers);
        }
        if is_redirect(status) {
            target = redirected(&target, &headers)?;
            continue;
        }
        if !status.is_success() {
            return Err(FetchError::Status(status.as_u16()));
        }
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
            return Err(FetchError::Compressed);
        }
        let media_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .filter(|text| text.len() <= MEDIA_TYPE_BYTES_MAX);
        let mut bytes = read(body).await?;
        if let Some(injected) = injected {
            bytes = injected.masker.mask_bytes(&bytes).into_owned();
        }
        return Ok(Page {
            media_type: media_type.map(str::to_owned),
            bytes,
            moved_to: (target.path() != first.path()).then(|| target.to_string()),
        });
    }
    Err(FetchError::Redirect("too often"))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn request(target: &Target) -> Result<Outbound, FetchError> {
    let origin = Origin::from(target.origin());
    let path_and_query = PathAndQuery::try_from(target.path_and_query())
        .map_err(|invalid| FetchError::Address(invalid.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static(
            "application/json, application/yaml, text/markdown, text/html;q=0.9, */*;q=0.5",
        ),
    );
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static("gaiterguard"));
    Ok(Outbound {
        pool: POOL,
        origin,
        method: Method::GET,
        path_and_query,
        headers,
        web_socket: false,
        body: OutboundBody::Empty,
        options: SendOptions {
            // A fetch is rare, so a connection that is kept has often been closed by then.
            fresh_connection: true,
            ..SendOptions::default()
        },
    })
}

/// Returns the target of a redirect, parsed like every other URL.
fn redirected(from: &Target, headers: &HeaderMap) -> Result<Target, FetchError> {
    let location = headers
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or(FetchError::Redirect("to nowhere"))?;
    let location = location.split('#').next().unwrap_or_default();
    let scheme = from.origin().scheme.as_str();
    // A colon in the first segment ends a scheme (RFC 3986, section 4.2).
    let first = location.split(['/', '?']).next().unwrap_or_default();
    let to = if first.contains(':') {
        Target::parse(location)
    } else if let Some(rest) = location.strip_prefix("//") {
        Target::parse(&format!("{scheme}://{rest}"))
    } else if location.starts_with('/') {
        from.with_path_and_query(location)
    } else if location.starts_with('?') {
        from.with_path_and_query(&format!("{}{location}", from.path()))
    } else {
        let directory = from
            .path()
            .rsplit_once('/')
            .map_or("", |(before, _)| before);
        from.with_path_and_query(&format!("{directory}/{location}"))
    };
    let to = to.map_err(|refused| FetchError::Address(refused.to_string()))?;
    if scheme == "https" && to.origin().scheme.as_str() != "https" {
        return Err(FetchError::Redirect("from https to http"));
    }
    Ok(to)
}

async fn read(mut body: InboundBody) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| FetchError::NoResponse(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > DOCUMENT_BYTES_MAX {
                return Err(FetchError::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
        redirected(&Target::parse(from).unwrap(), &headers)
            .map(|target| target.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_redirect_is_resolved_against_its_base() {
        let from = "https://a.example/docs/v1?x=1";
        for (location, target) in [
            ("https://b.example/x#top", "https://b.example/x"),
            ("//b.example/x", "https://b.example/x"),
            ("/api.json", "https://a.example/api.json"),
            ("/a?b=http://c/", "https://a.example/a?b=http://c/"),
            ("?x=2", "https://a.example/docs/v1?x=2"),
            ("v2", "https://a.example/docs/v2"),
        ] {
            assert_eq!(to(from, location).as_deref(), Ok(target));
        }
    }

    #[test]
    fn a_redirect_to_plain_text_or_an_invalid_url_is_refused() {
        let from = "https://a.example/docs";
        for location in [
            "http://a.example/docs",
            "../x",
            "file:///etc/passwd",
            "//a@b/",
        ] {
            assert!(to(from, location).is_err(), "{location}");
        }
    }
}
