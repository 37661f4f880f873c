//! Accepts connections up to the limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_framing::Role;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{self, ConnectionSlot, Serving};
use crate::{Handler, Lifecycle, Limits, descriptors};

/// Pause after the process ran out of file descriptors, so that some can be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Number of connections that no other listener can use up. A browser opens at most six to a host,
/// so this is enough for the operators of a dashboard on a port of its own.
const OWN_CONNECTIONS_MAX: usize = 64;

/// A bound port. Its handler is built afterwards, because it may need to know the addresses that
/// the process listens on.
#[derive(Debug)]
pub struct Socket {
    listener: TcpListener,
    address: SocketAddr,
}

impl Socket {
    /// Binds `host` and `port`. Port 0 binds any free port.
    pub async fn bind(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((host, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A bound port and its handler.
#[derive(Debug)]
pub struct Listener<H> {
    pub socket: Socket,
    pub handler: H,
    /// Whether the handler also gets CONNECT requests, and opens tunnels.
    pub is_proxy: bool,
}

/// Serves all listeners until the process drains. The lifecycle waits for connections that are
/// still open then.
pub async fn serve<H: Handler>(listeners: Vec<Listener<H>>, limits: Limits, lifecycle: &Lifecycle) {
    let slots = Slots::of_each(listeners.len(), descriptors::connections_max());
    for (listener, slots) in listeners.into_iter().zip(slots) {
        let accepting = accept_all(listener, limits, lifecycle.clone(), slots);
        lifecycle.spawn(accepting);
    }
    lifecycle.draining().await;
}

/// The connections that one listener may accept, one permit for each.
struct Slots {
    shared: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

impl Slots {
    /// Returns the slots of each listener: some of its own, and the rest shared by all.
    fn of_each(listeners: usize, connections_max: usize) -> Vec<Self> {
        let own = OWN_CONNECTIONS_MAX.min(connections_max / (2 * listeners.max(1)));
        let shared = Arc::new(Semaphore::new(connections_max - own * listeners));
        let slots = || Self {
            shared: Arc::clone(&shared),
            own: Arc::new(Semaphore::new(own)),
        };
        std::iter::repeat_with(slots).take(listeners).collect()
    }

    /// Waits for a slot. Takes a shared one while any are left, and only then one of its own.
    async fn next(&self) -> OwnedSemaphorePermit {
        let slot = tokio::select! {
            biased;
            slot = Arc::clone(&self.shared).acquire_owned() => slot,
            slot = Arc::clone(&self.own).acquire_owned() => slot,
        };
        slot.expect("the semaphores are never closed")
    }
}

async fn accept_all<H: Handler>(
    listener: Listener<H>,
    limits: Limits,
    lifecycle: Lifecycle,
    slots: Slots,
) {
    loop {
        let next = async {
            let slot = slots.next().await;
            let (socket, peer) = accept(&listener.socket.listener).await;
            (slot, socket, peer)
        };
        let (slot, socket, peer) = tokio::select! {
            next = next => next,
            () = lifecycle.draining() => return,
        };
        // Small responses must not wait for the acknowledgement of earlier ones.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!("connection from {peer} closed before it was set up: {error}");
            continue;
        }
        let serving = Serving {
            handler: listener.handler.clone(),
            role: if listener.is_proxy {
                Role::Proxy
            } else {
                Role::Origin
            },
            limits,
            lifecycle: lifecycle.clone(),
            slot: Some(ConnectionSlot::new(slot)),
        };
        lifecycle.spawn(connection::serve(socket, peer, serving));
    }
}

/// Returns the next connection. Ignores errors of a single connection. Pauses after any other
/// error, such as running out of file descriptors.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut has_failed = false;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Logged once until a connection is accepted, because it may last.
                if !has_failed {
                    tracing::error!("cannot accept a connection: {error}");
                }
                has_failed = true;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn the_clients_of_one_port_cannot_use_up_the_connections_of_another() {
        for connections_max in [16, 448, 16_384] {
            let slots = Slots::of_each(2, connections_max);
            let taken = || slots[0].next().now_or_never();
            let taken: Vec<_> = std::iter::from_fn(taken).collect();
            let left = || slots[1].next().now_or_never();
            let left: Vec<_> = std::iter::from_fn(left).collect();
            assert!(left.len() >= 4, "{connections_max}");
            assert_eq!(taken.len() + left.len(), connections_max);
        }
    }
}
