//! Measurements that are not a rate at a number of connections: memory, start, streams, waits.
//! Each runs a gateway of its own on `SQLite`, so that none sees what another left behind.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time};

use crate::{
    BenchResult,
    gateway::{Access, Gateway, GatewaySettings},
    goals::{self, StreamFigures},
    http_client::ApiClient,
    load::{self, Accounted, Load, RequestMaker, Target},
    process,
    sample::median,
    scenario::{self, SERVICE},
    uploading,
    upstream::{self, RESOURCE_PATH, STREAM_PATH},
};

const AGENTS: usize = 10_000;
const AGENTS_CONNECTIONS: usize = 16;
/// The limit on creating agents, which is not measured; a slow machine continues with fewer agents.
const AGENTS_PATIENCE: Duration = Duration::from_secs(90);
const MANY_CONNECTIONS: usize = 256;
const STARTS: usize = 7;
const STREAM_BYTES: u64 = 1024 * 1024 * 1024;
const STREAM_TIMEOUT: Duration = Duration::from_mins(1);
/// How often a stream is repeated, by turns through the gateway and through nginx; the median counts.
const STREAM_ROUNDS: usize = 3;
const HELD_CALLS: usize = 5_000;
/// Each call is a connection on both sides; in addition the bench has only a few files open.
const HELD_DESCRIPTORS: u64 = 6_000;
const HELD_TIMEOUT: Duration = Duration::from_mins(2);
const MODEL_CONNECTIONS: usize = 64;

/// A folder to work in, the gateway's binary and the upstream behind it.
pub struct Bench<'a> {
    /// Everything the measurements write goes below it.
    pub directory: &'a Path,
    /// The gateway's binary.
    pub binary: &'a Path,
    /// The address of the stub that acts as the upstream.
    pub upstream: SocketAddr,
}

