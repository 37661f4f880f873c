//! Notes an exchange while it passes.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use gaiterguard_history::BODY_BYTES_MAX;
use http::{HeaderMap, StatusCode};
use tokio_util::sync::CancellationToken;

use crate::exchange::{Described, Noted, beginning};
use crate::memory::Memory;

/// Notes one exchange of an agent.
#[derive(Debug)]
pub struct Observer {
    memory: Arc<Memory>,
    right: CancellationToken,
    noted: Noted,
    collected: BytesMut,
}

impl Observer {
    pub(crate) fn new(memory: Arc<Memory>, right: CancellationToken, noted: Noted) -> Self {
        Self {
            memory,
            right,
            noted,
            collected: BytesMut::new(),
        }
    }

    /// Notes the request body, if it was still arriving when the exchange began.
    pub fn sent(&mut self, body: Bytes) {
        self.noted.set_request_body(body);
    }

    /// Notes the head of the response.
    pub fn head(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.noted.status = status.as_u16();
        self.noted.response = Described::of(headers);
    }

    /// Notes a complete response.
    pub fn whole(mut self: Box<Self>, body: &Bytes) {
        if self.noted.response.is_text() {
            self.noted.body = beginning(body);
        }
        self.note();
    }

    /// Notes a piece of a response. Returns false once enough of it is noted.
    pub fn add(&mut self, piece: &Bytes) -> bool {
        let room = BODY_BYTES_MAX.saturating_sub(self.collected.len());
        if !self.noted.response.is_text() {
            return false;
        }
        self.collected
            .extend_from_slice(&piece[..piece.len().min(room)]);
        piece.len() < room
    }

    /// Notes the end of a response that came in pieces, or that there was none.
    pub fn end(mut self: Box<Self>) {
        self.noted.body = std::mem::take(&mut self.collected).freeze();
        self.note();
    }

    fn note(self) {
        // A revoked right has no history, which includes exchanges that were running.
        if !self.right.is_cancelled() {
            Memory::note(&self.memory, self.noted);
        }
    }
}
