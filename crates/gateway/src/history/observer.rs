//! Notes an exchange while it passes.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::BODY_BYTES_MAX;
use http::{HeaderMap, Method, StatusCode};
use tokio_util::sync::CancellationToken;

use super::exchange::{Described, Noted, beginning};
use super::memory::Memory;
use super::{Histories, Place, seconds};
use crate::Gateway;

/// Notes one exchange, for the agent that it passes to.
#[derive(Debug)]
pub(crate) struct Observer {
    memory: Arc<Memory>,
    cut: CancellationToken,
    noted: Noted,
    collected: BytesMut,
}

impl Gateway {
    /// Starts to note a request that is sent; `None` where nothing is kept of it.
    pub(crate) fn observe(
        &self,
        place: Place,
        request: &CanonicalRequest,
        is_approved: bool,
        cut: &CancellationToken,
    ) -> Option<Box<Observer>> {
        let now = self.clock.now();
        self.histories
            .observe(place, request, is_approved, cut, now)
    }
}

impl Histories {
    pub(super) fn observe(
        &self,
        place: Place,
        request: &CanonicalRequest,
        is_approved: bool,
        cut: &CancellationToken,
        now: Timestamp,
    ) -> Option<Box<Observer>> {
        if matches!(request.method, Method::HEAD | Method::OPTIONS) {
            return None;
        }
        let memory = self.memory(place, cut)?;
        if request.is_web_socket() {
            memory.note_unread(seconds(now));
            return None;
        }
        let noted = Noted::of(request, is_approved, seconds(now));
        Some(Box::new(Observer {
            memory,
            cut: cut.clone(),
            noted,
            collected: BytesMut::new(),
        }))
    }
}

impl Observer {
    /// Notes the body that was sent, of a request whose own was still arriving.
    pub(crate) fn sent(&mut self, body: Bytes) {
        self.noted.set_request_body(body);
    }

    /// Notes the head of the response.
    pub(crate) fn head(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.noted.status = status.as_u16();
        self.noted.response = Described::of(headers);
    }

    /// Notes a response that is whole.
    pub(crate) fn whole(mut self: Box<Self>, body: &Bytes) {
        if self.noted.response.is_text() {
            self.noted.body = beginning(body);
        }
        self.note();
    }

    /// Notes a piece of a response; false once there is enough of it.
    pub(crate) fn add(&mut self, piece: &Bytes) -> bool {
        let room = BODY_BYTES_MAX.saturating_sub(self.collected.len());
        if !self.noted.response.is_text() {
            return false;
        }
        self.collected
            .extend_from_slice(&piece[..piece.len().min(room)]);
        piece.len() < room
    }

    /// Notes the end of a response that came in pieces, or that there was none.
    pub(crate) fn end(mut self: Box<Self>) {
        self.noted.body = std::mem::take(&mut self.collected).freeze();
        self.note();
    }

    fn note(self) {
        // What is kept of a right goes with it, and so does what was under way.
        if !self.cut.is_cancelled() {
            Memory::note(&self.memory, self.noted);
        }
    }
}