impl Bench<'_> {
    pub(crate) fn settings(&self, purpose: &str) -> BenchResult<GatewaySettings> {
        let data: PathBuf = self.directory.join(purpose);
        fs::create_dir_all(&data)?;
        Ok(GatewaySettings::on_sqlite(self.binary, data))
    }

    async fn start(&self, settings: &GatewaySettings) -> BenchResult<(Gateway, Access)> {
        let gateway = Gateway::start(settings).await?;
        let access = gateway.set_up(self.upstream).await?;
        Ok((gateway, access))
    }

    /// Sets up a gateway and stops it; returns the settings to start it again, and the keys of its agents.
    pub async fn prepare(&self, purpose: &str) -> BenchResult<(GatewaySettings, Access)> {
        let settings = self.settings(purpose)?;
        let (_gateway, access) = self.start(&settings).await?;
        Ok((settings, access))
    }

    /// Returns the median time from the start of the process to its first 200, with an existing database.
    pub async fn start_time(&self) -> BenchResult<Duration> {
        let (settings, _) = self.prepare("start").await?;
        let mut times = Vec::new();
        for _ in 0..STARTS {
            times.push(Gateway::start(&settings).await?.start_time.as_secs_f64());
        }
        Ok(Duration::from_secs_f64(median(times).unwrap_or_default()))
    }

    /// Returns the peak memory under load from 256 connections that use all agents in turn, and the
    /// number of agents. The gateway is restarted after they are created.
    pub async fn memory_with_agents(&self, measure: Duration) -> BenchResult<(u64, usize)> {
        let settings = self.settings("agents")?;
        let keys = {
            let (gateway, access) = self.start(&settings).await?;
            gateway
                .create_agents(&access, AGENTS, AGENTS_CONNECTIONS, AGENTS_PATIENCE)
                .await?
        };
        let gateway = Gateway::start(&settings).await?;
        let number = keys.len();
        let target = scenario::proxied_get(gateway.address, keys)?;
        let load = Load {
            connections: MANY_CONNECTIONS,
            warm_up: Duration::from_millis(300),
            measure,
        };
        let sample = in_thread(target, load)?;
        if sample.failed > 0 {
            return Err(format!("{} of the many agents' requests failed", sample.failed).into());
        }
        Ok((process::peak_memory(gateway.daemon.pid())?, number))
    }

    /// Returns the throughput of one large response through the gateway and through nginx.
    pub async fn stream(&self, nginx: SocketAddr) -> BenchResult<StreamFigures> {
        let (gateway, access) = self.start(&self.settings("stream")?).await?;
        let path = format!("{STREAM_PATH}{STREAM_BYTES}");
        let through_gateway = scenario::door_get(gateway.address, &access.ruled_key, &path)?;
        let mut through_nginx = scenario::plain_get(nginx, false)?;
        let plain = Arc::clone(&through_nginx.request);
        through_nginx.request = Arc::new(move |connection, number| {
            let mut request = plain(connection, number);
            *request.uri_mut() = path.parse().unwrap_or_default();
            request
        });
        let mut gateway_rates = Vec::new();
        let mut nginx_rates = Vec::new();
        for _ in 0..STREAM_ROUNDS {
            nginx_rates.push(receive(&through_nginx).await?);
            gateway_rates.push(receive(&through_gateway).await?);
        }
        Ok(StreamFigures {
            gateway_rate: median(gateway_rates).unwrap_or_default(),
            nginx_rate: median(nginx_rates).unwrap_or(f64::NAN),
            peak_memory: process::peak_memory(gateway.daemon.pid())?,
        })
    }

    /// Returns the throughput of one large request body through the gateway, where a rule decides by
    /// its head, and through nginx.
    pub async fn upload(&self, nginx: SocketAddr) -> BenchResult<StreamFigures> {
        let mut settings = self.settings("upload")?;
        settings.request_body_bytes_max = Some(STREAM_BYTES);
        let (gateway, access) = self.start(&settings).await?;
        let prefix = format!("/s/{SERVICE}");
        let key = Some(access.ruled_key.as_str());
        let mut gateway_rates = Vec::new();
        let mut nginx_rates = Vec::new();
        for _ in 0..STREAM_ROUNDS {
            nginx_rates.push(uploading::send(nginx, "", None, STREAM_BYTES).await?);
            let through = uploading::send(gateway.address, &prefix, key, STREAM_BYTES);
            gateway_rates.push(through.await?);
        }
        Ok(StreamFigures {
            gateway_rate: median(gateway_rates).unwrap_or_default(),
            nginx_rate: median(nginx_rates).unwrap_or(f64::NAN),
            peak_memory: process::peak_memory(gateway.daemon.pid())?,
        })
    }

    /// Returns the memory for each held call that waits for a human on an open connection.
    pub async fn memory_per_held_call(&self) -> BenchResult<u64> {
        process::raise_descriptor_limit(HELD_DESCRIPTORS)?;
        let (gateway, access) = self.start(&self.settings("held")?).await?;
        let pid = gateway.daemon.pid();
        // Warm up, so that shared state that the first calls create is not counted.
        let _first = hold(&gateway, &access, 50, 0).await?;
        let before = process::resident_memory(pid)?;
        let _more = hold(&gateway, &access, HELD_CALLS, 50).await?;
        let after = process::resident_memory(pid)?;
        Ok(after.saturating_sub(before) / u64::try_from(HELD_CALLS)?)
    }

    /// Returns the median latency of requests that rules decide, without other load and while as many
    /// requests as there are connections wait for a slow model.
    pub async fn saturated_model(&self, measure: Duration) -> BenchResult<(Duration, Duration)> {
        let mut settings = self.settings("model")?;
        settings.model_url = Some(format!("http://{}/v1", self.upstream));
        let (gateway, access) = self.start(&settings).await?;
        let target = scenario::proxied_get(gateway.address, vec![access.ruled_key.clone()])?;
        let load = Load {
            connections: goals::CONNECTIONS,
            warm_up: Duration::from_millis(500),
            measure,
        };
        let idle = in_thread(target.clone(), load)?;
        let undecided = undecided_put(gateway.address, &access.unruled_key)?;
        let noise = Load {
            connections: MODEL_CONNECTIONS,
            warm_up: Duration::ZERO,
            measure: load.warm_up + measure + Duration::from_millis(500),
        };
        // The model's verdict on these requests does not matter, only that they wait for it.
        let asked_before = upstream::asked(self.upstream).await?;
        let noise = thread::spawn(move || load::run(&undecided, noise, Accounted::default()));
        let saturated = in_thread(target, load)?;
        let noise = noise.join().map_err(|_| "the other load panicked")?;
        let asked = upstream::asked(self.upstream)
            .await?
            .saturating_sub(asked_before);
        if asked == 0 {
            return Err(format!("the model was never asked: {noise:?}").into());
        }
        Ok((idle.p50, saturated.p50))
    }

    /// Returns how many calls reach the upstream while a key is replayed.
    pub async fn upstream_calls_in_replay(&self) -> BenchResult<u64> {
        let (gateway, access) = self.start(&self.settings("replay")?).await?;
        let mut target = scenario::replayed_post(gateway.address, access.ruled_key, "count")?;
        target.proxy_status = Some("forwarded");
        load::send(&target, 4, 4).await?;
        target.proxy_status = Some("replayed");
        let before = upstream::request_count(self.upstream).await?;
        load::send(&target, 4, 100).await?;
        Ok(upstream::request_count(self.upstream).await? - before)
    }
}

