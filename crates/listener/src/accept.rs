//! Accepts connections up to the limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Handler, Lifecycle, Limits, connection, descriptors};

/// Pause after the process ran out of file descriptors, so that some can be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Number of connections that no other listener can use up. A browser opens at most six to a host, so
/// this is enough for the operators of a dashboard on a port of its own.
const OWN_CONNECTIONS_MAX: usize = 64;

/// A bound port. Its handler is built afterwards, because it may need to know the addresses that
/// the process listens on.
#[derive(Debug)]
pub struct Socket {
    socket: TcpListener,
    address: SocketAddr,
}

impl Socket {
    /// Binds `host` and `port`. Port 0 binds any free port.
    pub async fn bind(host: &str, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((host, port)).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
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
}

/// Serves all listeners until the process drains. The lifecycle waits for connections that are
/// still open then.
pub async fn serve<H: Handler>(listeners: Vec<Listener<H>>, limits: Limits, lifecycle: &Lifecycle) {
    let places = Places::of_each(listeners.len(), descriptors::connections_max());
    for (listener, places) in listeners.into_iter().zip(places) {
        let accepting = accept_all(listener, limits, lifecycle.clone(), places);
        lifecycle.spawn(accepting);
    }
    lifecycle.draining().await;
}

/// The connections that one listener may accept.
struct Places {
    shared: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

impl Places {
    /// Returns the places of each listener: some of its own, and the rest shared by all.
    fn of_each(listeners: usize, connections_max: usize) -> Vec<Self> {
        let own = OWN_CONNECTIONS_MAX.min(connections_max / (2 * listeners.max(1)));
        let shared = Arc::new(Semaphore::new(connections_max - own * listeners));
        let places = || Self {
            shared: Arc::clone(&shared),
            own: Arc::new(Semaphore::new(own)),
        };
        std::iter::repeat_with(places).take(listeners).collect()
    }

    /// Waits for a place. Takes a shared one while any are left, and only then one of its own.
    async fn next(&self) -> OwnedSemaphorePermit {
        let place = tokio::select! {
            biased;
            place = Arc::clone(&self.shared).acquire_owned() => place,
            place = Arc::clone(&self.own).acquire_owned() => place,
        };
        place.expect("the semaphores are never closed")
    }
}

async fn accept_all<H: Handler>(
    listener: Listener<H>,
    limits: Limits,
    lifecycle: Lifecycle,
    places: Places,
) {
    loop {
        let next = async {
            let place = places.next().await;
            let (socket, peer) = accept(&listener.socket.socket).await;
            (place, socket, peer)
        };
        let (place, socket, peer) = tokio::select! {
            next = next => next,
            () = lifecycle.draining() => return,
        };
        // Small responses must not wait for the acknowledgement of earlier ones.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!("connection from {peer} closed before it was set up: {error}");
            continue;
        }
        let handler = listener.handler.clone();
        let connection = connection::serve(socket, peer, handler, limits, lifecycle.clone());
        lifecycle.spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

/// Returns the next connection. Errors of a single connection are ignored; after running out of
/// file descriptors, it pauses.
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
            let places = Places::of_each(2, connections_max);
            let taken = || places[0].next().now_or_never();
            let taken: Vec<_> = std::iter::from_fn(taken).collect();
            let left = || places[1].next().now_or_never();
            let left: Vec<_> = std::iter::from_fn(left).collect();
            assert!(left.len() >= 4, "{connections_max}");
            assert_eq!(taken.len() + left.len(), connections_max);
        }
    }
}
