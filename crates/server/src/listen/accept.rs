//! Taking connections, as many as there is room for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Limits;
use super::{connection, descriptors};
use crate::lifecycle::Lifecycle;
use crate::middleware::Boundary;

/// How long accepting rests when the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound port. What is served on it is built afterwards, because it has to know the addresses that
/// the gateway itself listens on.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: TcpListener,
    address: SocketAddr,
}

impl Socket {
    /// Binds `host` and `port`. Port 0 takes any free one.
    pub(crate) async fn bind(host: &str, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((host, port)).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A bound port and what is served on it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: Socket,
    pub(crate) boundary: Boundary,
}

/// Serves all listeners until the gateway drains. Connections that are open then are the
/// lifecycle's to wait for.
pub(crate) async fn serve(listeners: Vec<Listener>, limits: Limits, lifecycle: &Lifecycle) {
    let places = Arc::new(Semaphore::new(descriptors::connections_max()));
    for listener in listeners {
        let accepting = accept_all(listener, limits, lifecycle.clone(), Arc::clone(&places));
        lifecycle.spawn(accepting);
    }
    lifecycle.draining().await;
}

async fn accept_all(
    listener: Listener,
    limits: Limits,
    lifecycle: Lifecycle,
    places: Arc<Semaphore>,
) {
    loop {
        let next = async {
            let place = Arc::clone(&places)
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            let (socket, peer) = accept(&listener.socket.socket).await;
            (place, socket, peer)
        };
        let (place, socket, peer) = tokio::select! {
            next = next => next,
            () = lifecycle.draining() => return,
        };
        // Small answers must not wait for the acknowledgement of earlier ones.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!("a connection from {peer} was gone at once: {error}");
            continue;
        }
        let boundary = listener.boundary.clone();
        let connection = connection::serve(socket, peer, boundary, limits, lifecycle.clone());
        lifecycle.spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

/// The next connection. Errors of a single one are passed over; when the system has no more
/// descriptors, a pause lets some come free.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!("no connection can be accepted: {error}");
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