/// The load brings its own runtime, which cannot be started inside this one.
fn in_thread(target: Target, load: Load) -> BenchResult<crate::sample::Sample> {
    let run = thread::spawn(move || load::run(&target, load, Accounted::default()));
    run.join().map_err(|_| "the load panicked")?
}

/// Reads one response to its end; returns bytes per second.
async fn receive(target: &Target) -> BenchResult<f64> {
    time::timeout(STREAM_TIMEOUT, async {
        let mut sender = load::connect(target.address).await?;
        let began = Instant::now();
        let response = sender.send_request((target.request)(0, 0)).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut received = 0_u64;
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                received += u64::try_from(data.len())?;
            }
        }
        if received != STREAM_BYTES {
            return Err(format!("{status} with {received} bytes instead of the stream").into());
        }
        let megabytes = f64::from(u32::try_from(received >> 20)?);
        Ok(megabytes * 1024.0 * 1024.0 / began.elapsed().as_secs_f64())
    })
    .await?
}

/// Sends `number` calls that need a human and wait for one; returns once all are held. They end
/// when the returned set is dropped.
async fn hold(
    gateway: &Gateway,
    access: &Access,
    number: usize,
    held_before: u64,
) -> BenchResult<JoinSet<()>> {
    let mut calls = JoinSet::new();
    for index in 0..number {
        let request = held_call(gateway.address, &access.watched_key, held_before, index)?;
        let mut sender = load::connect(gateway.address).await?;
        calls.spawn(async move {
            // It ends without a response, when the connection is dropped.
            sender.send_request(request).await.ok();
        });
    }
    let expected = held_before + u64::try_from(number)?;
    let mut api = ApiClient::connect(gateway.address, Some(access.token.clone())).await?;
    time::timeout(HELD_TIMEOUT, async {
        while pending_count(&mut api).await? < expected {
            if calls.try_join_next().is_some() {
                return Err("a call that should wait for a human got a response".into());
            }
            time::sleep(Duration::from_millis(200)).await;
        }
        BenchResult::Ok(())
    })
    .await??;
    Ok(calls)
}

/// Returns how many actions wait for a human, from all pages of their list.
async fn pending_count(api: &mut ApiClient) -> BenchResult<u64> {
    const LIST: &str = "/approvals?status=PENDING&limit=200";
    let mut count = 0;
    let mut page = api.call(Method::GET, LIST, Value::Null).await?;
    loop {
        count += u64::try_from(page["items"].as_array().map_or(0, Vec::len))?;
        let Some(cursor) = page["next_cursor"].as_str() else {
            return Ok(count);
        };
        let next = format!("{LIST}&cursor={cursor}");
        page = api.call(Method::GET, &next, Value::Null).await?;
    }
}

fn held_call(
    address: SocketAddr,
    agent_key: &str,
    held_before: u64,
    index: usize,
) -> BenchResult<Request<Full<Bytes>>> {
    let body = json!({
        "service": SERVICE, "method": "POST", "path": RESOURCE_PATH,
        "body": {"amount": 50_000, "currency": "usd"}, "wait": 300,
        "intent": "Charge customer $500 for the yearly plan",
    });
    Ok(Request::post("/proxy")
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header("agent-key", agent_key)
        .header("idempotency-key", format!("held-{held_before}-{index}"))
        .body(Full::new(Bytes::from(body.to_string())))?)
}

/// A request that no rule decides and that is different each time, so that the model is asked.
fn undecided_put(address: SocketAddr, agent_key: &str) -> BenchResult<Target> {
    let host = HeaderValue::try_from(address.to_string())?;
    let key = HeaderValue::try_from(agent_key)?;
    let sequence = AtomicU64::new(0);
    let request: Arc<RequestMaker> = Arc::new(move |_, _| {
        let number = sequence.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "service": SERVICE, "method": "PUT", "path": format!("/other/{number}"),
            "body": {"number": number}, "intent": format!("Set the other thing to {number}"),
        });
        let mut request = Request::new(Full::new(Bytes::from(body.to_string())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = http::Uri::from_static("/proxy");
        let headers = request.headers_mut();
        headers.insert(header::HOST, host.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert("agent-key", key.clone());
        request
    });
    Ok(Target {
        address,
        request,
        way: None,
        proxy_status: None,
    })
}
