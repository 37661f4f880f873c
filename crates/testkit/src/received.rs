//! Reads HTTP/1.1 requests and keeps the spelling and order of their header fields, so that a test sees what
//! the gateway sent. Spaces around values, trailers, and the division into chunks are lost.

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// A request as an upstream received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The method, as spelled.
    pub method: String,
    /// The path and query, byte for byte.
    pub target: String,
    /// Names, as spelled, and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, without chunked framing.
    pub body: Vec<u8>,
    /// Whether the whole body arrived.
    pub complete: bool,
}

impl Received {
    /// Returns the first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(spelled, _)| spelled.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns how many times a header occurs, whatever the case of its name.
    pub fn header_count(&self, name: &str) -> usize {
        self.headers
            .iter()
            .filter(|(spelled, _)| spelled.eq_ignore_ascii_case(name))
            .count()
    }

    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the body as text. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the request as JSON, which is the default reply of an echo upstream.
    pub fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "target": self.target,
            "headers": self.headers,
            "body": self.text(),
        })
    }

    /// Reads the head of a request. Returns `None` if the connection ends first or the head is malformed.
    pub(crate) async fn read_head(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<Self> {
        let request_line = read_line(reader).await?;
        let words: Vec<&str> = request_line.split(' ').collect();
        let [method, target, "HTTP/1.1"] = words[..] else {
            return None;
        };
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = read_line(reader).await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
        }
        Some(Self {
            method,
            target,
            headers,
            body: Vec::new(),
            complete: false,
        })
    }

    /// Reads the body that the head announces and sets `complete`.
    pub(crate) async fn read_body(&mut self, reader: &mut (impl AsyncBufRead + Unpin)) {
        let chunked = self
            .header("transfer-encoding")
            .is_some_and(|value| value.ends_with("chunked"));
        self.complete = if chunked {
            self.read_chunks(reader).await.is_some()
        } else {
            // Without a length there is no body; with one that is not a number, nothing is complete.
            let length = self.header("content-length").unwrap_or("0").parse();
            match length {
                Ok(length) => read_exactly(reader, length, &mut self.body).await.is_some(),
                Err(_) => false,
            }
        };
    }

    async fn read_chunks(&mut self, reader: &mut (impl AsyncBufRead + Unpin)) -> Option<()> {
        loop {
            let line = read_line(reader).await?;
            let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
            if size == 0 {
                // Trailers end with an empty line, as a head does.
                while !read_line(reader).await?.is_empty() {}
                return Some(());
            }
            read_exactly(reader, size, &mut self.body).await?;
            if !read_line(reader).await?.is_empty() {
                return None;
            }
        }
    }
}

/// Reads a line without its end. Returns `None` if the connection ends first. Bytes that are not UTF-8 are
/// replaced.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).await.ok()?;
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(String::from_utf8_lossy(line).into_owned())
}

async fn read_exactly(
    reader: &mut (impl AsyncBufRead + Unpin),
    length: usize,
    into: &mut Vec<u8>,
) -> Option<()> {
    let expected = into.len() + length;
    let limit = u64::try_from(length).expect("a length fits in 64 bits");
    reader.take(limit).read_to_end(into).await.ok()?;
    (into.len() == expected).then_some(())
}
