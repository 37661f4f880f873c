//! Fetching documentation from a URL under the same address rules as every request: every redirect target
//! is checked like the first URL. A credential is sent only if the caller injects one, and only to the
//! origin of the first URL.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use gaiterguard_domain::target::Target;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::compressed::Coding;
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
    /// The body of the response, decompressed.
    pub bytes: Vec<u8>,
    /// The URL to which redirects led, if it has another path.
    pub moved_to: Option<String>,
    /// The URL that the response came from.
    pub url: Target,
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
    #[error("the document is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The response has a compression that was not asked for and is not decoded here.
    #[error("the server compressed the response without being asked, and not with gzip")]
    Compressed,
    /// The response is not what its compression says.
    #[error("the compressed response is damaged")]
    BrokenCompression,
}

/// A credential that a fetch injects into each of its requests.
pub struct Injected<'a> {
    /// Injects it, or says why that is not possible.
    pub inject: &'a (dyn Fn(&mut HeaderMap, &mut PathAndQuery) -> Result<(), String> + Sync),
    /// Hides it in everything that comes back.
    pub masker: Masker,
}

/// Fetches the document at a URL, of at most `bytes_max` bytes. A document that is compressed with gzip
/// is decompressed, whether the server says so or not. A credential is sent to the origin of the URL and nowhere else:
/// a redirect to another origin is refused. Echoes of it are masked.
pub async fn fetch(
    upstream: &Upstream,
    address: &str,
    bytes_max: usize,
    injected: Option<&Injected<'_>>,
) -> Result<Page, FetchError> {
    let target =
        Target::parse(address).map_err(|refused| FetchError::Address(refused.to_string()))?;
    timeout(FETCH_TIMEOUT, follow(upstream, target, bytes_max, injected))
        .await
        .map_err(|_| FetchError::TimedOut)?
}

