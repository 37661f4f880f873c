//! The minimum that a Rust gateway can be: hyper in front, hyper-util's client behind, one header
//! added. The gateway's cost above this is its own.

use std::net::SocketAddr;

use clap::Parser;
use gaiterguard_bench::{BenchError, BenchResult, upstream::CREDENTIAL};
use http::{HeaderValue, Request, Response, Uri, header, uri::Scheme};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::net::TcpListener;

/// A pass-through for the bench: forwards everything to one upstream with a credential added.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Where to forward to.
    #[arg(long)]
    upstream: SocketAddr,
    /// Worker threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// The limit on idle connections to the upstream: the most that the bench has in flight.
const IDLE_CONNECTIONS_MAX: usize = 256;

#[derive(Clone)]
struct PassThrough {
    client: Client<HttpConnector, Incoming>,
    upstream: http::uri::Authority,
    credential: HeaderValue,
}

fn main() -> BenchResult<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.threads)
        .enable_all()
        .build()?
        .block_on(serve(&arguments))
}

async fn serve(arguments: &Arguments) -> BenchResult<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .retry_canceled_requests(false)
        .build(connector);
    let through = PassThrough {
        client,
        upstream: arguments.upstream.to_string().parse()?,
        credential: HeaderValue::try_from(format!("Bearer {CREDENTIAL}"))?,
    };
    let listener = TcpListener::bind(arguments.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let through = through.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| through.clone().forward(request));
            // A peer that disconnects early does not matter here.
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

impl PassThrough {
    async fn forward(
        self,
        mut request: Request<Incoming>,
    ) -> Result<Response<Incoming>, BenchError> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.upstream);
        *request.uri_mut() = Uri::from_parts(parts)?;
        let headers = request.headers_mut();
        headers.remove(header::HOST);
        headers.remove(header::CONNECTION);
        headers.insert(header::AUTHORIZATION, self.credential);
        Ok(self.client.request(request).await?)
    }
}
