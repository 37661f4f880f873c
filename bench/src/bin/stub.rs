//! The stub upstream: responds as fast as hyper can, so that the system in front of it is measured.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use clap::Parser;
use futures_util::stream;
use gaiterguard_bench::{
    BenchResult,
    upstream::{ASKED_PATH, COUNT_PATH, CREDENTIAL, RESPONSE_BYTES, SINK_PATH, STREAM_PATH},
};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Body, Frame, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// A stub upstream for the bench; listens on the loopback.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Worker threads; one is enough for a hundred thousand responses per second.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The certificate, PEM, for TLS on all connections.
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long)]
    tls_key: Option<PathBuf>,
    /// Chooses HTTP/2 on connections with TLS whose client offers it.
    #[arg(long, requires = "tls_certificate")]
    http_2: bool,
    /// How long the chat completion takes: as long as a busy model's.
    #[arg(long, default_value_t = 300)]
    model_delay_ms: u64,
}

/// Its name in a TLS handshake.
const HTTP_2: &[u8] = b"h2";

/// The size of the pieces of a streamed response.
const PIECE: &[u8] = &[b'x'; 64 * 1024];

type StubResponse = Response<BoxBody<Bytes, Infallible>>;

struct Stub {
    responded: AtomicU64,
    asked: AtomicU64,
    model_delay: Duration,
}

fn main() -> BenchResult<()> {
    let arguments = Arguments::parse();
    let mut builder = if arguments.threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(arguments.threads);
        builder
    };
    builder.enable_all().build()?.block_on(serve(&arguments))
}

async fn serve(arguments: &Arguments) -> BenchResult<()> {
    let listener = TcpListener::bind(arguments.listen).await?;
    let tls = acceptor(arguments)?;
    let stub = Arc::new(Stub {
        responded: AtomicU64::new(0),
        asked: AtomicU64::new(0),
        model_delay: Duration::from_millis(arguments.model_delay_ms),
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (stub, tls) = (Arc::clone(&stub), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve_connection(stub, stream, false).await,
                Some(tls) => {
                    // A peer that disconnects early does not matter here.
                    if let Ok(stream) = tls.accept(stream).await {
                        let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
                        serve_connection(stub, stream, is_http_2).await;
                    }
                }
            }
        });
    }
}

fn acceptor(arguments: &Arguments) -> BenchResult<Option<TlsAcceptor>> {
    let (Some(certificate), Some(key)) = (&arguments.tls_certificate, &arguments.tls_key) else {
        return Ok(None);
    };
    let certificates = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_file(key)?)?;
    if arguments.http_2 {
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    }
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

async fn serve_connection(
    stub: Arc<Stub>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    is_http_2: bool,
) {
    let service = service_fn(move |request| {
        let stub = Arc::clone(&stub);
        async move { stub.response(request).await }
    });
    let stream = TokioIo::new(stream);
    let served = if is_http_2 {
        http2::Builder::new(TokioExecutor::new())
            .serve_connection(stream, service)
            .await
    } else {
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(stream, service)
            .await
    };
    // A peer that disconnects early does not matter here.
    served.ok();
}

impl Stub {
    async fn response(&self, request: Request<Incoming>) -> Result<StubResponse, hyper::Error> {
        let (head, body) = request.into_parts();
        let received = drain(body).await?;
        let path = head.uri.path();
        if path == COUNT_PATH {
            return Ok(json(
                self.responded.load(Ordering::Relaxed).to_string().into(),
            ));
        }
        if path == ASKED_PATH {
            return Ok(json(self.asked.load(Ordering::Relaxed).to_string().into()));
        }
        if path.ends_with("/chat/completions") {
            self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.model_delay).await;
            return Ok(json(Bytes::from_static(VERDICT.as_bytes())));
        }
        self.responded.fetch_add(1, Ordering::Relaxed);
        let authorization = head.headers.get(header::AUTHORIZATION).map(AsRef::as_ref);
        if authorization != Some(AUTHORIZATION.as_slice()) {
            return Ok(status(StatusCode::UNAUTHORIZED));
        }
        if path == SINK_PATH {
            return Ok(json(received.to_string().into()));
        }
        match path.strip_prefix(STREAM_PATH) {
            None => Ok(json(RESPONSE.clone())),
            Some(length) => Ok(match length.parse() {
                Ok(length) => pieces(length),
                Err(_) => status(StatusCode::BAD_REQUEST),
            }),
        }
    }
}

/// Reads a body to its end without keeping it; returns its length.
async fn drain(mut body: Incoming) -> Result<usize, hyper::Error> {
    let mut received = 0;
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        received += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(received)
}

static AUTHORIZATION: LazyLock<Vec<u8>> =
    LazyLock::new(|| format!("Bearer {CREDENTIAL}").into_bytes());

/// Exactly [`RESPONSE_BYTES`] of JSON.
static RESPONSE: LazyLock<Bytes> = LazyLock::new(|| {
    let start = r#"{"id":1,"object":"resource","data":""#;
    let end = r#""}"#;
    let filling = "x".repeat(RESPONSE_BYTES - start.len() - end.len());
    Bytes::from(format!("{start}{filling}{end}"))
});

/// The model's response to the gateway's question about risk.
const VERDICT: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"stub",
"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant",
"content":"{\"risk_score\":0.1,\"explanation\":\"harmless\",\"matched_rules\":[]}"}}],
"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

fn json(bytes: Bytes) -> StubResponse {
    let mut response = Response::new(Full::new(bytes).boxed());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

fn status(status: StatusCode) -> StubResponse {
    let mut response = Response::new(Full::new(Bytes::new()).boxed());
    *response.status_mut() = status;
    response
}

/// `length` bytes with their length announced.
fn pieces(length: usize) -> StubResponse {
    let lengths = (0..length)
        .step_by(PIECE.len())
        .map(move |at| PIECE.len().min(length - at));
    let frames = lengths.map(|bytes| Ok(Frame::data(Bytes::from_static(&PIECE[..bytes]))));
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed());
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length.into());
    response
}
