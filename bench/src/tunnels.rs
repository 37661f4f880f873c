//! Measurements of the proxy port: requests in tunnels, the tunnels themselves, and what an idle one costs.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
    time,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, pem::PemObject as _},
    },
};

use crate::{
    BenchResult,
    extras::Bench,
    gateway::{Access, Gateway, Intercept},
    goals::{self, TunnelFigures},
    http_client::ApiClient,
    load::{self, Accounted, Load},
    process,
    sample::percentile,
    scenario,
    upstream::{self, Protocol, RESOURCE_PATH, STREAM_PATH},
    way::{HOST, Tunnel, Way},
};

/// Clients that open tunnels side by side.
const OPENING: usize = 16;
/// Tunnels that are open and idle.
const IDLE: usize = 1000;
/// Each is a connection on both sides; the bench has only a few files open in addition.
const IDLE_DESCRIPTORS: u64 = 4000;
/// Streams side by side on one connection.
const STREAMS: usize = 100;
/// How often so many are sent.
const STREAM_ROUNDS: usize = 30;
/// A response that is larger than all windows and buffers together.
const STALLED_BYTES: usize = 256 * 1024 * 1024;

impl Bench<'_> {
    /// Measures everything about tunnels with one gateway and an upstream that has TLS.
    pub async fn tunnels(&self, measure: Duration) -> BenchResult<TunnelFigures> {
        process::raise_descriptor_limit(IDLE_DESCRIPTORS)?;
        let binaries = self.binary.parent().ok_or("no folder of binaries")?;
        let (stub, certificate) =
            upstream::start_tls_stub(binaries, self.directory, HOST, Protocol::Http1)?;
        let mut settings = self.settings("tunnels")?;
        settings.upstream_ca_file = Some(certificate);
        settings.intercept = Some(Intercept {
            address: process::free_address()?,
            hosts: format!("{HOST}={}", stub.address.ip()),
        });
        let gateway = Gateway::start(&settings).await?;
        let port = stub.address.port();
        let base_url = format!("https://{HOST}:{port}");
        let access = gateway.set_up_at(&base_url).await?;
        let pid = gateway.daemon.pid();
        let way = |protocol| {
            way(
                &gateway,
                settings.intercept.as_ref(),
                port,
                &access,
                protocol,
            )
        };
        let (http_1, http_2) = (way(b"http/1.1").await?, way(b"h2").await?);

        let mut in_tunnel = scenario::plain_get(stub.address, false)?;
        let authority = http::HeaderValue::try_from(format!("{HOST}:{port}"))?;
        let plain = Arc::clone(&in_tunnel.request);
        in_tunnel.request = Arc::new(move |connection, number| {
            let mut request = plain(connection, number);
            let headers = request.headers_mut();
            headers.insert(http::header::HOST, authority.clone());
            request
        });
        in_tunnel.way = Some(Arc::clone(&http_1));
        in_tunnel.proxy_status = Some("forwarded");
        let at_door = scenario::door_get(gateway.address, &access.ruled_key, RESOURCE_PATH)?;
        let load = Load {
            connections: goals::CONNECTIONS,
            warm_up: Duration::from_millis(500),
            measure,
        };
        let accounted = Accounted {
            system: Some(pid),
            database: None,
        };
        let cpu = |target| {
            let run = thread::spawn(move || load::run(&target, load, accounted));
            let sample = run.join().map_err(|_| "the load panicked")??;
            let cpu = sample.cpu_per_request.ok_or("no processor time");
            BenchResult::Ok(cpu?)
        };
        let (in_tunnel, at_door) = (cpu(in_tunnel)?, cpu(at_door)?);
        let opened_per_second = open_and_close(&http_1, measure).await?;
        let (alone, beside_stalled) = streams(&http_2, port).await?;
        let before = process::resident_memory(pid)?;
        let _idle = open_idle(&http_1).await?;
        let after = process::resident_memory(pid)?;
        Ok(TunnelFigures {
            in_tunnel,
            at_door,
            opened_per_second,
            streams_alone: alone,
            streams_beside_stalled: beside_stalled,
            memory_per_idle: after.saturating_sub(before) / u64::try_from(IDLE)?,
        })
    }
}

