//! The byte stream under a connection: TCP, or TLS over it. It counts written bytes, so that "nothing
//! was sent" can be proven, and watches the heads of responses.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
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

pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream, the count of its written bytes, and what is known of the head that is arriving.
pub(crate) struct Wire {
    stream: Stream,
    written: WrittenBytes,
    watch: HeadWatch,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            written: WrittenBytes::default(),
            watch: HeadWatch::default(),
        }
    }

    pub(crate) fn written(&self) -> WrittenBytes {
        self.written.clone()
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
        self.watch.note(&buffer.filled()[before..]);
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
