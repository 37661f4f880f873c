//! The upstream that all systems stand before, and the plain pass-through that the gateway is
//! compared with: two binaries of this package, started as processes of their own.

use std::{net::SocketAddr, path::Path, process::Command};

use http::Method;
use serde_json::Value;

use crate::{BenchResult, http_client::ApiClient, process, process::Daemon};

/// The credential that the upstream asks for. Every system adds it; without it the upstream
/// answers 401, so a system that forgets it measures nothing.
pub const CREDENTIAL: &str = "bench-upstream-credential";

/// The path under which the upstream answers with [`ANSWER_BYTES`] of JSON.
pub const RESOURCE_PATH: &str = "/resource/1";

/// The path whose answer is the number of requests answered so far.
pub const COUNT_PATH: &str = "/stub/count";

/// The path whose answer is the number of questions that the model was asked so far.
pub const ASKED_PATH: &str = "/stub/asked";

/// `/stub/stream/N` answers N bytes, in pieces.
pub const STREAM_PATH: &str = "/stub/stream/";

/// The path whose answer is the number of bytes of the request's body.
pub const SINK_PATH: &str = "/stub/sink";

/// The length of the upstream's ordinary answer.
pub const ANSWER_BYTES: usize = 1024;

/// A running process and where it listens.
#[derive(Debug)]
pub struct Listening {
    /// The process.
    pub daemon: Daemon,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Starts the stub upstream, on one thread: it must not be what is measured.
pub fn start_stub(binaries: &Path, directory: &Path) -> BenchResult<Listening> {
    let address = process::free_address()?;
    let mut command = Command::new(binaries.join("stub"));
    command.arg("--listen").arg(address.to_string());
    listen("stub", command, address, directory)
}

/// Starts the minimal pass-through before `upstream`.
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

/// How many requests the stub has answered as an upstream.
pub async fn answered(stub: SocketAddr) -> BenchResult<u64> {
    count(stub, COUNT_PATH).await
}

/// How many questions the stub was asked as a model.
pub async fn asked(stub: SocketAddr) -> BenchResult<u64> {
    count(stub, ASKED_PATH).await
}

async fn count(stub: SocketAddr, path: &str) -> BenchResult<u64> {
    let mut client = ApiClient::connect(stub, None).await?;
    let answer = client.call(Method::GET, path, Value::Null).await?;
    answer
        .as_u64()
        .ok_or_else(|| "the stub's count is not a number".into())
}
