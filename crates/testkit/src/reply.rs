//! The response of an [`EchoUpstream`](crate::EchoUpstream) to a request, and how it is sent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

/// Delays replies until the test opens it.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Creates a closed gate.
    #[expect(
        clippy::new_without_default,
        reason = "`Gate::default()` would not say that the gate is closed"
    )]
    pub fn new() -> Self {
        Self {
            open: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Lets through all replies that wait or arrive later.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn passed(&self) {
        let mut open = self.open.subscribe();
        // It cannot fail because this value owns the sender.
        let _ = open.wait_for(|open| *open).await;
    }
}

/// A response, and how it is sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    chunked: bool,
    delay: Duration,
    piece_delay: Duration,
    gate: Option<Gate>,
    cut_after: Option<usize>,
    silent: bool,
}

impl Reply {
    /// A response with an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            pieces: Vec::new(),
            chunked: false,
            delay: Duration::ZERO,
            piece_delay: Duration::ZERO,
            gate: None,
            cut_after: None,
            silent: false,
        }
    }

    /// 200 with a JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass json!({…})")]
    pub fn json(value: Value) -> Self {
        Self::status(200)
            .header("Content-Type", "application/json")
            .body(value.to_string())
    }

    /// 200 with a text body.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::status(200)
            .header("Content-Type", "text/plain")
            .body(text)
    }

    /// Server-sent events, one chunk each, with a pause between them.
    pub fn events(events: &[&str], pause: Duration) -> Self {
        let mut reply = Self::status(200).header("Content-Type", "text/event-stream");
        reply.pieces = events
            .iter()
            .map(|data| format!("data: {data}\n\n").into_bytes())
            .collect();
        reply.chunked().piece_delay(pause)
    }

    /// A redirect to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("Location", location)
    }

    /// Reads the request and never responds. The connection remains open.
    pub fn never() -> Self {
        Self {
            gate: Some(Gate::new()),
            ..Self::status(200)
        }
    }

    /// Reads the request and closes the connection without a byte.
    pub fn close() -> Self {
        Self {
            silent: true,
            ..Self::status(200)
        }
    }

    /// Adds a header line, even if the name is already present.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a piece to the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.pieces.push(body.into());
        self
    }

    /// Sends each piece of the body as a chunk, without a length.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Waits before the first byte.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits before each piece of the body except the first.
    pub fn piece_delay(mut self, delay: Duration) -> Self {
        self.piece_delay = delay;
        self
    }

    /// Waits before the first byte until the test opens the gate.
    pub fn after(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Closes the connection after this many bytes of the body. The head still announces all of them.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Sends the response. Returns whether the connection may be used again.
    pub(crate) async fn send(
        &self,
        writer: &mut (impl AsyncWrite + Unpin),
        with_body: bool,
    ) -> io::Result<bool> {
        tokio::time::sleep(self.delay).await;
        if let Some(gate) = &self.gate {
            gate.passed().await;
        }
        if self.silent {
            return Ok(false);
        }
        writer.write_all(self.head().as_bytes()).await?;
        writer.flush().await?;
        if !with_body {
            return Ok(true);
        }
        let mut left = self.cut_after.unwrap_or(usize::MAX);
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(self.piece_delay).await;
            }
            let shown = &piece[..piece.len().min(left)];
            left -= shown.len();
            if self.chunked {
                writer
                    .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                    .await?;
            }
            writer.write_all(shown).await?;
            if left == 0 {
                writer.flush().await?;
                return Ok(false);
            }
            if self.chunked {
                writer.write_all(b"\r\n").await?;
            }
            writer.flush().await?;
        }
        if self.chunked {
            writer.write_all(b"0\r\n\r\n").await?;
            writer.flush().await?;
        }
        Ok(true)
    }

    fn head(&self) -> String {
        let mut lines = vec![format!("HTTP/1.1 {} Reply", self.status)];
        lines.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let framed = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if self.chunked {
            lines.push("Transfer-Encoding: chunked".to_owned());
        } else if !framed && !matches!(self.status, 204 | 304) {
            let length: usize = self.pieces.iter().map(Vec::len).sum();
            lines.push(format!("Content-Length: {length}"));
        }
        lines.join("\r\n") + "\r\n\r\n"
    }
}
