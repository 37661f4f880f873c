//! Accepts connections up to the limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::{Handler, Lifecycle, Limits, connection, descriptors};

/// Pause after the process ran out of file descriptors, so that some can be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    let places = Arc::new(Semaphore::new(descriptors::connections_max()));
    for listener in listeners {
        let accepting = accept_all(listener, limits, lifecycle.clone(), Arc::clone(&places));
        lifecycle.spawn(accepting);
    }
    lifecycle.draining().await;
}

async fn accept_all<H: Handler>(
    listener: Listener<H>,
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
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!("cannot accept a connection: {error}");
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
