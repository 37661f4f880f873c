//! `--confine`: the program in a network of its own, in which it can reach the proxy and nothing else.
//!
//! Two processes take part. The first one, in the network of the machine, listens at a socket in the private folder
//! and passes connections on to the proxy. It starts the second one ([`inside`]), which creates the network and starts
//! the program. The program's connections to the loopback port [`PROXY_PORT`] take the way through both.

mod inside;
mod namespace;
mod unix_sockets;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

pub use inside::{ConfinedArguments, run};

/// Where the program finds the proxy, in its own network: the port that proxies commonly have.
pub(crate) const PROXY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 3128);

/// Returns the command that starts another one in a network of its own, from which `socket` leads to the proxy.
pub(crate) fn command(socket: &Path, command: &[OsString]) -> Vec<OsString> {
    let own = ["/proc/self/exe", "run-confined"].map(OsString::from);
    let socket = [socket.as_os_str().to_owned(), "--".into()];
    own.into_iter()
        .chain(socket)
        .chain(command.iter().cloned())
        .collect()
}
