//! The load: a closed loop over raw HTTP/1 connections. Each connection sends a request and reads the
//! whole response before it sends again, so the number of connections is the number in flight.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time,
};

use crate::{
    BenchError, BenchResult, process,
    sample::{Sample, percentile},
    way::Way,
};

/// Returns request number `.1` of connection `.0`.
pub type RequestMaker = dyn Fn(usize, u64) -> Request<Full<Bytes>> + Send + Sync;

/// A target, the requests for it, and the expected responses.
#[derive(Clone)]
pub struct Target {
    /// The address to connect to.
    pub address: SocketAddr,
    /// The requests.
    pub request: Arc<RequestMaker>,
    /// The tunnel to it through a proxy port, if any.
    pub way: Option<Arc<Way>>,
    /// The `X-Proxy-Status` that a response must carry, if any; its status must be 200.
    pub proxy_status: Option<&'static str>,
}

impl Target {
    /// Opens a connection that requests can be sent on.
    pub async fn connect(&self) -> BenchResult<SendRequest<Full<Bytes>>> {
        match &self.way {
            Some(way) => handshake(way.open().await?).await,
            None => connect(self.address).await,
        }
    }
}

/// The amount and duration of load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections, each with one request in flight.
    pub connections: usize,
    /// Time before counting starts.
    pub warm_up: Duration,
    /// Time that is counted.
    pub measure: Duration,
}

/// The processes whose processor time is measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accounted {
    /// The measured system.
    pub system: Option<u32>,
    /// The database server behind it.
    pub database: Option<u32>,
}

const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// A connection that fails this often ends the run, because there is nothing to measure.
const BROKEN_CONNECTIONS_MAX: u64 = 20;
/// How long after the end a response may still arrive.
const STRAGGLER_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Tally {
    latencies_ns: Vec<u64>,
    failed: u64,
    first_failure: Option<String>,
}

/// Runs `load` on `target` in a separate thread and reports the results.
pub fn run(target: &Target, load: Load, accounted: Accounted) -> BenchResult<Sample> {
    // One thread, because the driver must leave the cores to the measured system.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(drive(target, load, accounted))
}

async fn drive(target: &Target, load: Load, accounted: Accounted) -> BenchResult<Sample> {
    let phase = Arc::new(AtomicU8::new(WARMING_UP));
    let mut connections = JoinSet::new();
    for index in 0..load.connections {
        connections.spawn(run_connection(target.clone(), index, Arc::clone(&phase)));
    }
    time::sleep(load.warm_up).await;

    let system_before = accounted.system.map(process::cpu_time).transpose()?;
    let database_before = accounted.database.map(process::cpu_time).transpose()?;
    let began = Instant::now();
    phase.store(MEASURING, Ordering::Relaxed);
    time::sleep(load.measure).await;
    phase.store(OVER, Ordering::Relaxed);
    let elapsed = began.elapsed();
    let system_after = accounted.system.map(process::cpu_time).transpose()?;
    let database_after = accounted.database.map(process::cpu_time).transpose()?;

    let mut tally = Tally::default();
    time::timeout(STRAGGLER_TIMEOUT, async {
        while let Some(joined) = connections.join_next().await {
            let part = joined??;
            tally.latencies_ns.extend(part.latencies_ns);
            tally.failed += part.failed;
            tally.first_failure = tally.first_failure.take().or(part.first_failure);
        }
        Ok::<_, BenchError>(())
    })
    .await
    .map_err(|_| "a response did not arrive after the end of the load")??;

    tally.latencies_ns.sort_unstable();
    let responded = tally.latencies_ns.len();
    if responded == 0 {
        let failure = tally
            .first_failure
            .unwrap_or_else(|| "no response".to_owned());
        return Err(failure.into());
    }
    let each = |before: Option<Duration>, after: Option<Duration>| {
        let used = after?.saturating_sub(before?);
        Some(used.div_f64(count(responded)))
    };
    Ok(Sample {
        requests_per_second: count(responded) / elapsed.as_secs_f64(),
        p50: Duration::from_nanos(percentile(&tally.latencies_ns, 50)),
        p99: Duration::from_nanos(percentile(&tally.latencies_ns, 99)),
        cpu_per_request: each(system_before, system_after),
        database_cpu_per_request: each(database_before, database_after),
        failed: tally.failed,
    })
}

/// Sends `requests` over `connections` connections; anything unexpected is an error.
pub async fn send(target: &Target, connections: usize, requests: usize) -> BenchResult<()> {
    let mut senders = JoinSet::new();
    for index in 0..connections {
        let target = target.clone();
        let share = (index..requests).step_by(connections).count();
        senders.spawn(async move {
            let mut sender = target.connect().await?;
            for number in 0..share {
                let request = (target.request)(index, u64::try_from(number)?);
                if let Some(unexpected) =
                    exchange(&mut sender, request, target.proxy_status).await?
                {
                    return Err(BenchError::from(unexpected));
                }
            }
            Ok(())
        });
    }
    while let Some(joined) = senders.join_next().await {
        joined??;
    }
    Ok(())
}

/// A count as a number to divide by.
pub fn count(items: usize) -> f64 {
    f64::from(u32::try_from(items).unwrap_or(u32::MAX))
}

async fn run_connection(target: Target, index: usize, phase: Arc<AtomicU8>) -> BenchResult<Tally> {
    let mut tally = Tally::default();
    let mut sender = target.connect().await?;
    let mut number = 0;
    let mut broken = 0;
    while phase.load(Ordering::Relaxed) != OVER {
        let request = (target.request)(index, number);
        number += 1;
        let began = Instant::now();
        match exchange(&mut sender, request, target.proxy_status).await {
            Ok(None) if phase.load(Ordering::Relaxed) == MEASURING => {
                let latency = began.elapsed().as_nanos();
                tally
                    .latencies_ns
                    .push(u64::try_from(latency).unwrap_or(u64::MAX));
            }
            Ok(None) => {}
            Ok(Some(unexpected)) => {
                // Warming up may make the response the expected one, such as a key's first use.
                tally.failed += u64::from(phase.load(Ordering::Relaxed) == MEASURING);
                tally.first_failure.get_or_insert(unexpected);
            }
            Err(error) => {
                broken += 1;
                tally.failed += 1;
                if broken > BROKEN_CONNECTIONS_MAX {
                    return Err(error);
                }
                sender = target.connect().await?;
            }
        }
    }
    Ok(tally)
}

/// A connection that requests can be sent on.
pub async fn connect(address: SocketAddr) -> BenchResult<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    handshake(stream).await
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> BenchResult<SendRequest<Full<Bytes>>> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // An error of the connection shows in the request that was on it.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

/// Sends one request and reads its response to the end; returns `Some` if it is unexpected.
async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    proxy_status: Option<&'static str>,
) -> BenchResult<Option<String>> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let named = response.headers().get("x-proxy-status").cloned();
    let expected = status == StatusCode::OK
        && proxy_status.is_none_or(|name| named.as_ref().is_some_and(|value| value == name));
    let mut body = response.into_body();
    if expected {
        while let Some(frame) = body.frame().await {
            frame?;
        }
        return Ok(None);
    }
    let bytes = body.collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
    Ok(Some(format!(
        "unexpected response {status}, X-Proxy-Status {named:?}: {text}"
    )))
}