async fn follow(
    upstream: &Upstream,
    first: Target,
    bytes_max: usize,
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
        let labeled = labeled(&headers)?;
        let media_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .filter(|text| text.len() <= MEDIA_TYPE_BYTES_MAX);
        let mut bytes = unpacked(read(body, bytes_max).await?, labeled, bytes_max)?;
        if let Some(injected) = injected {
            bytes = injected.masker.mask_bytes(&bytes).into_owned();
        }
        return Ok(Page {
            media_type: media_type.map(str::to_owned),
            bytes,
            moved_to: (target.path() != first.path()).then(|| target.to_string()),
            url: target,
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

/// Returns the target of a link in a page, without a fragment. Unlike a redirect, a link may contain dot
/// segments (RFC 3986, section 5.2.4).
pub fn linked(from: &Target, link: &str) -> Result<Target, FetchError> {
    let link = link.split('#').next().unwrap_or_default();
    let (path, query) = link
        .split_once('?')
        .map_or((link, None), |(path, query)| (path, Some(query)));
    let first = path.split('/').next().unwrap_or_default();
    if first.contains(':') || path.starts_with('/') || path.is_empty() {
        return resolved(from, link);
    }
    let mut segments: Vec<&str> = from.path().split('/').skip(1).collect();
    segments.pop();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                if is_last {
                    segments.push("");
                }
            }
            part => segments.push(part),
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    resolved(from, &format!("/{}{query}", segments.join("/")))
}

/// Returns the target of a redirect, parsed like every other URL.
fn redirected(from: &Target, headers: &HeaderMap) -> Result<Target, FetchError> {
    let location = headers
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or(FetchError::Redirect("to nowhere"))?;
    resolved(from, location.split('#').next().unwrap_or_default())
}

fn resolved(from: &Target, location: &str) -> Result<Target, FetchError> {
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

/// Returns the compression that the headers name; `None` if there is none.
fn labeled(headers: &HeaderMap) -> Result<Option<Coding>, FetchError> {
    let encodings = headers.get_all(CONTENT_ENCODING).into_iter();
    let mut labeled = None;
    for encoding in encodings.map(HeaderValue::as_bytes) {
        let coding = match encoding.trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => continue,
            b"gzip" | b"x-gzip" => Coding::Gzip,
            b"deflate" => Coding::Zlib,
            _ => return Err(FetchError::Compressed),
        };
        labeled = Some(coding);
    }
    Ok(labeled)
}

/// Decompresses a document: what its headers name, and a file that is compressed itself. Some servers name
/// a compression that the document does not have.
fn unpacked(
    mut bytes: Vec<u8>,
    labeled: Option<Coding>,
    bytes_max: usize,
) -> Result<Vec<u8>, FetchError> {
    let layers = if labeled.is_some() { 2 } else { 1 };
    for layer in 0..layers {
        let coding = match (Coding::of(&bytes), labeled) {
            (Some(Coding::Gzip), _) => Coding::Gzip,
            (found, Some(Coding::Zlib)) if layer == 0 => found.unwrap_or(Coding::Deflate),
            _ => break,
        };
        bytes = decoded(coding, &bytes, bytes_max)?;
    }
    Ok(bytes)
}

/// Decompresses a whole document. One that is cut off is refused, because a part of a description looks
/// like a description.
fn decoded(coding: Coding, bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, FetchError> {
    let mut plain = Vec::new();
    let limit = bytes_max as u64 + 1;
    let read = match coding {
        Coding::Gzip => MultiGzDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut plain),
        Coding::Zlib => ZlibDecoder::new(bytes).take(limit).read_to_end(&mut plain),
        Coding::Deflate => DeflateDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut plain),
    };
    if plain.len() > bytes_max {
        return Err(FetchError::TooLarge { bytes_max });
    }
    read.map(|_| plain)
        .map_err(|_| FetchError::BrokenCompression)
}

async fn read(mut body: InboundBody, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| FetchError::NoResponse(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > bytes_max {
                return Err(FetchError::TooLarge { bytes_max });
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
    fn a_link_is_resolved_with_its_dot_segments() {
        let from = Target::parse("https://a.example/docs/ui/index.html?x=1").unwrap();
        for (link, target) in [
            ("openapi.json", "https://a.example/docs/ui/openapi.json"),
            (
                "./openapi.json#/a",
                "https://a.example/docs/ui/openapi.json",
            ),
            (
                "../openapi.json?v=../2",
                "https://a.example/docs/openapi.json?v=../2",
            ),
            ("../../../openapi.json", "https://a.example/openapi.json"),
            ("..", "https://a.example/docs/"),
            ("/v3/api-docs", "https://a.example/v3/api-docs"),
            ("//b.example/x", "https://b.example/x"),
            ("https://b.example/x", "https://b.example/x"),
            ("?y=2", "https://a.example/docs/ui/index.html?y=2"),
        ] {
            let found = linked(&from, link).map(|target| target.to_string());
            assert_eq!(
                found.map_err(|error| error.to_string()).as_deref(),
                Ok(target)
            );
        }
        for link in [
            "http://a.example/x",
            "file:///etc/passwd",
            "javascript:x",
            "//a@b/",
            "a b",
        ] {
            assert!(linked(&from, link).is_err(), "{link}");
        }
    }

    #[test]
    fn a_compressed_document_is_unpacked_within_the_limit() {
        let packed = |coding: Coding, plain: &[u8]| coding.encode(plain).unwrap();
        let gzip = packed(Coding::Gzip, b"openapi: 3.0.0");
        for (bytes, labeled) in [
            (gzip.clone(), None),
            (gzip.clone(), Some(Coding::Gzip)),
            (packed(Coding::Gzip, &gzip), Some(Coding::Gzip)),
            (packed(Coding::Zlib, b"openapi: 3.0.0"), Some(Coding::Zlib)),
            (b"openapi: 3.0.0".to_vec(), Some(Coding::Gzip)),
        ] {
            assert_eq!(unpacked(bytes, labeled, 100).unwrap(), b"openapi: 3.0.0");
        }
        for coding in [Coding::Gzip, Coding::Zlib] {
            let whole = packed(coding, b"openapi: 3.0.0");
            let cut = whole[..whole.len() / 2].to_vec();
            let found = unpacked(cut, Some(coding), 100);
            assert!(
                matches!(found, Err(FetchError::BrokenCompression)),
                "{coding:?}"
            );
        }
        let bomb = packed(Coding::Gzip, &vec![0; 1 << 20]);
        assert!(matches!(
            unpacked(bomb, None, 1000),
            Err(FetchError::TooLarge { bytes_max: 1000 })
        ));
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
