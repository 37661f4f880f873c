//! The byte stream under a connection: TCP, or TLS over it. It counts written bytes, so that "nothing
//! was sent" can be proven, and watches the heads of responses.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use crate::head_watch::HeadWatch;
use crate::tls::Protocol;

/// How many bytes a connection may have sent so far. Never less than the real number.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenBytes(Arc<AtomicU64>);

impl WrittenBytes {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// When bytes last arrived on a connection.
#[derive(Clone, Debug)]
pub(crate) struct LastRead {
    opened: Instant,
    /// In milliseconds after it was opened.
    read: Arc<AtomicU64>,
}

impl LastRead {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            read: Arc::default(),
        }
    }

    /// Returns when bytes last arrived, or when the connection was opened.
    pub(crate) fn get(&self) -> Instant {
        self.opened + Duration::from_millis(self.read.load(Ordering::Relaxed))
    }

    fn note(&self) {
        let milliseconds = self.opened.elapsed().as_millis();
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        self.read.store(milliseconds, Ordering::Relaxed);
    }
}

pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream, the count of its written bytes, the time of the last read, and what is known of the head that is arriving.
pub(crate) struct Wire {
    stream: Stream,
    written: WrittenBytes,
    last_read: LastRead,
    watch: HeadWatch,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            written: WrittenBytes::default(),
            last_read: LastRead::new(),
            watch: HeadWatch::default(),
        }
    }

    pub(crate) fn written(&self) -> WrittenBytes {
        self.written.clone()
    }

    pub(crate) fn last_read(&self) -> LastRead {
        self.last_read.clone()
    }

    /// Returns whether the other side has agreed to HTTP/1.1. Without TLS there is no agreement.
    pub(crate) fn agreed_to_http_1(&self) -> bool {
        match &self.stream {
            Stream::Plain(_) => false,
            Stream::Tls(stream) => Protocol::Http1.is_agreed(stream),
        }
    }

    pub(crate) fn watch(&self) -> HeadWatch {
        self.watch.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        let arrived = &buffer.filled()[before..];
        if !arrived.is_empty() {
            self.last_read.note();
        }
        self.watch.note(arrived);
        outcome
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self {
            stream, written, ..
        } = self.get_mut();
        match stream {
            Stream::Plain(stream) => {
                let outcome = Pin::new(stream).poll_write(context, bytes);
                if let Poll::Ready(Ok(count)) = outcome {
                    written.add(count);
                }
                outcome
            }
            Stream::Tls(stream) => {
                // A TLS session may send part of its input and then fail, so input counts as sent once it was
                // accepted.
                written.add(bytes.len());
                Pin::new(stream).poll_write(context, bytes)
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self {
            stream, written, ..
        } = self.get_mut();
        match stream {
            Stream::Plain(stream) => {
                let outcome = Pin::new(stream).poll_write_vectored(context, pieces);
                if let Poll::Ready(Ok(count)) = outcome {
                    written.add(count);
                }
                outcome
            }
            Stream::Tls(stream) => {
                written.add(pieces.iter().map(|piece| piece.len()).sum());
                Pin::new(stream).poll_write_vectored(context, pieces)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
