//! The upstream behind all systems, and the minimal pass-through that the gateway is compared with:
//! two binaries of this package, started as separate processes.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use http::Method;
use serde_json::Value;

use crate::{BenchResult, http_client::ApiClient, process, process::Daemon};

/// The credential that the upstream requires. Every system adds it. Without it the upstream responds
/// with 401, so a system that forgets it measures nothing.
pub const CREDENTIAL: &str = "bench-upstream-credential";

/// The path under which the upstream responds with [`RESPONSE_BYTES`] of JSON.
pub const RESOURCE_PATH: &str = "/resource/1";

/// The path that returns the number of upstream requests so far.
pub const COUNT_PATH: &str = "/stub/count";

/// The path that returns the number of model requests so far.
pub const ASKED_PATH: &str = "/stub/asked";

/// `/stub/stream/N` returns N bytes, in pieces.
pub const STREAM_PATH: &str = "/stub/stream/";

/// The path that returns the length of the request's body.
pub const SINK_PATH: &str = "/stub/sink";

/// The length of the upstream's ordinary response.
pub const RESPONSE_BYTES: usize = 1024;

/// A running process and its address.
#[derive(Debug)]
pub struct Listening {
    /// The process.
    pub daemon: Daemon,
    /// The address it listens on.
    pub address: SocketAddr,
}

/// Starts the stub upstream. One thread is enough, because the upstream must not be the bottleneck.
pub fn start_stub(binaries: &Path, directory: &Path) -> BenchResult<Listening> {
    let address = process::free_address()?;
    let mut command = Command::new(binaries.join("stub"));
    command.arg("--listen").arg(address.to_string());
    listen("stub", command, address, directory)
}

/// The protocol that an upstream with TLS chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, if the client offers it.
    Http2,
}

/// Starts the stub upstream with TLS, under a new certificate for `host`. Returns it with the file of the
/// certificate.
pub fn start_tls_stub(
    binaries: &Path,
    directory: &Path,
    host: &str,
    protocol: Protocol,
) -> BenchResult<(Listening, PathBuf)> {
    let made = rcgen::generate_simple_self_signed([host.to_owned()])?;
    let name = match protocol {
        Protocol::Http1 => "tls-stub",
        Protocol::Http2 => "http-2-stub",
    };
    let (certificate, key) = (
        directory.join(format!("{name}.pem")),
        directory.join(format!("{name}-key.pem")),
    );
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let address = process::free_address()?;
    let mut command = Command::new(binaries.join("stub"));
    command.arg("--listen").arg(address.to_string());
    command.arg("--tls-certificate").arg(&certificate);
    command.arg("--tls-key").arg(&key);
    if protocol == Protocol::Http2 {
        command.arg("--http-2");
    }
    Ok((listen(name, command, address, directory)?, certificate))
}

/// Starts the minimal pass-through in front of `upstream`.
pub fn start_passthrough(
    binaries: &Path,
    directory: &Path,
    upstream: SocketAddr,
) -> BenchResult<Listening> {
    let address = process::free_address()?;
    let mut command = Command::new(binaries.join("passthrough"));
    command.arg("--listen").arg(address.to_string());
    command.arg("--upstream").arg(upstream.to_string());
    listen("passthrough", command, address, directory)
}

/// Starts `command` and waits until it listens; its output goes to `NAME.log` in `directory`.
pub fn listen(
    name: &str,
    command: Command,
    address: SocketAddr,
    directory: &Path,
) -> BenchResult<Listening> {
    let mut daemon = Daemon::spawn(name, command, &directory.join(format!("{name}.log")))?;
    daemon.wait_for_port(address)?;
    Ok(Listening { daemon, address })
}

/// Returns how many requests the stub has received as an upstream.
pub async fn request_count(stub: SocketAddr) -> BenchResult<u64> {
    count(stub, COUNT_PATH).await
}

/// Returns how many requests the stub has received as a model.
pub async fn asked(stub: SocketAddr) -> BenchResult<u64> {
    count(stub, ASKED_PATH).await
}

async fn count(stub: SocketAddr, path: &str) -> BenchResult<u64> {
    let mut client = ApiClient::connect(stub, None).await?;
    let response = client.call(Method::GET, path, Value::Null).await?;
    response
        .as_u64()
        .ok_or_else(|| "the stub's count is not a number".into())
}