/// Returns the way for an agent whose requests a rule allows, with this protocol inside.
async fn way(
    gateway: &Gateway,
    intercept: Option<&Intercept>,
    port: u16,
    access: &Access,
    protocol: &[u8],
) -> BenchResult<Arc<Way>> {
    let mut api = ApiClient::connect(gateway.address, None).await?;
    let pem = api.call(http::Method::GET, "/ca.pem", serde_json::Value::Null);
    let pem = pem.await?;
    let pem = pem.as_str().ok_or("the authority is not text")?.to_owned();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let credentials = format!("bench:{}", access.ruled_key);
    let credentials = STANDARD.encode(credentials);
    let intercept = intercept.ok_or("no proxy port")?;
    Ok(Arc::new(Way {
        proxy: intercept.address,
        connect: format!(
            "CONNECT {HOST}:{port} HTTP/1.1\r\nHost: {HOST}:{port}\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
        ),
        tls: TlsConnector::from(Arc::new(config)),
    }))
}

/// Opens and closes tunnels; returns how many a second.
async fn open_and_close(way: &Arc<Way>, measure: Duration) -> BenchResult<f64> {
    let mut clients = JoinSet::new();
    let began = Instant::now();
    for _ in 0..OPENING {
        let way = Arc::clone(way);
        clients.spawn(async move {
            let mut opened = 0;
            while began.elapsed() < measure {
                way.open().await?;
                opened += 1;
            }
            BenchResult::Ok(opened)
        });
    }
    let mut opened: usize = 0;
    while let Some(joined) = clients.join_next().await {
        opened += joined??;
    }
    Ok(load::count(opened) / began.elapsed().as_secs_f64())
}

/// Opens tunnels, and sends a request in each.
async fn open_idle(way: &Arc<Way>) -> BenchResult<Vec<Tunnel>> {
    let head = format!("GET {RESOURCE_PATH} HTTP/1.1\r\n");
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        let mut tunnel = way.open().await?;
        let host = way.connect.lines().nth(1).unwrap_or_default();
        let request = format!("{head}{host}\r\n\r\n");
        tunnel.write_all(request.as_bytes()).await?;
        let mut response = [0; 12];
        tunnel.read_exact(&mut response).await?;
        if &response != b"HTTP/1.1 200" {
            return Err(String::from_utf8_lossy(&response).into_owned().into());
        }
        idle.push(tunnel);
    }
    Ok(idle)
}

/// Returns the 99th percentile of the latency of a hundred streams on one connection: without others, and while the
/// client does not read one more response.
async fn streams(way: &Way, port: u16) -> BenchResult<(Duration, Duration)> {
    let tunnel = way.open().await?;
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(tunnel))
        .await?;
    tokio::spawn(async move { connection.await.ok() });
    let alone = waves(&sender, port).await?;
    let large = format!("{STREAM_PATH}{STALLED_BYTES}");
    let stalled = sender.clone().send_request(request(&large, port)?).await?;
    // The gateway fills the windows and its buffers.
    time::sleep(Duration::from_millis(200)).await;
    let beside = waves(&sender, port).await?;
    drop(stalled);
    Ok((alone, beside))
}

async fn waves(sender: &SendRequest<Full<Bytes>>, port: u16) -> BenchResult<Duration> {
    let mut latencies = Vec::with_capacity(STREAMS * STREAM_ROUNDS);
    for _ in 0..STREAM_ROUNDS {
        let mut wave = JoinSet::new();
        let began = Instant::now();
        for _ in 0..STREAMS {
            let (mut sender, request) = (sender.clone(), request(RESOURCE_PATH, port)?);
            wave.spawn(async move {
                let response = sender.send_request(request).await?;
                let status = response.status();
                response.into_body().collect().await?;
                if status != StatusCode::OK {
                    return Err(format!("a stream got {status}").into());
                }
                BenchResult::Ok(began.elapsed())
            });
        }
        while let Some(joined) = wave.join_next().await {
            latencies.push(u64::try_from(joined??.as_nanos())?);
        }
    }
    latencies.sort_unstable();
    Ok(Duration::from_nanos(percentile(&latencies, 99)))
}

fn request(path: &str, port: u16) -> BenchResult<Request<Full<Bytes>>> {
    let uri = format!("https://{HOST}:{port}{path}");
    Ok(Request::get(uri).body(Full::default())?)
}
