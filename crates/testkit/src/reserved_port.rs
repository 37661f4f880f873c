//! Ports on the loopback address that belong to one test while it runs.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The first port that is tried.
const FIRST: u16 = 20_000;

/// How many ports are tried. All of them are below the range that Linux uses for outgoing
/// connections (32768 and higher), so that no connection takes the port while a server restarts.
const COUNT: u16 = 12_000;

/// A port that no other test takes until this value is dropped. Nothing listens on it yet.
#[derive(Debug)]
pub struct ReservedPort {
    port: u16,
    _lock: File,
}

impl ReservedPort {
    /// Reserves a free port. Panics if there is none.
    pub fn take() -> Self {
        let folder = std::env::temp_dir().join("gaiterguard-test-ports");
        std::fs::create_dir_all(&folder).expect("a folder for port locks");
        // Processes start at different ports, some apart, so that they seldom try the same one.
        let start =
            u16::try_from(std::process::id() % u32::from(COUNT)).expect("it is below COUNT");
        for step in 0..COUNT {
            let port = FIRST + (start.wrapping_mul(7) % COUNT + step) % COUNT;
            let Ok(lock) = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(port.to_string()))
            else {
                continue;
            };
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Self { port, _lock: lock };
            }
        }
        panic!("no free port between {FIRST} and {}", FIRST + COUNT);
    }

    /// Returns the port's number.
    pub fn number(&self) -> u16 {
        self.port
    }

    /// Returns the port's address on the loopback interface.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// Listens on a free port of the loopback interface.
pub(crate) async fn listen() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    (listener, address)
}
